"""A compiled lower bound on what a rule is worth in its worst equilibrium, for learners that design for it.

The least value of the leader over `anf_cce` (see `equilibria.polytopes`) is a linear program over profiles f of type ->
action maps. Every vector of multipliers of its no-deviation constraints, one per (follower, type, action), gives a
lower bound:

    least value >= min over f of  V(f) - sum_k multiplier_k slack_k(f)                        for all multipliers >= 0

The bound is raised by some steps of gradient ascent on a smoothed minimum, and evaluated without smoothing. The
minimum needs no list of all profiles: for fixed maps of all followers but one, that one's best map is found type by
type. The linear program itself (`value_bounds`) has the last word on a finished rule.
"""

import itertools
import math
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.adam import Adam, Moments
from firstmover.core.batching import batch_last, short_sum
from firstmover.core.rollout import Outcome
from firstmover.equilibria.polytopes import MAX_VARIABLES
from firstmover.errors import InputError
from firstmover.evaluators.forms import all_profiles, type_masks
from firstmover.games.base import Game

_RATE = 0.3
_ADAM = Adam(b1=0.8, b2=0.95, eps=1e-6)
_SMOOTHING = (0.05, 0.002)  # first and last temperature of the minimum, as a share of the leader's payoff range


def check_worst_case(game: Game) -> None:
    """Refuse games whose worst case is not bounded here.

    Raises:
        InputError: the induced game cannot be listed, or the program that has the last word would be too large.
    """
    all_profiles(game)
    maps, most = _n_maps(game), MAX_VARIABLES["anf_cce"]
    if maps > most:
        raise InputError(
            f"target=worst rests on a program over all maps; {game.name} has {maps:.3g} profiles of maps, more than "
            f"{most}; use target=learned."
        )


def worst_value_bound(game: Game, outcome: Outcome, *, steps: int = 60) -> Float[Array, ""]:
    """A lower bound on the leader's value over `anf_cce` of the induced game, in the game's units.

    Args:
        game: one that `check_worst_case` accepts.
        outcome: of `all_profiles(game)`.
        steps: of gradient ascent; more steps give a tighter bound.
    """
    support, _ = game.types.profiles
    shape = (len(support), *game.n_actions)
    low, high = game.leader_payoff_range
    spread = (high - low) or 1.0
    value = (outcome.leader.reshape(shape) - low) / spread
    utilities = outcome.followers.T.reshape(-1, *shape) / game.follower_payoff_scale
    return low + spread * batch_last(_ascent(game, steps))(value, utilities)


_Ascent: TypeAlias = tuple[list[Array], Moments, Array]  # multipliers, what Adam remembers, the best bound


def _ascent(game: Game, steps: int) -> Callable[[Array, Array], Array]:
    """The bound from scaled payoffs [P, *actions, B] and [n, P, *actions, B], as a kernel whose batch comes last."""
    support, probs = game.types.profiles
    with jax.ensure_compile_time_eval():
        masks = [np.asarray(mask)[..., None] for mask in type_masks(game)]
    selections = _selections(game)

    def kernel(value: Float[Array, "P *actions B"], utilities: Float[Array, "n P *actions B"]) -> Float[Array, "B"]:
        weights = jnp.asarray(probs, value.dtype).reshape(-1, *[1] * (value.ndim - 1))

        def cost(multipliers: list[Array]) -> Array:
            """Value less multiplied slacks, weighted by the types' probabilities, [P, others' actions, A_last, B]."""
            total = value
            for i, mine in enumerate(multipliers):
                rows = jnp.where(masks[i], mine, 0)[support[:, i]]  # [P, A_i, B]
                rows = rows.reshape(*(k if j in (0, i + 1, value.ndim - 1) else 1 for j, k in enumerate(value.shape)))
                held = short_sum(rows, i + 1)
                deviating = short_sum(rows * utilities[i], i + 1)
                slack = jnp.expand_dims(held, i + 1) * utilities[i] - jnp.expand_dims(deviating, i + 1)
                total = total - slack
            return (total * weights).reshape(len(support), -1, *value.shape[-2:])

        def least(multipliers: list[Array], smoothing: Array | None) -> Array:
            total, costs = jnp.zeros(()), cost(multipliers)
            for t, (rows, selection) in enumerate(selections):
                part = costs[rows]
                part = part.reshape(-1, part.shape[-2] * part.shape[-1])
                chosen = (jnp.asarray(selection, part.dtype) @ part).reshape(len(selection), *value.shape[-2:])
                total = total + _minimum(jnp.where(masks[-1][t], chosen, jnp.inf), 1, smoothing)
            return _minimum(total, 0, smoothing)

        def step(carry: _Ascent, k: Array) -> tuple[_Ascent, None]:
            """Adam, projected on multipliers that are not negative, with a rate that falls to zero."""
            multipliers, moments, best = carry
            progress = k / steps
            smoothing = _SMOOTHING[0] * (_SMOOTHING[1] / _SMOOTHING[0]) ** progress
            gradient = jax.grad(lambda x: least(x, smoothing).sum())(multipliers)
            ascent, moments = _ADAM.update(gradient, moments)
            rate = _RATE * (1 - progress)
            multipliers = [jnp.maximum(x + rate * up, 0) for x, up in zip(multipliers, ascent, strict=True)]
            return (multipliers, moments, jnp.maximum(best, least(multipliers, None))), None

        zeros = [jnp.zeros((*mask.shape[:2], value.shape[-1]), value.dtype) for mask in masks]
        (_, _, best), _ = jax.lax.scan(step, (zeros, _ADAM.init(zeros), least(zeros, None)), jnp.arange(steps))
        return best

    return kernel


def _minimum(array: Array, axis: int, smoothing: Array | None) -> Array:
    """The minimum over an axis, or a smooth function a little below it."""
    if smoothing is None:
        return array.min(axis)
    return -smoothing * jax.nn.logsumexp(-array / smoothing, axis=axis)


def _n_maps(game: Game) -> float:
    return math.prod(float(a) ** t for a, t in zip(game.n_actions, game.n_types, strict=True))


def _selections(game: Game) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each type of the last follower: where it occurs, and what the others may do there.

    The type profiles it occurs in, and for every profile of the others' maps which of (type profile, others' actions)
    is played, 1 or 0, [maps, profiles * others' actions].
    """
    support, _ = game.types.profiles
    others = game.n_followers - 1
    with jax.ensure_compile_time_eval():
        masks = [np.asarray(mask) for mask in type_masks(game)[:-1]]
    pairs = [(i, t) for i in range(others) for t in range(game.n_types[i])]
    choices = [np.flatnonzero(masks[i][t]) for i, t in pairs]
    profiles = list(itertools.product(*choices))  # of no others there is one: the empty one
    maps = np.array(profiles, int).reshape(len(profiles), len(pairs))
    position = {pair: k for k, pair in enumerate(pairs)}
    played = np.zeros((len(maps), len(support)), int)  # the others' joint action, by its number
    for i in range(others):
        own = maps[:, [position[i, t] for t in support[:, i].tolist()]]
        played = played * game.n_actions[i] + own
    selections = []
    for t in range(game.n_types[-1]):
        rows = np.flatnonzero(support[:, -1] == t)
        one_hot = np.eye(math.prod(game.n_actions[:-1]))[played[:, rows]]
        selections.append((rows, one_hot.reshape(len(maps), -1)))
    return selections
