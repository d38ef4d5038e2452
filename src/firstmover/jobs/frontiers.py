"""The trade-off of two measures: rules that are best for their weighted sums, one compiled program for all weights."""

import csv
import io
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.core.selection import best_of
from firstmover.errors import InputError
from firstmover.evaluation.measures import measures
from firstmover.evaluators import judge_of
from firstmover.evaluators.aims import VALUE, Weights
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.jobs.settling import of_seed
from firstmover.json_types import JsonObject
from firstmover.leaders.base import Leader
from firstmover.rules.rule import Rule

WEIGHTS = 10


@dataclass(frozen=True)
class Frontier:
    """Rules between two measures.

    Attributes:
        names: the measures; "value" is the leader's payoff.
        weights: of the first measure, from 1 to 0; both are divided by the range between the two ends.
        values: of both measures under each rule and its play, in the game's units.
        rules: a rule for each weight.
    """

    names: tuple[str, str]
    weights: Float[np.ndarray, "weights"]
    values: Float[np.ndarray, "weights 2"]
    rules: tuple[Rule, ...]

    @property
    def efficient(self) -> np.ndarray:
        """Which rules no other one beats in one measure without losing in the other, bool [weights]."""
        better = (self.values[:, None] <= self.values[None] + 1e-12).all(axis=2)
        strictly = (self.values[:, None] < self.values[None] - 1e-9 * (np.ptp(self.values, axis=0) + 1e-300)).any(
            axis=2
        )
        beaten: np.ndarray = (better & strictly).any(axis=1)
        return ~beaten

    def as_json(self) -> JsonObject:
        """As JSON values."""
        return {
            "measures": list(self.names),
            "weights": self.weights.tolist(),
            "values": self.values.tolist(),
            "efficient": self.efficient.tolist(),
            "rules": [rule.entries for rule in self.rules],
        }

    def as_csv(self) -> str:
        """A line for every weight."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["weight of " + self.names[0], *self.names, "efficient", "rule"])
        for weight, pair, kept, rule in zip(self.weights, self.values, self.efficient, self.rules, strict=True):
            writer.writerow([f"{weight:.6g}", *map(repr, pair.tolist()), "yes" if kept else "no", rule.text])
        return out.getvalue()

    def as_text(self) -> str:
        """A line for every weight, for a person."""
        lines = [f"weight   {self.names[0]:>14}   {self.names[1]:>14}"]
        for weight, pair, kept in zip(self.weights, self.values, self.efficient, strict=True):
            lines.append(f"{weight:6.2f}   {pair[0]:14.6g}   {pair[1]:14.6g}{'' if kept else '   beaten'}")
        return "\n".join(lines)

    def drawn(self) -> bytes:
        """The trade-off as a PNG; needs no display."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5.5, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes, order = figure.subplots(), np.argsort(self.values[:, 0])
        kept = order[self.efficient[order]]
        axes.plot(*self.values[kept].T, "-", linewidth=1, color="tab:blue")
        axes.plot(*self.values.T, "o", markerfacecolor="white", color="tab:gray", label="beaten by another rule")
        axes.plot(*self.values[kept].T, "o", color="tab:blue", label="efficient")
        axes.set(xlabel=self.names[0], ylabel=self.names[1])
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        stream_ = io.BytesIO()
        figure.savefig(stream_, format="png", dpi=150)
        return stream_.getvalue()


def frontier(game: Game, names: tuple[str, str], followers: Follower, leader: Leader, *, seed: int = 0) -> Frontier:
    """The trade-off of two measures.

    All weights learn side by side in one compiled program, called twice: first to see how far apart the two ends are,
    then with both measures divided by that. The leader's constraints are kept at every weight.

    Args:
        game: the game.
        names: of two measures; "value" is the leader's payoff.
        followers: how they adapt.
        leader: the learner, one that can be held to constraints.
        seed: of the learning.

    Raises:
        InputError: there is no such measure, or the game's profiles cannot be listed.
    """
    if names[0] == names[1]:
        raise InputError(f"a frontier is between two measures; got {names[0]!r} twice.")
    problem = leader.problem(game, followers)
    replace(problem, weighted=Weights(names, jnp.zeros(2)))  # refuses what there is not
    keys = jax.vmap(lambda k: jax.random.fold_in(jax.random.key(seed), k))(jnp.arange(WEIGHTS))

    def learn(weights: jax.Array, key: jax.Array) -> tuple[jax.Array, Play]:
        own = replace(problem, weighted=Weights(names, weights))
        start = leader.init(own, key)
        state, _ = jax.lax.scan(lambda state, _: (leader.update(own, state)[0], None), start, length=leader.updates)
        tables = leader.tables(own, state)
        evaluation = stream(key, Stream.EVALUATION)
        episodes = jax.vmap(lambda actions: own.episode(table_of(own.game, actions), evaluation))(tables)
        return of_seed((tables, episodes.strategy), best_of(episodes.reward))

    learned = jax.jit(jax.vmap(learn))

    def points(scales: Float[np.ndarray, "2"]) -> tuple[tuple[Rule, ...], Float[np.ndarray, "weights 2"]]:
        given = jnp.asarray(np.stack([shares, 1 - shares], axis=1) / scales, jnp.float32)
        tables, plays = jax.tree.map(np.asarray, learned(given, keys))
        rules = tuple(Rule(game, table).as_told() for table in game.own_actions(tables))
        return rules, np.array([_measured(rule, of_seed(plays, k), names) for k, rule in enumerate(rules)])

    shares = np.linspace(1, 0, WEIGHTS)
    low, high = game.leader_payoff_range
    _, rough = points(np.full(2, max(high - low, game.follower_payoff_scale)))
    ends = np.abs(rough[0] - rough[-1])
    rules, values = points(np.where(ends > 0, ends, 1.0))
    return Frontier(names, shares, values, rules)


def _measured(rule: Rule, play: Play, names: tuple[str, str]) -> list[float]:
    known = {name: own.value for name, own in measures(rule.game, rule.actions, play).items()}
    known.setdefault(VALUE, judge_of(rule.game).measured(rule.actions, play))
    return [known[name] for name in names]
