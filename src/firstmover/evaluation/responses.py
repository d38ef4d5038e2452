"""How a model of the followers responds to rules, in many response seeds at once, and which models can."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError, unknown_name
from firstmover.evaluation.behaviours import presets
from firstmover.evaluation.estimates import PayoffErrors
from firstmover.evaluation.holdout import value_on_rows
from firstmover.evaluators import exact_table, judge_of, play_distribution
from firstmover.evaluators.measures import expected, measure_tables
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.observed_types import Observed
from firstmover.jobs import build
from firstmover.jobs.settling import of_seed
from firstmover.report.statistics import mean_interval
from firstmover.rules.rule import Rule

_AT_ONCE = 64  # draws of the payoffs
_SAMPLES = 2_000  # sub-episodes of a response seed, where the value has to be sampled


class Responses:
    """How one model responds to rules of one game, in all response seeds at once: one compiled program."""

    def __init__(self, game: Game, followers: Follower, seeds: int, seed: int):
        self.game, self.standard, self.seed = game, game.standardised, seed
        try:
            problem, self.sampled = StackelbergPOMDP(self.standard, followers), game.draws_types
        except InputError:  # it has no exact value
            problem, self.sampled = StackelbergPOMDP(self.standard, followers, _SAMPLES), True
        self.problem, self.judge = problem, judge_of(game, seed=seed)
        self.keys = jax.vmap(jax.random.key)(seed + jnp.arange(seeds))

        @jax.jit
        def episodes(actions: jax.Array, keys: jax.Array) -> tuple[jax.Array, Play]:
            def one(key: jax.Array) -> tuple[jax.Array, Play]:
                episode = problem.episode(table_of(self.standard, actions), key)
                return episode.reward, episode.strategy

            return jax.vmap(one)(keys)

        self.episodes = episodes

    def cell(self, rule: Rule) -> tuple[float, tuple[float, float], float, Play]:
        """The leader's value with its interval, the followers' largest regret, and their plays, by response seed.

        NaN for what is not known.
        """
        with jax.enable_x64(True):
            actions = exact_table(self.standard, self.game.standard_actions(rule.actions)).actions
            rewards, plays = jax.tree.map(np.asarray, self.episodes(actions, self.keys))
        units = self.standard.payoff_units
        values = rewards if units is None else units.of_leader(rewards)
        value, low, high = mean_interval(values)
        if np.ptp(values) == 0:
            value = low = high = float(values[0])
        over_types = self.judge.interval(rule.actions, of_seed(plays, 0))
        if over_types is not None:  # of types that were drawn
            low, high = min(low, over_types[0]), max(high, over_types[1])
        least, most = self.game.leader_payoff_range
        return value, (max(low, min(least, value)), min(high, max(most, value))), self._regret(rule, plays), plays

    def measured(self, rule: Rule, plays: Play, names: Sequence[str]) -> tuple[float, ...]:
        """Measures under these plays, by name, the mean over response seeds.

        Raises:
            InputError: the game cannot be listed, or has no such measure.
        """
        listing = self.judge.listing(rule.actions)
        tables = measure_tables(self.game, rule.actions, listing)
        for name in names:
            if name not in tables:
                raise unknown_name("measure", name, tables)
        joints = [play_distribution(self.game, of_seed(plays, k)) for k in range(len(self.keys))]
        found = [[float(expected(tables[name], listing.finite.probs, joint)) for joint in joints] for name in names]
        return tuple(float(np.mean(own)) for own in found)

    def on_rows(self, rule: Rule, plays: Play, held: Observed) -> tuple[float, tuple[float, float]]:
        """The mean over rows that were held out and response seeds, with its 95 % bootstrap interval over rows.

        Raises:
            InputError: the game's profiles cannot be listed.
        """
        own = [of_seed(plays, k) for k in range(len(self.keys))]
        return value_on_rows(rule, own, self.problem.followers, held, self.seed)

    def when_off(self, rule: Rule, errors: PayoffErrors) -> Float[np.ndarray, "draws"]:
        """The leader's value in every draw of the payoffs, which the followers know; a response seed for each."""
        units = self.standard.payoff_units
        drawn = errors.of(self.game.payoff_tables())
        if units is not None:
            drawn = [(table - offset) / scale for table, offset, scale in zip(drawn, *units, strict=True)]

        @jax.jit
        def rewards(actions: jax.Array, tables: list[jax.Array], keys: jax.Array) -> jax.Array:
            def one(own: tuple[list[jax.Array], jax.Array]) -> jax.Array:
                problem = replace(self.problem, game=self.standard.paying(own[0]))
                return problem.episode(table_of(problem.game, actions), own[1]).reward

            return jax.lax.map(one, (tables, keys), batch_size=_AT_ONCE)

        with jax.enable_x64(True):
            actions = exact_table(self.standard, self.game.standard_actions(rule.actions)).actions
            keys = jax.vmap(jax.random.key)(errors.seed + jnp.arange(errors.draws))
            found = np.asarray(rewards(actions, [jnp.asarray(table) for table in drawn], keys))
        return found if units is None else units.of_leader(found)

    def _regret(self, rule: Rule, plays: Play) -> float:
        """The largest over response seeds; equal ones are looked at once."""
        different = {str([leaf[k].tobytes() for leaf in jax.tree.leaves(plays)]): k for k in range(len(self.keys))}
        regrets = [self.judge.regret(rule.actions, of_seed(plays, k)) for k in different.values()]
        return max((np.nan if regret is None else regret for regret in regrets), default=np.nan)


def models_for(
    named: Sequence[Follower | str], rules: Sequence[Rule]
) -> tuple[list[Follower], list[tuple[Follower, str]]]:
    """The models that can play the games of all rules, and those of the presets that cannot, with the reason.

    Raises:
        InputError: see `playing`.
    """
    return playing(named, [rule.game.standardised for rule in rules], lambda model, game: model.check(game))


def playing(
    named: Sequence[Follower | str], games: Sequence[Game], check: Callable[[Follower, Game], None]
) -> tuple[list[Follower], list[tuple[Follower, str]]]:
    """The models that pass a check with all games, and those of the presets that do not, with the reason.

    Raises:
        InputError: one that was named cannot, or none can.
    """
    wanted: list[tuple[Follower, bool]] = []
    for one in named:
        match one:
            case "all":
                wanted += [(model, False) for model in presets()]
            case _:
                wanted.append((build.given("followers", one), True))
    models: list[Follower] = []
    left_out: list[tuple[Follower, str]] = []
    for model, must in wanted:
        try:
            if model.needs_training:
                raise InputError(f"{model.name} followers must be trained first: name their network with -f network=.")
            for game in games:
                check(model, game)
            models.append(model)
        except InputError as why:
            if must:
                raise
            left_out.append((model, str(why)))
    if not models:
        raise InputError(left_out[0][1] if left_out else "evaluate needs at least one model of the followers.")
    return models, left_out
