"""The certificate of a rule: how far its followers are from equilibrium, and what the leader can count on.

Exact, in float64 and by linear programs, where the game that the rule induces is small enough to list. Otherwise the
regrets are bounded by sampling, with their confidence, and the value over equilibria is not bounded at all: a sample
bounds regret, never an extremum over equilibria.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.certificates.induced import exact_table, induced_game, play_distribution, value_of
from firstmover.equilibria.polytopes import EquilibriumSet, FiniteGame, n_variables, regrets, value_bounds
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.noise import Stream, stream
from firstmover.rollout import (
    Actions,
    JointPlay,
    Query,
    Strategies,
    all_profiles,
    answer,
    play_noise_size,
    play_query,
    type_masks,
)

_SETS: tuple[EquilibriumSet, ...] = ("bcce", "anf_cce")
_CONFIDENCE = 0.95
Interval = tuple[float, float]


@dataclass(frozen=True)
class Certificate:
    """What is proved about a rule and the play under it; payoffs in the game's units.

    Attributes:
        value: the leader's expected payoff under the play that is certified.
        epsilon: `by_follower`, for each follower and type the most that it could gain by one fixed action in place of
            its play, conditional on its type (null for a type that never occurs), and `max`.
        leader_value_bounds: least and greatest value of the leader over each equilibrium set of the induced game
            (`cce`, or `bcce` and `anf_cce` for games with types), or null with `reason`.
        leader_value_bounds_at_epsilon: the same where everybody may have a regret of up to `epsilon["max"]`.
        reason: why bounds are null, or null.
        exact: whether everything was computed by enumeration; otherwise `epsilon` and `value` come from a sample.
        confidence: of `epsilon` being an upper bound, where it was sampled, else null.
        payoff_range: the least and the greatest payoff of the leader and of every follower in the game.
        baseline: the game's baseline rule, and the most it can earn over the (tightest) equilibrium set.
        gain: value minus the baseline's.
        sizes: type profiles, action profiles, and variables of each program.
        tolerance: of the solver, relative to the payoff range.
    """

    value: float
    epsilon: dict[str, Any]
    leader_value_bounds: dict[str, Interval] | None
    leader_value_bounds_at_epsilon: dict[str, Interval] | None
    reason: str | None
    exact: bool
    confidence: float | None
    payoff_range: dict[str, Any]
    baseline: dict[str, Any]
    gain: float | None
    sizes: dict[str, int | float]
    tolerance: float = 1e-7

    def as_json(self) -> dict[str, Any]:
        """The certificate as JSON values, the same as when it is read back from a file."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain


def certify_play(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, *, samples: int = 100_000, seed: int = 0
) -> Certificate:
    """Certify the rule with these actions, and the followers' play under it.

    Args:
        game: the game.
        actions: the rule, shape [n_observations, ...].
        play: how the followers play, as learnt or assumed.
        samples: sub-episodes per counterfactual where the game cannot be listed; at least 100.
        seed: of the sample.

    Raises:
        InputError: the game's followers act in every step; no certificate is defined for them yet.
    """
    if game.followers_act != "once":
        raise InputError(f"certificates need followers that act once; those of {game.name} act in every step.")
    baseline = _baseline(game)
    payoff_range = {"leader": game.leader_payoff_range, "followers": game.follower_payoff_ranges}
    try:
        all_profiles(game)
    except InputError as why:
        value, epsilon = _sampled(game, actions, play, samples, seed)
        return Certificate(
            value=value,
            epsilon=epsilon,
            leader_value_bounds=None,
            leader_value_bounds_at_epsilon=None,
            reason=str(why),
            exact=False,
            confidence=_CONFIDENCE,
            payoff_range=payoff_range,
            baseline=baseline,
            gain=None if baseline["value"] is None else value - baseline["value"],
            sizes={"samples": samples},
        )
    finite = induced_game(game, actions)
    joint = play_distribution(game, play)
    value = value_of(finite, joint)
    found = regrets(finite, joint)
    by_follower = [[found.get((i, t)) for t in range(n)] for i, n in enumerate(game.n_types)]
    epsilon_max = max(0.0, *found.values())
    bounds, reason = _bounds(finite, 0.0)
    return Certificate(
        value=value,
        epsilon={"by_follower": by_follower, "max": epsilon_max},
        leader_value_bounds=bounds,
        leader_value_bounds_at_epsilon=_bounds(finite, epsilon_max)[0],
        reason=reason,
        exact=True,
        confidence=None,
        payoff_range=payoff_range,
        baseline=baseline,
        gain=None if baseline["value"] is None else value - baseline["value"],
        sizes={
            "type_profiles": len(finite.support),
            "action_profiles": int(np.prod(finite.n_actions)),
            **{f"{which}_variables": n_variables(finite, which) for which in _SETS},
        },
    )


