"""Crowds: what the leader earns from a flow, what a member still gains, and by how much the flow is no fixed point.

A member's gain is exact: its best reply to the others by policy iteration (backwards, over so many periods), less what
it is worth to do as its state does. Equilibria are not bounded: from several starts a search comes to fixed points, and
nothing says that there are no others. So a value is "best known", never an optimum.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.crowd_play import of_crowd_play
from firstmover.core.plays import Play
from firstmover.core.rollout import Position
from firstmover.equilibria.crowds import Crowd
from firstmover.errors import InputError
from firstmover.evaluators.base import Evaluator, Judge, Judged, Listing, Regrets, Value
from firstmover.evaluators.status import EXACT, Status
from firstmover.evaluators.view import View
from firstmover.games.mean_field import MeanFieldGame
from firstmover.solvers.mean_field import fixed_points

_SAME = 1e-6  # share of the leader's payoff range by which fixed points are told apart
_MASS = 1e-9  # share of the crowd below which a state is empty


class Gains(NamedTuple):
    """What a flow leaves open; payoffs of all periods, or of one where the crowd goes on for ever.

    Attributes:
        gains: what a member would gain by its best reply to the others, by the state in which it begins.
        masses: the share of the crowd in each state at the beginning.
        residual: the share of the crowd that does otherwise than its own choices say, once the others are as they are.
    """

    gains: Float[np.ndarray, "S"]
    masses: Float[np.ndarray, "S"]
    residual: float


@functools.lru_cache(maxsize=16)
def _gains(game: MeanFieldGame) -> Callable[[Array, Array, Array], tuple[Array, Array, Array]]:
    """A compiled function of decision, flow and policy: see `Gains`."""

    def gained(decision: Array, flow: Array, policy: Array) -> tuple[Array, Array, Array]:
        crowd: Crowd = game.under(decision)
        x = crowd.felt(flow)
        faced = crowd.faced(x)
        own = crowd.worth(faced, policy)
        best = crowd.best_reply(x, own).values
        scale = 1.0 if crowd.periods is not None else 1 - crowd.discount
        residual = jnp.abs(crowd.moved(faced, policy) - flow).sum((1, 2, 3)).max() / 2
        return scale * (best - own), flow[0].sum((1, 2)), residual

    return jax.jit(gained)


@functools.lru_cache(maxsize=16)
def _sums(game: MeanFieldGame) -> Callable[[Array, Array], tuple[Array, Array, Array | None]]:
    """A compiled function of decision and flow: what the leader earns, members are paid, and they pay to the leader."""

    def summed(decision: Array, flow: Array) -> tuple[Array, Array, Array | None]:
        money = jax.vmap(lambda mu: game.transfers(mu, decision))(flow)
        paid = jax.vmap(lambda mu: game.paid(mu, decision))(flow).sum()
        return game.leader_earns(flow, decision), paid, None if money is None else money.sum()

    return jax.jit(summed)


@functools.lru_cache(maxsize=16)
def _faced(game: MeanFieldGame) -> Callable[[Array], tuple[Array, Array]]:
    """A compiled function of a decision: what members are paid where a search starts, and where they go."""

    def faced(decision: Array) -> tuple[Array, Array]:
        member = game.under(decision).faced(game.starts(decision)[0])
        return member.rewards, member.chances

    return jax.jit(faced)


def gains_of(game: MeanFieldGame, actions: np.ndarray, play: Play) -> Gains:
    """What a play leaves open under a rule, in 64 bit."""
    with jax.enable_x64(True):
        flow, policy = (jnp.asarray(part, float) for part in (of_crowd_play(play).flow, of_crowd_play(play).policy))
        gains, masses, residual = _gains(game)(_decision(game, actions), flow, policy)
        return Gains(np.maximum(np.asarray(gains), 0.0), np.asarray(masses), float(residual))


def _decision(game: MeanFieldGame, actions: np.ndarray) -> Array:
    return game.crowd_decision(jnp.asarray(game.played(np.asarray(actions, np.float64))))


@dataclass(frozen=True)
class Flow(Evaluator, Judge):
    """What is known of a crowd.

    Attributes:
        game: what is played.
    """

    game: MeanFieldGame

    @property
    def status(self) -> Status:
        return EXACT

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        decision = self.game.crowd_decision(view.answers(jnp.asarray(self.game.observations())))
        everywhere = jnp.ones(self.game.n_observations, bool)
        return Value(self.game.leader_earns(of_crowd_play(play).flow, decision), everywhere, 0)

    def check(self, actions: np.ndarray) -> None:
        """Refuse payments that are not finite, or chances that are none, where the crowd starts."""
        with jax.enable_x64(True):
            rewards, chances = map(np.asarray, _faced(self.game)(_decision(self.game, actions)))
        if not np.all(np.isfinite(rewards)):
            raise InputError(
                f"{self.game.name} pays members what is not a finite number; use IMPOSSIBLE for no choice."
            )
        if np.any(chances < -1e-12) or not np.allclose(chances.sum(-1), 1, atol=1e-9):
            raise InputError(f"the chances of {self.game.name} must be at least 0 and sum to 1 for every move.")

    def measured(self, actions: np.ndarray, play: Play) -> float:
        return self._sums(actions, play)[0]

    def _sums(self, actions: np.ndarray, play: Play) -> tuple[float, float, float | None]:
        """What the leader earns, what members are paid, and what they pay to the leader."""
        with jax.enable_x64(True):
            flow = jnp.asarray(of_crowd_play(play).flow, float)
            earned, paid, money = _sums(self.game)(_decision(self.game, actions), flow)
            return float(earned), float(paid), None if money is None else float(money)

    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        found = gains_of(self.game, actions, play)
        return float(found.gains[found.masses > _MASS].max())

    def least(self, actions: np.ndarray) -> float:
        raise InputError(self._unbounded)

    def listing(self, actions: np.ndarray) -> Listing:
        raise InputError(f"{self.game.name} has a crowd, whose play cannot be listed, so no proof is given.")

    @property
    def _unbounded(self) -> str:
        return f"the value over the equilibria of {self.game.name} is not known: a crowd's are searched, not bounded."

    def known(self, actions: np.ndarray) -> Float[np.ndarray, "starts"]:
        """What the leader earns at the fixed points that the game's starts lead to."""
        with jax.enable_x64(True):
            return np.asarray(fixed_points(self.game)(_decision(self.game, actions))[1], np.float64)

    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """Value, gains and residual in float64, and the fixed points from all starts beside them."""
        game = self.game
        value, paid, revenue = self._sums(actions, play)
        found, earned = gains_of(game, actions, play), self.known(actions)
        low, high = game.leader_payoff_range
        distinct = np.unique(np.round(earned / (_SAME * ((high - low) or 1.0))))
        gains = [float(g) if m > _MASS else None for g, m in zip(found.gains, found.masses, strict=True)]
        searched = (
            f"from {len(earned)} starts the crowd comes to {len(distinct)} fixed point(s), worth {earned.min():.9g} to "
            f"{earned.max():.9g}; others are not excluded"
        )
        return Judged(
            value=value,
            welfare=paid + (revenue or 0.0),
            revenue=revenue,
            epsilon=Regrets(
                [gains],
                max(g for g in gains if g is not None),
                {"mean": float(found.gains @ found.masses), "residual": found.residual},
            ),
            leader_value_bounds=None,
            leader_value_bounds_at_epsilon=None,
            bounds_epsilon=None,
            reason=f"{unproved[:-1]}; {searched}",
            exact=True,
            confidence=None,
            sizes={"states": game.states.n, "choices": game.moves.n * game.ways, "starts": len(earned)},
            tolerance=1e-7,
            status={"value": EXACT, "epsilon": EXACT, "bounds": Status("unknown", searched)},
        )

    def best(self, actions: np.ndarray) -> tuple[float, str]:
        return float(self.known(actions).max()), "the best fixed point that a search came to"
