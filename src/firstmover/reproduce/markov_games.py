"""Markov games of more than one state: learned beside exact where all rules can be tried, beside baselines beyond.

Followers are in equilibrium exactly: a crosser that replies best, drivers in a pure equilibrium of every stage, ties
for the leader. Each leader and random search see as many commitments.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from firstmover.equilibria.markov_replies import best_response
from firstmover.followers import BestResponse
from firstmover.games import Game, Patrol, Toll
from firstmover.jobs.finished import Design
from firstmover.leaders import CommitmentGradient, RandomSearch
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.measures import exact, reached, summary
from firstmover.solvers.registry import state_table

_CLOSE = 0.05  # share of the leader's payoff range
_TOLLS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
_SMALL: dict[str, tuple[Game, CommitmentGradient]] = {
    "patrol": (Patrol(), CommitmentGradient(restarts=8)),
    "toll": (Toll(), CommitmentGradient(restarts=2)),
}
# Every observation of the leader is a pair, and there are too many rules to try.
_LARGE: dict[str, tuple[Game, CommitmentGradient]] = {
    "patrol of 7 lanes and 10 rows": (
        Patrol(
            values=(4.0, 1.0, 1.0, 2.0, 4.0, 3.0, 2.0),
            losses=(5.0, 3.0, 3.0, 1.0, 5.0, 4.0, 2.0),
            length=10,
            sight="both",
        ),
        CommitmentGradient(updates=300, restarts=4),
    ),
    "toll for revenue": (
        Toll(levels=8, steps=12, tolls=_TOLLS, sight="both", objective="revenue"),
        CommitmentGradient(restarts=4),
    ),
    "toll for welfare": (Toll(levels=8, steps=12, tolls=_TOLLS, sight="both"), CommitmentGradient(restarts=4)),
}


def _experiments() -> dict[str, Experiment]:
    experiments = {}
    for name, (game, leader) in (_SMALL | _LARGE).items():
        slug = f"markov-{name.replace(' ', '-')}"
        experiments[name] = Experiment(slug, game, BestResponse(), leader)
        if name in _LARGE:
            search = RandomSearch(updates=leader.updates * leader.restarts, episodes=leader.episodes)
            experiments[f"{name}, random search"] = Experiment(f"{slug}-random-search", game, BestResponse(), search)
    return experiments


def _always(game: Game) -> float:
    """The best rule that does the same everywhere."""
    actions = range(game.leader_space.mask_size)
    rules = (np.full(game.n_observations, action) for action in actions)
    return max(best_response(state_table(game), rule, "strong").leader for rule in rules)


def _judge(made: Mapping[str, Design]) -> Sequence[Verdict]:
    verdicts = []
    for name in _SMALL:
        done, best = made[name], exact(made[name].game)
        found = done.solution
        assert found is not None
        verdicts.append(
            Verdict(
                f"{name}: the leader comes within 5 % of the range of the best rule",
                "not published",
                f"{summary(done, best, _CLOSE)}; {reached(done, best)} at it",
                f"{best:g}, {found.method}",
                reached(done, best, _CLOSE) >= 0.8 * done.seeds,
                f"{len(state_table(done.game).start)} states; followers: {found.followers}",
            )
        )
    for name in _LARGE:
        done, search = made[name], made[f"{name}, random search"]
        mean, low, high = mean_interval(done.learned_values)
        searched, always = mean_interval(search.learned_values), _always(done.game)
        verdicts.append(
            Verdict(
                f"{name}: the leader earns more than its baselines",
                "not published",
                f"mean {mean:.4g} [{low:.4g}, {high:.4g}]; random search over as many commitments {searched[0]:.4g} "
                f"[{searched[1]:.4g}, {searched[2]:.4g}]; the best rule that does the same everywhere {always:.4g}",
                f"unknown: {float(done.game.leader_space.mask_size) ** done.game.n_observations:.2g} rules",
                low > max(searched[2], always),
                f"{len(state_table(done.game).start)} states, {done.game.n_observations} observations. A policy draws "
                "its entries independently and settles where most neighbours earn well, which need not be where one "
                "rule earns most",
            )
        )
    return verdicts


MARKOV_GAMES = Figure(
    "markov-games",
    "ours, after Gerstgrasser and Parkes 2023",
    "Leading in Markov games with several states: exact optima are learnt, baselines beaten in larger ones.",
    "value of the rule as committed",
    _experiments(),
    lambda: {name: exact(game) for name, (game, _) in _SMALL.items()},
    _judge,
)