def _bounds(finite: FiniteGame, epsilon: float) -> tuple[dict[str, Interval] | None, str | None]:
    """The intervals of all sets that are small enough, and why one is missing."""
    names = {"bcce": "bcce", "anf_cce": "anf_cce"} if finite.has_types else {"bcce": "cce"}
    bounds, reasons = {}, []
    for which in _SETS:
        if which in names:
            try:
                bounds[names[which]] = value_bounds(finite, which, epsilon=epsilon)
            except InputError as why:
                reasons.append(str(why))
    return bounds or None, "; ".join(reasons) or None


def _baseline(game: Game) -> dict[str, Any]:
    name = "the game's baseline rule"
    try:
        name, baseline_game, actions = game.baseline()
        bounds, reason = _bounds(induced_game(baseline_game, actions), 0.0)
    except InputError as why:
        bounds, reason = None, str(why)
    if bounds is None:
        return {"rule": name, "value": None, "reason": reason}
    tightest = list(bounds)[-1]
    return {"rule": name, "value": bounds[tightest][1], "over": f"the best {tightest}"}


def _sampled(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, samples: int, seed: int
) -> tuple[float, dict[str, Any]]:
    """Value and regrets from sub-episodes, every counterfactual with the types, chance and play of its original.

    Hoeffding's bound for each (follower, type, action), all at once by the union bound. Types too rare to be met get
    null, and count for nothing in `max`; `unseen` says how many.
    """
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        assert isinstance(query.play, Actions)
        leader, followers = pays(query)
        types, played = np.asarray(query.types), query.play.actions
        allowed = [np.asarray(mask) for mask in type_masks(game)]
        by_follower: list[list[float | None]] = []
        unseen, n_claims = 0, sum(a * t for a, t in zip(game.n_actions, game.n_types, strict=True))
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True)):
            span = 2 * (game.follower_payoff_ranges[i][1] - game.follower_payoff_ranges[i][0])
            gains = []
            for a in range(n_actions):
                deviating = query._replace(play=Actions(jnp.asarray(played).at[:, i].set(a)))
                gains.append(pays(deviating)[1][:, i] - followers[:, i])
            row: list[float | None] = []
            for t in range(n_types):
                met = types[:, i] == t
                if not met.any():
                    unseen += 1
                    row.append(None)
                    continue
                margin = span * np.sqrt(np.log(n_claims / (1 - _CONFIDENCE)) / (2 * met.sum()))
                best = max(gains[a][met].mean() for a in np.flatnonzero(allowed[i][t]))
                row.append(float(best + margin))
            by_follower.append(row)
    known = [bound for row in by_follower for bound in row if bound is not None]
    return float(leader.mean()), {"by_follower": by_follower, "max": max(0.0, *known), "unseen": unseen}


def sampled_value(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, *, samples: int = 100_000, seed: int = 0
) -> float:
    """The leader's mean payoff over sampled sub-episodes, for games that cannot be listed."""
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        return float(pays(query)[0].mean())


def _sample(
    game: Game, actions: np.ndarray, play: Strategies | JointPlay, samples: int, seed: int
) -> tuple[Query, Callable[[Query], tuple[np.ndarray, np.ndarray]]]:
    """Sub-episodes with types and play drawn, and a function that plays such a query; with `jax.enable_x64` on."""
    if samples < 100:
        raise InputError(f"samples must be at least 100; got {samples}.")
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    table = exact_table(game, actions)

    @jax.jit
    def compiled(query: Query) -> tuple[jax.Array, jax.Array]:
        outcome = answer(game, table, query, stream(key, Stream.CHANCE))
        return outcome.leader, outcome.followers

    def pays(query: Query) -> tuple[np.ndarray, np.ndarray]:
        leader, followers = compiled(query)
        return np.asarray(leader), np.asarray(followers)

    return play_query(game, play, jax.random.uniform(key, (samples, play_noise_size(game)))), pays
