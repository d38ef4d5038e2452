"""From what was learnt to rules: of every seed the best candidate, and how its followers play once they have settled.

A candidate is one rule that a seed has learnt; learners with restarts have several. One in which a number is not finite
is dropped. Where the game's baseline is a rule of the same game it is a candidate too, of every seed: a design is never
worth less. What was learnt is kept beside it, since a learner is judged by that.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.batching import in_parts
from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.core.pomdp import Episode, StackelbergPOMDP
from firstmover.core.selection import best_of, finite
from firstmover.core.trees import LeaderState, Tree
from firstmover.errors import FailedError
from firstmover.evaluators import judge_of
from firstmover.evaluators.aims import Merit
from firstmover.games.base import Game
from firstmover.jobs.memory import for_seed
from firstmover.leaders.base import Leader
from firstmover.solvers.registry import baseline_actions

_MARGIN = 1e-9  # of the leader's payoff range


class Settled(NamedTuple):
    """The final rule of every seed; of a seed of which no candidate is sound, zeros and NaN.

    Attributes:
        tables: actions [seeds, n_observations, ...].
        plays: how the followers play under each, with a leading axis of seeds.
        values: the leader's expected payoff under each, in the game's units.
        worst_values: the least over all coarse correlated equilibria, or over several models of the followers, where
            that was designed for, else None.
        learned_values: the values of what was learnt, without the baseline as a candidate.
        from_baseline: seeds whose rule is the baseline, since it is worth more than what they learnt.
        dropped: candidates of each seed in which a number was not finite.
        merits: what rules were chosen by, where they had constraints to keep or nearby priors to stand (see
            `evaluators.aims.Merit`), else None: values, or the worst ones.
    """

    tables: np.ndarray
    plays: Play
    values: Float[np.ndarray, "seeds"]
    worst_values: Float[np.ndarray, "seeds"] | None
    learned_values: Float[np.ndarray, "seeds"]
    from_baseline: Bool[np.ndarray, "seeds"]
    dropped: Int[np.ndarray, "seeds"]
    merits: Float[np.ndarray, "seeds"] | None = None


class LearnedRules(NamedTuple):
    """What the seeds have learnt, in the game's standard units, arrays with a leading axis of seeds.

    Attributes:
        tables: the best table of every seed.
        plays: how the followers play under it.
        beside: how they play under the baseline; None where the baseline is a rule of another game.
        sound: which candidates are sound, [seeds, candidates].
        rewards: of the best table and of the baseline, [seeds, 2].
    """

    tables: Array
    plays: Play
    beside: Play | None
    sound: Bool[Array, "seeds candidates"]
    rewards: Float[Array, "seeds 2"]


def rules_and_plays(problem: StackelbergPOMDP, leader: Leader, states: LeaderState, parts: int = 1) -> LearnedRules:
    """To be compiled: the best rule of every seed and how its followers play, from the learner's states."""
    baseline = baseline_actions(problem.game)

    def one(own: StackelbergPOMDP, state: LeaderState) -> LearnedRules:
        key = stream(state.key, Stream.EVALUATION)

        def play(actions: Array) -> Episode:
            return own.episode(table_of(own.game, actions), key)

        tables = leader.tables(own, state)
        episodes = in_parts(play, own.parts)(tables)
        sound = leader.sound(state) & finite((tables, episodes.reward, episodes.strategy), 1)
        best = best_of(jnp.where(sound, episodes.reward, jnp.nan))
        beside = None if baseline is None else play(jnp.asarray(baseline, tables.dtype))
        earned = episodes.reward[best]
        rewards = jnp.stack([earned, earned if beside is None else beside.reward])
        other = None if beside is None else beside.strategy
        return LearnedRules(tables[best], of_seed(episodes.strategy, best), other, sound, rewards)

    seeds = len(jax.tree.leaves(states)[0])
    return in_parts(for_seed(problem, seeds, parts, one), parts)(states, jnp.arange(seeds))


def merit_of(game: Game, problem: StackelbergPOMDP) -> Merit | None:
    """What rules of this problem are chosen by, in the game that it is a copy of; None: by values, or worst ones."""
    if not problem.least and problem.target != "robust":
        return None
    return Merit(game, problem.least, problem.radius if problem.target == "robust" else 0.0, problem.target == "worst")


