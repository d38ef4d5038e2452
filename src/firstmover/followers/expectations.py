"""What actions pay against mixed strategies, in the listed game that a commitment induces.

Conventions: `P` type profiles of positive probability, in the order of `game.types.profiles`. Every array has a
trailing batch axis `B`, and short sums are written out, see `batching.py`. `rows` are the followers' strategies at
every type profile, one array [P, actions, B] for each.
"""

import functools

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.batching import short_average, short_sum
from firstmover.core.rollout import Outcome
from firstmover.evaluators.forms import type_masks
from firstmover.games.base import Game


def listed_payoffs(game: Game, outcome: Outcome, scales: tuple[float, ...]) -> Float[Array, "players P *actions"]:
    """What every follower is paid in units of its scale, then the leader in its own, from the query `all_profiles`."""
    payoffs = jnp.concatenate([outcome.followers / jnp.asarray(scales, float), outcome.leader[:, None]], axis=1).T
    return payoffs.reshape(len(payoffs), -1, *game.n_actions)


def at_profiles(game: Game, strategies: list[Float[Array, "_types _actions B"]]) -> list[Float[Array, "P _actions B"]]:
    """The rows of these strategies."""
    support, _ = game.types.profiles
    return [table[support[:, i]] for i, table in enumerate(strategies)]


def joint_of(rows: list[Float[Array, "P _actions B"]]) -> Float[Array, "P profiles B"]:
    """Joint probabilities of independent choices; the last follower's action varies fastest."""

    def outer(joint: Array, row: Array) -> Array:
        return (joint[:, :, None] * row[:, None]).reshape(joint.shape[0], -1, joint.shape[-1])

    return functools.reduce(outer, rows)


def expected(
    game: Game, payoffs: Float[Array, "P *actions B"], rows: list[Float[Array, "P _actions B"]], i_follower: int
) -> Float[Array, "types own_actions B"]:
    """Expected payoff of each action of each type of one follower, against the others' mixed strategies."""
    for j in reversed(range(len(rows))):
        if j != i_follower:
            shape = [1] * payoffs.ndim
            shape[0], shape[j + 1], shape[-1] = rows[j].shape
            payoffs = jnp.expand_dims(short_sum(payoffs * rows[j].reshape(shape), j + 1), j + 1)
    utilities = payoffs.reshape(payoffs.shape[0], -1, payoffs.shape[-1])
    return short_average(_conditional(game, i_follower), utilities)


def largest_regret(
    game: Game, payoffs: Float[Array, "players P *actions B"], joint: Float[Array, "P profiles B"]
) -> Float[Array, "B"]:
    """The most that some type of some follower could gain by one possible action in place of the joint play."""
    joint = joint.reshape(payoffs.shape[1:])
    action_axes = range(1, joint.ndim - 1)
    worst = jnp.zeros(joint.shape[-1])
    for i, mask in enumerate(type_masks(game)):
        others = tuple(axis for axis in action_axes if axis != i + 1)
        deviating = (payoffs[i] * joint.sum(i + 1, keepdims=True)).sum(others)
        playing = (payoffs[i] * joint).sum(tuple(action_axes))
        gains = short_average(_conditional(game, i), deviating - playing[:, None])
        worst = jnp.maximum(worst, jnp.where(mask[..., None], gains, 0).max((0, 1)))
    return worst


def _conditional(game: Game, i_follower: int) -> np.ndarray:
    """P(type profile | own type), shape [types, P]; zero rows for types that never occur."""
    support, probs = game.types.profiles
    joint = (support[:, i_follower] == np.arange(game.n_types[i_follower])[:, None]) * probs
    total = joint.sum(axis=1, keepdims=True)
    return joint / np.where(total > 0, total, 1)
