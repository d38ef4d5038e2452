# %% [markdown]
# # A market of your own
#
# A seller offers two versions of a product to a buyer who is casual or keen. The market is one class: who there is,
# what they do, what the seller decides, and one payoff function.

# %%
import jax.numpy as jnp

from firstmover import Box, Discrete, Market, design


class Shop(Market):
    """A seller of two versions of a product, and a buyer who is casual or keen."""

    def __init__(self, keen: float = 0.4, cost: float = 1.0):
        self.cost = cost
        super().__init__(
            types=Discrete(["casual", "keen"], "buyer"),
            prior=[1 - keen, keen],
            acts=Discrete(["nothing", "basic", "full"], "buys"),
            decides=Box(["basic price", "full price"], 0.0, 10.0),
        )

    def payoff(self, buyer, buys, prices):
        worth = jnp.array([[0.0, 4.0, 5.0], [0.0, 5.0, 9.0]])[buyer, buys]
        paid = jnp.concatenate([jnp.zeros(1), prices])[buys]
        cost = jnp.array([0.0, 0.0, self.cost])[buys]
        return paid - cost, worth - paid


made = design(Shop(keen=0.5), seeds=3)
print(made.rule.text)
print(made.as_json()["play_text"])
made

# %% [markdown]
# The best prices are 4 and 8, worth 4 (1 - k) + 7 k if a share k is keen: dearer, and a buyer turns to the other
# version or to none. If nearly all buyers are keen, it pays to sell the full version alone, at 9.

# %%
for keen in (0.2, 0.5, 0.9):
    learned = design(Shop(keen=keen), seeds=2, optimum=False)
    by_hand = max(4 * (1 - keen) + 7 * keen, 8 * keen)
    print(f"keen {keen}: learned {learned.value:.3f}, by hand {by_hand:.3f}  {learned.rule.text}")

# %% [markdown]
# The certificate says what the rule guarantees: prices that stand exactly on a tie would lose the sale if the buyer
# chose otherwise, so the learned prices keep away from it.

# %%
print("no buyer gains more than", made.certificate["epsilon"]["max"])
print("value over every equilibrium:", made.certificate["leader_value_bounds"])
