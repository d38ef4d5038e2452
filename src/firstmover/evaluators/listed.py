"""Games whose (type, action) profiles can be listed: everything is known, up to rounding.

A finished rule's game is listed in float64. Values and regrets are sums over it; the leader's value over an equilibrium
set is a linear program (`equilibria.polytopes`).
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Outcome, Position
from firstmover.equilibria import EquilibriumSet, FiniteGame, n_variables, regrets, value_bounds
from firstmover.errors import NO_NUMBER, InputError
from firstmover.evaluators.base import Evaluator, Interval, Judge, Judged, Listing, Regrets, Value
from firstmover.evaluators.induced import check_induced, induced_game, induced_transfers, play_distribution, value_of
from firstmover.evaluators.status import EXACT, Status
from firstmover.evaluators.view import View, decisions_in, unvisited
from firstmover.evaluators.worst_case import worst_value_bound

SETS: tuple[EquilibriumSet, ...] = ("bcce", "anf_cce")


class Listed(Evaluator, Judge):
    """Lists every profile of the game that a rule induces."""

    @property
    def status(self) -> Status:
        return EXACT

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        nowhere = unvisited(self.game)
        # What the followers had listed before was stepped, and counted, for them.
        decisions = 0 if view.has_listed else decisions_in(view.listed, nowhere)[1]
        return Value(self._reward(view.listed, play), nowhere, decisions)

    def _reward(self, listed: Outcome, play: Play) -> Float[Array, ""]:
        _, probs = self.game.types.profiles
        joint = play.joint(self.game)
        return jnp.sum(jnp.asarray(probs, joint.dtype)[:, None] * joint * listed.leader.reshape(joint.shape))

    def check(self, actions: np.ndarray) -> None:
        check_induced(self.game, actions)

    def measured(self, actions: np.ndarray, play: Play) -> float:
        return value_of(induced_game(self.game, actions), play_distribution(self.game, play))

    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        finite = induced_game(self.game, actions)
        return max(0.0, *regrets(finite, play_distribution(self.game, play)).values())

    def by_type(self, actions: np.ndarray, play: Play) -> list[Float[np.ndarray, "types"]]:
        finite = induced_game(self.game, actions)
        joint = play_distribution(self.game, play)
        earned = []
        for i, (paid, n) in enumerate(zip(finite.followers, self.game.n_types, strict=True)):
            expected = finite.probs * (joint * paid).reshape(len(joint), -1).sum(axis=1)
            own = finite.support[:, i]
            chance = np.bincount(own, finite.probs, n)
            with np.errstate(invalid="ignore"):
                earned.append(np.where(chance > 0, np.bincount(own, expected, n) / chance, np.nan))
        return earned

    def least(self, actions: np.ndarray) -> float:
        return value_bounds(induced_game(self.game, actions), "anf_cce")[0]

    def listing(self, actions: np.ndarray) -> Listing:
        return Listing(induced_game(self.game, actions), induced_transfers(self.game, actions))

    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """Everything in float64 by enumeration and linear programs, as far as the sets are small enough."""
        finite, transfers = self.listing(actions)
        joint = play_distribution(self.game, play)
        gains = regrets(finite, joint)
        most = max(0.0, *gains.values())
        at = most if epsilon is None else epsilon
        bounds, why = bounds_over_sets(finite, 0.0)
        revenue = None if transfers is None else value_of(finite, joint, transfers)
        return Judged(
            value=value_of(finite, joint),
            welfare=sum(value_of(finite, joint, own) for own in finite.followers) + (revenue or 0.0),
            revenue=revenue,
            epsilon=Regrets([[gains.get((i, t)) for t in range(n)] for i, n in enumerate(self.game.n_types)], most),
            leader_value_bounds=bounds,
            leader_value_bounds_at_epsilon=bounds_over_sets(finite, at)[0],
            bounds_epsilon=at,
            reason="; ".join([unproved, *([] if why is None else [why])]),
            exact=True,
            confidence=None,
            sizes=sizes_of(finite),
            tolerance=1e-7,
            status={"value": EXACT, "epsilon": EXACT, "bounds": Status("unknown", why) if bounds is None else EXACT},
        )

    def best(self, actions: np.ndarray) -> tuple[float, str]:
        bounds, reason = bounds_over_sets(induced_game(self.game, actions), 0.0)
        if bounds is None:
            raise InputError(reason or "no set could be bounded")
        over = list(bounds)[-1]
        return bounds[over][1], f"the best {over}"


class WorstCase(Listed):
    """Rewards with a lower bound on the value over all coarse correlated equilibria (see `worst_case`)."""

    @property
    def status(self) -> Status:
        return Status("bounded", "a lower bound on the value over equilibria, by steps of gradient ascent")

    def _reward(self, listed: Outcome, play: Play) -> Float[Array, ""]:
        return worst_value_bound(self.game, listed)


def sizes_of(finite: FiniteGame) -> dict[str, int | float]:
    """How large a listed game, and the program over each set, is."""
    return {
        "type_profiles": len(finite.support),
        "action_profiles": int(np.prod(finite.n_actions)),
        **{f"{which}_variables": n_variables(finite, which) for which in SETS},
    }


def sets_of(finite: FiniteGame) -> tuple[EquilibriumSet, ...]:
    """The sets that differ: without private types all are one."""
    return SETS if finite.has_types else ("bcce",)


def bounds_over_sets(finite: FiniteGame, epsilon: float) -> tuple[dict[str, Interval] | None, str | None]:
    """The intervals of all sets that are small enough, and why one is missing."""
    bounds: dict[str, Interval] = {}
    reasons = []
    for which in sets_of(finite):
        try:
            bounds[which if finite.has_types else "cce"] = value_bounds(finite, which, epsilon=epsilon)
        except NO_NUMBER as why:
            reasons.append(str(why))
    return bounds or None, "; ".join(reasons) or None
