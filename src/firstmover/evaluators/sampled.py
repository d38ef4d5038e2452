"""Values and regrets from sub-episodes, for games that cannot be listed and have no table of states.

Regrets are bounded where followers act once: every counterfactual with the types, chance and play of its original. What
followers that act in every step would earn by their best replies is not known, nor is the leader's value over
equilibria anywhere: a sample bounds regret, never an extremum over equilibria.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.declarations import check_chance, check_paid
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Actions, Play
from firstmover.core.rollout import Position, Query, answer
from firstmover.errors import InputError
from firstmover.evaluators.base import Evaluator, Judge, Judged, Listing, Regrets, Value
from firstmover.evaluators.forms import play_noise_size, play_query, type_masks
from firstmover.evaluators.induced import exact_table
from firstmover.evaluators.status import Status
from firstmover.evaluators.view import View, decisions_in, unvisited
from firstmover.games.base import Game

CONFIDENCE = 0.95
_MOST_NUMBERS = 2_000_000  # random numbers that are drawn at once


@dataclass(frozen=True)
class Sampled(Evaluator):
    """Plays reward sub-episodes, in which types are drawn anew.

    Attributes:
        episodes: how many.
    """

    episodes: int

    @property
    def status(self) -> Status:
        return Status("sampled", f"the mean of {self.episodes} reward sub-episodes")

    def noise(self, key: Key[Array, ""]) -> Float[Array, "R w"]:
        """The uniform numbers of all reward sub-episodes, in one draw."""
        return jax.random.uniform(stream(key, Stream.REWARD), (self.episodes, play_noise_size(self.game)))

    def query(self, play: Play, noise: Float[Array, "R w"], start: Position | None) -> Query:
        """The reward sub-episodes, from their beginning or all from the same position."""
        query = play_query(self.game, play, noise)
        if start is None:
            return query
        return query._replace(
            start=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (self.episodes, *leaf.shape)), start)
        )

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        outcome = view.outcome(self.query(play, self.noise(key), start), exchange)
        return Value(outcome.leader.mean(), *decisions_in(outcome, unvisited(self.game)))


@dataclass(frozen=True)
class SampledJudge(Judge):
    """Judges a finished rule by a large sample of play.

    Attributes:
        game: what is played.
        reason: why it is neither listed nor taken as a table of states.
        samples: sub-episodes, for each counterfactual; at least 100.
        seed: of the sample.
    """

    game: Game
    reason: str
    samples: int = 100_000
    seed: int = 0

    def check(self, actions: np.ndarray) -> None:
        check_chance(self.game)

    def means(self, actions: np.ndarray, play: Play) -> tuple[float, float, float | None]:
        """The leader's mean payoff, the followers' mean total, and the mean transfers (None without money)."""
        return _mean_of_blocks(self.game, actions, play, self.samples, self.seed)

    def measured(self, actions: np.ndarray, play: Play) -> float:
        return self.means(actions, play)[0]

    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        """Not known: a sample only bounds it, see `judged`."""
        del actions, play
        return None

    def least(self, actions: np.ndarray) -> float:
        raise InputError(self.reason)

    def listing(self, actions: np.ndarray) -> Listing:
        raise InputError(self.reason)

    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """Value and regrets from a sample, without bounds over equilibria."""
        value, followers, revenue = self.means(actions, play)
        gains, known = self._regrets(actions, play)
        sampled = Status("sampled", f"the mean of {self.samples} sub-episodes: {self.reason}")
        return Judged(
            value=value,
            welfare=followers + (revenue or 0.0),
            revenue=revenue,
            epsilon=gains,
            leader_value_bounds=None,
            leader_value_bounds_at_epsilon=None,
            bounds_epsilon=gains.most if epsilon is None or gains.most is None else epsilon,
            reason=unproved,
            exact=False,
            confidence=CONFIDENCE if known.known == "bounded" else None,
            sizes={"samples": self.samples},
            tolerance=1e-7,
            status={"value": sampled, "epsilon": known, "bounds": Status("unknown", self.reason)},
        )

    def _regrets(self, actions: np.ndarray, play: Play) -> tuple[Regrets, Status]:
        """What is known of the regrets: nothing."""
        nothing: list[list[float | None]] = [[None] for _ in range(self.game.n_followers)]
        return Regrets(nothing, None), Status("unknown", self.reason)

    def best(self, actions: np.ndarray) -> tuple[float, str]:
        raise InputError(self.reason)


class SampledProfiles(SampledJudge):
    """The same where followers act once: their actions are drawn beforehand, and counterfactuals are known."""

    def means(self, actions: np.ndarray, play: Play) -> tuple[float, float, float | None]:
        with jax.enable_x64(True):
            query, pays = _sample(self.game, actions, play, self.samples, self.seed)
            leader, followers, transfers = pays(query)
        money = None if transfers is None else float(transfers.mean())
        return float(leader.mean()), float(followers.sum(axis=1).mean()), money

    def _regrets(self, actions: np.ndarray, play: Play) -> tuple[Regrets, Status]:
        gains = sampled_regrets(self.game, actions, play, samples=self.samples, seed=self.seed)
        return gains, Status("bounded", f"from above, at confidence {CONFIDENCE:g}: {self.reason}")


def sampled_regrets(game: Game, actions: np.ndarray, play: Play, *, samples: int, seed: int) -> Regrets:
    """Upper bounds on every regret, every counterfactual with the types, chance and play of its original.

    Hoeffding's bound for each (follower, type, action), all at once by the union bound. Types too rare to be met get
    None, and count for nothing in `most`; `unseen` says how many.
    """
    with jax.enable_x64(True):
        query, pays = _sample(game, actions, play, samples, seed)
        followers = pays(query)[1]
        types, played = np.asarray(query.types), query.play.profiles
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
                drawn = types[:, i] == t
                if not drawn.any():
                    unseen += 1
                    row.append(None)
                    continue
                margin = span * np.sqrt(np.log(n_claims / (1 - CONFIDENCE)) / (2 * drawn.sum()))
                best = max(gains[a][drawn].mean() for a in np.flatnonzero(allowed[i][t]))
                row.append(float(best + margin))
            by_follower.append(row)
    known = [bound for row in by_follower for bound in row if bound is not None]
    return Regrets(by_follower, max(0.0, *known), {"unseen": unseen})


def _mean_of_blocks(
    game: Game, actions: np.ndarray, play: Play, samples: int, seed: int
) -> tuple[float, float, float | None]:
    """As `sampled_values`, block by block: play that draws in every step takes many random numbers."""
    check_chance(game)
    size = play_noise_size(game)
    numbers = min(samples, max(100, _MOST_NUMBERS // size))
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    with jax.enable_x64(True):
        table, play = exact_table(game, actions), jax.tree.map(jnp.asarray, play)

        @jax.jit
        def block(number: jax.Array) -> tuple[Array, Array, Array | None]:
            own = jax.random.fold_in(key, number)
            query = play_query(game, play, jax.random.uniform(own, (numbers, size)))
            outcome = answer(game, table, query, stream(own, Stream.CHANCE))
            return outcome.leader, outcome.followers, outcome.transfers

        means = []
        for k in range(-(-samples // numbers)):
            leader, followers, transfers = jax.tree.map(np.asarray, block(jnp.int32(k)))
            check_paid(game, leader, followers, transfers, lambda _: "under the play of the followers")
            money = np.nan if transfers is None else transfers.mean()
            means.append((leader.mean(), followers.sum(axis=1).mean(), money))
    leader, followers, money = np.mean(means, axis=0).tolist()
    return leader, followers, None if np.isnan(money) else money


def _sample(
    game: Game, actions: np.ndarray, play: Play, samples: int, seed: int
) -> tuple[Query, Callable[[Query], tuple[np.ndarray, np.ndarray, np.ndarray | None]]]:
    """Sub-episodes with types and play drawn, and a function that plays such a query; with `jax.enable_x64` on."""
    if samples < 100:
        raise InputError(f"samples must be at least 100; got {samples}.")
    key = stream(jax.random.key(seed), Stream.CERTIFICATE)
    check_chance(game)
    table = exact_table(game, actions)
    masks = [np.asarray(mask) for mask in type_masks(game)]

    @jax.jit
    def compiled(query: Query) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        outcome = answer(game, table, query, stream(key, Stream.CHANCE))
        return outcome.leader, outcome.followers, outcome.transfers

    def pays(query: Query) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        paid: tuple[np.ndarray, np.ndarray, np.ndarray | None] = jax.tree.map(np.asarray, compiled(query))
        possible = np.ones(len(query.types), bool)
        for i, allowed in enumerate(masks):
            possible &= allowed[np.asarray(query.types)[:, i], np.asarray(query.play.profiles)[:, i]]
        rows = np.flatnonzero(possible)
        types, played = np.asarray(query.types)[rows], np.asarray(query.play.profiles)[rows]

        def where(row: int) -> str:
            return f"at types {types[row].tolist()} and actions {played[row].tolist()}"

        check_paid(game, paid[0][rows], paid[1][rows], None if paid[2] is None else paid[2][rows], where)
        return paid

    return play_query(game, play, jax.random.uniform(key, (samples, play_noise_size(game)))), pays
