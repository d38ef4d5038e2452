"""The checks of a game of a crowd: the shapes of what a member faces, its chances, and what it is paid."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.games.base import Game
from firstmover.games.mean_field import MeanFieldGame, of_crowd

_DECISIONS = 4


def _declarations(game: Game) -> None:
    own, name = of_crowd(game), type(game).__name__
    for what in ("states", "moves"):
        if not hasattr(getattr(own, what, None), "labels"):
            raise InputError(f"{what} of {name} must be a space, such as Discrete(3).")
    if own.periods is None and not 0 <= own.discount < 1:
        raise InputError(f"{name} goes on for ever, so its discount must be below 1; got {own.discount}.")
    if own.periods is not None and own.periods < 1:
        raise InputError(f"periods of {name} must be at least 1, or None; got {own.periods}.")
    if not 0 <= own.temperature < np.inf:
        raise InputError(f"temperature of {name} must be a number of at least 0; got {own.temperature}.")
    start = np.asarray(own.start)
    if start.shape != (own.states.n,) or start.min() < 0 or abs(start.sum() - 1) > 1e-9:
        raise InputError(f"start of {name} must have a share for each of {own.states.n} states, which sum to 1.")
    for low, high in (game.leader_payoff_range, *game.follower_payoff_ranges):
        if not low <= high or not np.isfinite(high - low):
            raise InputError(f"a payoff range of {name} must go from a finite number up to one; got {(low, high)}.")


def _shapes(game: Game) -> None:
    own, name = of_crowd(game), type(game).__name__
    mu = jnp.full(own.flow_shape, 1 / np.prod(own.flow_shape))
    member = jax.eval_shape(own.crowd, mu, own.leader_space.idle())
    if member.rewards.shape != own.flow_shape:
        raise InputError(
            f"crowd of {name} must return rewards of shape {own.flow_shape} (states, moves, ways); got "
            f"{member.rewards.shape}."
        )
    for what in ("successors", "chances"):
        shape = getattr(member, what).shape
        if len(shape) != 3 or shape[:2] != own.flow_shape[:2]:
            raise InputError(f"crowd of {name} must return {what} [{own.states.n}, {own.moves.n}, n]; got {shape}.")
    paid = jax.eval_shape(own.payoff, mu, own.leader_space.idle())
    if paid.shape != ():
        raise InputError(f"payoff of {name} must return a number; got an array of shape {paid.shape}.")


def _payments(game: Game) -> None:
    """At a few decisions."""
    for decision in np.asarray(game.leader_space.spread(_DECISIONS))[:_DECISIONS]:
        judge_of(game).check(decision[None])
    _successors(of_crowd(game))


def _successors(game: MeanFieldGame) -> None:
    mu = jnp.full(game.flow_shape, 1 / np.prod(game.flow_shape))
    successors = np.asarray(jax.jit(lambda: game.crowd(mu, game.leader_space.idle()).successors)())
    if successors.min() < 0 or successors.max() >= game.states.n:
        raise InputError(f"successors of {type(game).__name__} must be states from 0 to {game.states.n - 1}.")


CROWD_CHECKS: list[tuple[str, Callable[[Game], None]]] = [
    ("declarations", _declarations),
    ("shapes", _shapes),
    ("payments", _payments),
]
