# %% [markdown]
# # Leading in a game of many steps
#
# Followers that act in every step reply to the whole rule. Where the states can be listed, their reply is computed
# exactly, and so is the best rule.
#
# ## The prisoner's dilemma, ten times

# %%
from firstmover import design, solve
from firstmover.followers import BestResponse
from firstmover.games import BulletTrade, IteratedMatrix

dilemma = IteratedMatrix("prisoners_dilemma")
print(solve(dilemma).value)
made = design(dilemma, followers=BestResponse(), seeds=3)
print(made.rule.text)
made

# %% [markdown]
# Who leads by copying what the other did last is followed into cooperation, until the last step: the follower counts.
#
# ## Bullets for sale
#
# Two players have a shooting game each; one finds bullets at random moments and may sell them. What a bullet is worth
# follows from the best play of a wave, which is computed by dynamic programming.

# %%
game = BulletTrade()
print("a wave is worth", game.screen.best_shots.worth[0, game.screen.middle], "by the column of its first target")
for leads in ("seller", "buyer"):
    for ties in ("strong", "weak"):
        answer = solve(BulletTrade(leads), ties=ties)
        print(leads, "leads, ties", ties, "->", round(answer.value, 6), answer.rule[0]["do"])

# %% [markdown]
# Under ties for the leader the price stands exactly where the other player is indifferent. One step of the grid away
# from it the sale is safe.
#
# What the screen shows: the target, the bullet in the gun and the ship, one plane each.

# %%
planes = game.screen.planes(age=0, ship=1, bullet=2, first=2)
for plane, name in zip(planes, ("target", "bullet", "ship"), strict=True):
    print(name)
    print(plane.astype(int))
