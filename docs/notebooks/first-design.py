# %% [markdown]
# # A first design, and what it rests on
#
# One item of three is to be given to a participant who wants one of them, and who may send one of two messages. A rule
# says which item is given for which message. This notebook learns one, reads its certificate, and tries it on
# participants who are otherwise than was thought.

# %%
import firstmover

design = firstmover.design("simple-allocation", game_parameters={"messages": 2}, seeds=5)
design

# %% [markdown]
# The rule in words, and what participants do under it. With two messages, two of three wishes can be told apart.

# %%
print(design.rule.text)
print(design.as_json()["play_text"])

# %% [markdown]
# The best that any rule can do is known here, from an exact method, not from the learner.

# %%
print(f"learned {design.value:.6f}, exact optimum {design.solution.value:.6f}")
print(design.solution.method)

# %% [markdown]
# The certificate is computed apart from the learner. Nobody gains by another message, and the value is the same in
# every equilibrium of the game that the rule leaves to the participants.

# %%
certificate = design.certificate
print("largest gain by another action:", certificate["epsilon"]["max"])
for over, (least, greatest) in certificate["leader_value_bounds"].items():
    print(f"value over every {over}: {least:.6f} to {greatest:.6f}")

# %% [markdown]
# ## Other participants
#
# The rule was learnt with participants who learn by multiplicative weights. What is it worth if they reply at once, or
# with mistakes?

# %%
from firstmover.followers import BestResponse, Logit, MultiplicativeWeights

for followers in (MultiplicativeWeights(), BestResponse(), BestResponse(ties="weak"), Logit()):
    value = firstmover.design("simple-allocation", game_parameters={"messages": 2}, followers=followers, seeds=2).value
    print(f"{followers!r:30} {value:.4f}")
