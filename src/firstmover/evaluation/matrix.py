"""The behaviour matrix: what rules of a game are worth if its followers are otherwise than was thought.

Every rule meets every model of the followers, in the same response seeds: the chance of a response, and of what is
sampled, is common to all cells of a seed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from firstmover.errors import InputError, require
from firstmover.evaluation.behaviours import label
from firstmover.evaluation.cells import Asked, Cell, Kept, Off, computed, key
from firstmover.evaluation.compared import NO_PARTS, Given, rules_of, stored
from firstmover.evaluation.compared import optimum as optimum_of
from firstmover.evaluation.compared import status_quo as status_quo_of
from firstmover.evaluation.estimates import MADE_FOR, ExactFares, PayoffErrors
from firstmover.evaluation.evaluations import STATUS_QUO, Evaluation, Held, OnRows, WhenOff
from firstmover.evaluation.networks import evaluate_networks, networks_of
from firstmover.evaluation.responses import Responses, models_for
from firstmover.evaluators.aims import constraints, holds
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.observed import Evidence, Rows, estimated
from firstmover.jobs.status_quo import StatusQuo, against
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import linear_form
from firstmover.wording import told_apart

OPTIMUM_SECONDS = 10.0  # what the exact optimum beside the rules may take


def evaluate(
    *given: Given,
    rules: Mapping[str, Rule] | None = None,
    followers: Sequence[Follower | str] = ("all",),
    seeds: int = 20,
    seed: int = 0,
    optimum_seconds: float | int = OPTIMUM_SECONDS,
    payoffs: PayoffErrors | None = None,
    status_quo: StatusQuo | None = None,
    types: Rows | None = None,
    holdout: Rows | float | None = None,
    holdout_seed: int = 0,
    at_least: Sequence[str] = (),
    keep: Path | None = None,
    progress: Callable[[str], None] | None = None,
    code: Code = None,
) -> Evaluation:
    """What rules of a game are worth under several models of its followers.

    The game's status quo joins the rules where one is known, and so does the exact optimum where it is soon found, or
    the best rule that `solve` finds; of one that rests on ties also the rule with a margin (see `solve`).

    Args:
        given: run folders, rule files, designs, rules; or a game alone. All are of the same game; where rules are
            networks, all are.
        rules: more rules, by name.
        followers: the models, or names of models at their defaults; "all" stands for all of `behaviours.presets` that
            can play the game.
        seeds: of the responses, at least 1.
        seed: the first of them.
        optimum_seconds: what the exact optimum may take; at 0 it is left out.
        payoffs: how payoffs may be off: what the rules are worth then stands beside their values, and the rules that
            are best for it, on average and at worst, join them where the game has one follower.
        status_quo: what has to be beaten in place of the game's own status quo: a rule, a rule file or a run folder.
        types: observed participants, or a file of them: the prior is estimated from them.
        holdout: the share of those rows that is kept out and on which the rules are valued, or other rows, or a file.
        holdout_seed: of the rows that are kept out.
        at_least: constraints "MEASURE=NUMBER", and whether the rules keep them.
        keep: a file in which cells are kept as soon as they are computed; those that are there are not computed again.
        progress: told how far it is, and how many seconds are left.
        code: the file of a user's own game, which is executed.

    Raises:
        InputError: a rule cannot be read, or is for another game; a model that was named cannot play it, or none can; a
            number is out of range.

    Example:
        >>> from firstmover.games import Maintain
        >>> evaluation = evaluate(Maintain("mixed"), followers=["best-response", "logit"])
        >>> evaluation.names
        ['status quo', 'optimum', 'optimum with a margin']
        >>> [round(float(value)) for value in evaluation.worst]
        [20, 17, 17]
    """
    began = time.perf_counter()
    require(seeds >= 1, "seeds must be at least 1", seeds)
    require(seed >= 0, "seed must be a whole number from 0", seed)
    require(optimum_seconds >= 0, "the seconds for the optimum must be 0 or more", optimum_seconds)
    networks = networks_of(given, code)
    if networks:
        beside = (payoffs, status_quo, types, holdout)
        if len(networks) < len(given) or rules or at_least or any(part is not None for part in beside):
            raise InputError(NO_PARTS)
        return evaluate_networks(networks, followers, seeds, seed, progress)
    named, game = rules_of(given, rules or {}, code)
    game, evidence = estimated(game, types, holdout, seed=holdout_seed)
    named = [(name, _with_prior(rule, evidence)) for name, rule in named]
    rival = status_quo_of(against(game, status_quo))
    if rival is not None:
        named.append((STATUS_QUO, rival[1]))
    optimum_reason = None
    if optimum_seconds:
        if progress is not None:
            progress("looking for the exact optimum")
        solved, optimum_reason = optimum_of(game, float(optimum_seconds))
        named += solved
    if payoffs is not None:
        game.payoff_tables()  # refuses a game that has none
        named += _made_for(game, payoffs, [rule for _, rule in named], progress)
    if not named:
        raise InputError(f"there is no rule to evaluate: {game.name} has no status quo and no optimum that is known.")
    anew = [Rule(rule.game.drawn_anew(), rule.actions) for _, rule in named]  # no rule by the types it was learnt from
    matrix = dict(zip(told_apart([name for name, _ in named]), anew, strict=True))
    models, left_out = models_for(followers, list(matrix.values()))
    asked = Asked(payoffs, constraints(at_least), evidence.held)
    before, since, cells = Kept(keep), time.perf_counter(), list[list[Cell]]()
    for column, model in enumerate(models):
        responses: dict[str, Responses] = {}
        cells.append([])
        for row, (name, rule) in enumerate(matrix.items()):
            own = key(rule, build.description(model), seeds, seed, asked)
            cell = before.get(own)
            if cell is None:
                what = f"{name} under {label(model)}"
                _tell(progress, since, column * len(matrix) + row, len(matrix) * len(models), what)
                game_key = stored(rule.game)
                if game_key not in responses:
                    responses[game_key] = Responses(rule.game, model, seeds, seed)
                cell = computed(responses[game_key], rule, asked)
                before.put(own, cell)
            cells[-1].append(cell)
    return Evaluation(
        game,
        matrix,
        tuple(models),
        _table(cells, lambda cell: cell.value),
        _table(cells, lambda cell: cell.interval),
        _table(cells, lambda cell: cell.regret),
        tuple(any(cell.sampled for cell in column) for column in cells),
        None if rival is None else rival[0],
        optimum_reason,
        tuple(left_out),
        seeds,
        seed,
        time.perf_counter() - began,
        _when_off(asked, cells),
        _held_to(game, asked, cells),
        _on_rows(asked, cells),
    )


Cells = Sequence[Sequence[Cell]]  # by model, then by rule


def _table(cells: Cells, number: Callable[[Cell], Sequence[float] | float]) -> np.ndarray:
    """A number of every cell, [rules, models, ...]."""
    return np.array([[number(cell) for cell in column] for column in cells], float).swapaxes(0, 1)


def _when_off(asked: Asked, cells: Cells) -> WhenOff | None:
    if asked.errors is None:
        return None

    def off(cell: Cell) -> Off:
        assert cell.off is not None
        return cell.off

    parts = (lambda cell: off(cell).mean, lambda cell: off(cell).interval, lambda cell: off(cell).worst)
    return WhenOff(asked.errors, *(_table(cells, part) for part in parts))


def _held_to(game: Game, asked: Asked, cells: Cells) -> tuple[Held, ...]:
    found = []
    for k, own in enumerate(asked.least):
        value = _table(cells, lambda cell, k=k: cell.measures[k])  # type: ignore[misc]
        found.append(Held(own.measure, own.least, value, np.asarray(holds(game, own, value), bool)))
    return tuple(found)


def _on_rows(asked: Asked, cells: Cells) -> OnRows | None:
    if asked.held is None:
        return None

    def held(cell: Cell) -> tuple[float, tuple[float, float]]:
        assert cell.held is not None
        return cell.held

    return OnRows(len(asked.held), _table(cells, lambda cell: held(cell)[0]), _table(cells, lambda cell: held(cell)[1]))


def _with_prior(rule: Rule, evidence: Evidence) -> Rule:
    """The rule in its game with the prior that the rows estimate, if there are some."""
    if evidence.rows is None:
        return rule
    return Rule(rule.game.with_types(evidence.rows.distribution(rule.game.types)), rule.actions)


def _made_for(
    game: Game, errors: PayoffErrors, known: Sequence[Rule], progress: Callable[[str], None] | None
) -> list[tuple[str, Rule]]:
    """The rules that are best on average and at worst if payoffs are off; none where they cannot be looked for."""
    if linear_form(game) is None:
        return []
    if progress is not None:
        progress("looking for the rules that are best if payoffs are off")
    fares = ExactFares(game, errors)
    starts = [rule.actions[0] for rule in known if stored(rule.game) == stored(game)]
    return [(name, Rule(game, fares.best(by, starts)[None]).as_told()) for name, by in MADE_FOR.items()]


def _tell(progress: Callable[[str], None] | None, since: float, done: int, total: int, what: str) -> None:
    if progress is not None:
        left = f", {(time.perf_counter() - since) / done * (total - done):.0f} s left" if done else ""
        progress(f"cell {done + 1} of {total}: {what}{left}")
