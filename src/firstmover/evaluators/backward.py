"""What a rule leaves the followers of a game with a table of states, and what play is worth in it.

Functions of arrays, exact and differentiable, that can be compiled and vmapped over leaders: the followers' replies
(`followers.planning`) and the evaluation of play rest on them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.plays import Play
from firstmover.equilibria.markov import MarkovGame
from firstmover.spaces import mixture

# The leader's action, or the weights of its actions, at each of its observations.
Answers = Int[Array, "observations"] | Float[Array, "observations actions"]


class Induced(NamedTuple):
    """The game that a rule leaves the followers: K branches where the leader mixes or chance does, else one.

    Attributes:
        paid: what is paid in expectation to everybody, the leader first, for each joint action.
        following: the state that follows.
        weights: how likely each branch is.
    """

    paid: Float[Array, "players S B"]
    following: Int[Array, "K S B"]
    weights: Float[Array, "K S"]


def expected_payoffs(table: MarkovGame, answers: Answers, play: Play) -> Float[Array, "players"]:
    """Expected total payoffs, the leader's first, where followers draw from these tables independently.

    Exact and differentiable, in the game's units.
    """
    induced = induced_by(table, answers)

    def before(ahead: Float[Array, "players S"], time: Int[Array, ""]) -> tuple[Float[Array, "players S"], None]:
        joint = jnp.ones((len(table.start), 1))
        for own, obs in zip(play.tables_at(time), table.follower_obs, strict=True):
            joint = (joint[:, :, None] * own[obs][:, None]).reshape(len(joint), -1)
        return (with_later(table, induced, ahead) * joint).sum(axis=-1), None

    start = jnp.zeros(induced.paid.shape[:2])
    values, _ = jax.lax.scan(before, start, jnp.arange(table.horizon, dtype=jnp.int32), reverse=True)
    return values @ jnp.asarray(table.start, float)


def induced_by(table: MarkovGame, answers: Answers) -> Induced:
    """What the leader's rule leaves."""
    follows, likely = table.branches
    rewards, following = jnp.asarray(table.rewards, float), jnp.asarray(follows, jnp.int32)
    chance = jnp.asarray(likely, float)
    decided = answers[table.leader_obs]
    if answers.ndim > 1:
        weights = mixture(decided)
        by_branch, both = jnp.moveaxis(following, 2, 1), chance[:, None] * weights.T
        flat = by_branch.reshape(-1, *by_branch.shape[2:]), both.reshape(-1, both.shape[2])
        return Induced(jnp.einsum("sa,psab->psb", weights, rewards), *flat)
    states = np.arange(len(table.start))
    return Induced(rewards[:, states, decided], following[:, states, decided], chance)


def with_later(table: MarkovGame, induced: Induced, ahead: Float[Array, "players S"]) -> Float[Array, "players S B"]:
    """What each joint action pays now and later, if these are the values of what follows."""
    later = jnp.einsum("ks,pksb->psb", induced.weights, ahead[:, induced.following])
    return induced.paid + table.discount * later
