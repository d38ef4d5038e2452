"""The behaviour matrix of rules that are networks: every cell by responses, and fresh samples of what they leave.

Models that have to list the game cannot play games of this size; they are left out, with the reason.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Key

from firstmover import files
from firstmover.core.commitment import Commitment
from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluation.behaviours import label
from firstmover.evaluation.compared import stored
from firstmover.evaluation.evaluations import Evaluation
from firstmover.evaluation.responses import playing
from firstmover.evaluators.at_size import Judging
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs.network_designs import NetworkDesign, loaded_network
from firstmover.jobs.records import read_result
from firstmover.jobs.runs import Run
from firstmover.report.statistics import mean_interval
from firstmover.rules.reading import is_network
from firstmover.wording import told_apart

_SAMPLES = 4_000  # sub-episodes of a response seed, and of each counterfactual


def evaluate_networks(
    named: Mapping[str, NetworkDesign],
    followers: Sequence[Follower | str],
    seeds: int,
    seed: int,
    progress: Callable[[str], None] | None,
) -> Evaluation:
    """The best rules of runs under models of the followers that learn from samples.

    Raises:
        InputError: the runs are of several games, or no model can play it.
    """
    began = time.perf_counter()
    rules = dict(zip(told_apart(list(named)), named.values(), strict=True))
    game = next(iter(rules.values())).game
    if len({stored(one.game) for one in rules.values()}) > 1:
        raise InputError("rules are compared in one game; several were given.")
    models, left_out = playing(followers, [game.standardised], _check)
    shape = len(rules), len(models)
    value, interval, regret = np.full(shape, np.nan), np.full((*shape, 2), np.nan), np.full(shape, np.nan)
    judging = Judging(game)
    for column, model in enumerate(models):
        problem = StackelbergPOMDP(game.standardised, model, reward_episodes=1, listed=False)
        respond = jax.jit(partial(_settled, problem))
        for row, (name, design) in enumerate(rules.items()):
            if progress is not None:
                progress(f"cell {column * len(rules) + row + 1} of {value.size}: {name} under {label(model)}")
            values, regrets = [], []
            for k in range(seeds):
                key = jax.random.key(seed + k)
                play: Play = respond(design.commitment, key)
                fresh = stream(key, Stream.CERTIFICATE)
                values.append(judging.value(design.commitment, play, fresh, _SAMPLES).value)
                regrets.append(_regret(judging, design, play, fresh))
            value[row, column], *interval[row, column] = mean_interval(np.array(values))
            regret[row, column] = max(regrets)
    return Evaluation(
        game,
        dict(rules),
        tuple(models),
        value,
        interval,
        regret,
        (True,) * len(models),
        None,
        "a rule that is a network has no exact optimum beside it",
        tuple(left_out),
        seeds,
        seed,
        time.perf_counter() - began,
    )


def _settled(problem: StackelbergPOMDP, rule: Commitment, key: Key[Array, ""]) -> Play:
    return problem.followers.strategy(problem.game, problem.respond(rule, key).state)


def networks_of(given: Sequence[object], code: Code) -> dict[str, NetworkDesign]:
    """Those of the things to evaluate whose rules are networks, by name."""
    named: dict[str, NetworkDesign] = {}
    for one in given:
        match one:
            case NetworkDesign():
                named["learned" if "learned" not in named else f"learned {len(named) + 1}"] = one
            case str() | Path() if files.is_folder(one) and is_network(one):
                run = Run.open(one)
                named[str(one)] = loaded_network(run, read_result(run), code)
    return named


def _check(model: Follower, game: Game) -> None:
    """Refuse models that reply to the listed game.

    Raises:
        InputError: they do, or cannot play the game.
    """
    model.check(game)
    if model.asks(game) == 1:
        raise InputError(f"{model.name} followers reply to the listed game; a network's is known by samples only.")


def _regret(judging: Judging, design: NetworkDesign, play: Play, key: Key[Array, ""]) -> float:
    """The largest gain as it was measured; NaN where the play is joint, and no follower has a strategy of its own."""
    try:
        play.tables_at(0)
    except TypeError:
        return float("nan")
    return judging.regrets(design.commitment, play, key, _SAMPLES).estimated