def settled(game: Game, problem: StackelbergPOMDP, learned_rules: LearnedRules, seed: int) -> Settled:
    """The final rules, from what `rules_and_plays` has returned.

    Args:
        game: what was asked about, in units of its own.
        problem: what was designed for.
        learned_rules: in the game's standard units.
        seed: the first of the seeds, for values that have to be sampled.

    Raises:
        FailedError: no seed has a sound candidate.
    """
    tables, plays, beside, sound, rewards = jax.tree.map(np.asarray, learned_rules)
    units = game.standardised.payoff_units
    objective = rewards if units is None else units.of_leader(rewards)  # [seeds, learned and baseline]
    judge, failed = judge_of(game, seed=seed), ~sound.any(axis=1)
    if failed.all():
        raise FailedError(
            f"nothing was learnt: in all {len(sound)} seeds the learner ended in numbers that are not finite. This is "
            "a limit of its 32-bit numbers, not a mistake of yours (unless a game of your own pays something that "
            "is not finite between the decisions that were looked at); try another learner or a smaller learning_rate."
        )
    well = np.flatnonzero(~failed)
    tables = game.own_actions(np.where(_along(failed, tables), 0, tables))
    worst_counts, merit = problem.target in ("worst", "behaviours"), merit_of(game, problem)
    values, worst, merits = np.full((3, len(sound)), np.nan)
    values[well] = [judge.measured(tables[k], of_seed(plays, k)) for k in well]
    from_baseline, learned = np.zeros(len(sound), bool), values.copy()
    if problem.target == "worst":
        worst[well] = [judge.least(tables[k]) for k in well]
    elif problem.target == "behaviours":
        worst[well] = objective[well, 0]
    if merit is not None:
        merits[well] = [merit.of(judge, tables[k], of_seed(plays, k)) for k in well]
    if beside is not None:
        table = np.asarray(baseline_actions(game), tables.dtype)
        others = [of_seed(beside, k) for k in well]
        alike = all(jax.tree.all(jax.tree.map(np.array_equal, others[0], other)) for other in others[1:])
        counted = others[:1] if alike else others
        its, its_merits = np.full((2, len(sound)), np.nan)
        its[well] = [judge.measured(table, other) for other in counted]
        its_worst = its
        if problem.target == "worst":
            its_worst = np.full(len(sound), judge.least(table))
        elif problem.target == "behaviours":
            its_worst = objective[:, 1]
        if merit is not None:
            its_merits[well] = [merit.of(judge, table, other) for other in counted]
        low, high = game.leader_payoff_range
        ours, theirs = (worst, its_worst) if worst_counts else (values, its)
        if merit is not None:
            ours, theirs = merits, its_merits
        # More than by rounding: the same rule must not be called another one.
        from_baseline = theirs > ours + _MARGIN * (high - low)
        values, worst = np.where(from_baseline, its, values), np.where(from_baseline, its_worst, worst)
        merits = np.where(from_baseline, its_merits, merits)
        tables = np.where(_along(from_baseline, tables), table, tables)
        plays = jax.tree.map(lambda new, old: np.where(_along(from_baseline, old), new, old), beside, plays)
    return Settled(
        tables,
        plays,
        values,
        worst if worst_counts else None,
        learned,
        from_baseline,
        (~sound).sum(axis=1),
        None if merit is None else merits,
    )


def valued_anew(game: Game, problem: StackelbergPOMDP, final: Settled, seed: int) -> Settled:
    """The same rules and plays, valued in a game that is not what it was when they were learnt.

    Where the baseline had stood in, what was learnt is not known any more: its value is NaN.
    """
    judge, well, merit = judge_of(game, seed=seed), np.flatnonzero(np.isfinite(final.values)), merit_of(game, problem)
    values, worst, merits = np.full((3, len(final.values)), np.nan)
    values[well] = [judge.measured(final.tables[k], of_seed(final.plays, k)) for k in well]
    if problem.target == "worst":
        worst[well] = [judge.least(final.tables[k]) for k in well]
    if merit is not None:
        merits[well] = [merit.of(judge, final.tables[k], of_seed(final.plays, k)) for k in well]
    return final._replace(
        values=values,
        # What other models of the followers would leave now is not worked out here.
        worst_values={"worst": worst, "behaviours": values}.get(problem.target),
        learned_values=np.where(final.from_baseline, np.nan, values),
        merits=None if merit is None else merits,
    )


def best_seed(values: np.ndarray, worst_values: np.ndarray | None, merits: np.ndarray | None = None) -> int:
    """Position of the best seed, by what was designed for."""
    chosen_by = merits if merits is not None else values if worst_values is None else worst_values
    return int(best_of(chosen_by))


def of_seed(stacked: Tree, k: int | np.integer | Int[Array, ""]) -> Tree:
    """One position of the leading axis of all arrays of a pytree."""
    return jax.tree.map(lambda leaf: leaf[k], stacked)


def _along(seeds: Bool[np.ndarray, "seeds"], array: np.ndarray) -> Bool[np.ndarray, "seeds *ones"]:
    """What holds of seeds, to be broadcast against an array [seeds, ...]."""
    return seeds.reshape(-1, *[1] * (array.ndim - 1))
