"""The rules that an evaluation compares, all of one game: the given ones, the status quo and the exact optimum."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from firstmover import files
from firstmover.deadline import within
from firstmover.errors import NO_NUMBER, InputError
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.finished import Design
from firstmover.jobs.network_designs import NetworkDesign
from firstmover.jobs.records import read_result
from firstmover.jobs.runs import Run
from firstmover.jobs.solutions import solve
from firstmover.rules.rule import Rule
from firstmover.rules.rule_files import read_rule_file
from firstmover.solvers.registry import baseline

NO_PARTS = (
    "rules that are networks are compared with each other only, without --payoffs, --status-quo, data and constraints: "
    "their markets are too large for rules that are written out."
)

Given = Game | Design | NetworkDesign | Rule | str | Path


def rules_of(given: Sequence[Given], more: Mapping[str, Rule], code: Code) -> tuple[list[tuple[str, Rule]], Game]:
    """The rules with their names, and the game that they are for.

    Raises:
        InputError: see `evaluate`.
    """
    named: list[tuple[str, Rule]] = []
    games: list[Game] = []
    words: list[str] = []
    for one in given:
        match one:
            case Game():
                games.append(one)
            case Design():
                named.append(("learned", one.rule.as_told()))
            case Rule():
                named.append(("rule", one.as_told()))
            case NetworkDesign():
                raise InputError(NO_PARTS)
            case str() if not files.exists(one):
                words.append(one)
            case _:
                named.append((str(one), read_rule(one, code)))
    known = games[:1] or [rule.game for _, rule in named[:1]]
    named += [(word, _by_name(word, known, code)) for word in words]
    named += [(name, rule.as_told()) for name, rule in more.items()]
    if not games and not named:
        raise InputError("evaluate needs a run, a rule file, a rule or a game.")
    game = games[0] if games else named[0][1].game
    for name, rule in named:
        if not _fits(game, rule) and (games or not _fits(rule.game, named[0][1])):
            raise InputError(f"{name} is a rule for another game than {game!r}; rules are compared in one game.")
    if any(stored(other) != stored(game) for other in games):
        raise InputError("rules are compared in one game; several were given.")
    return named, game


def _by_name(word: str, known: Sequence[Game], code: Code) -> Rule:
    """The rule that goes by this name in the game, if one is known and has one; else it names no file."""
    actions = known[0].rule_named(word) if known else None
    return read_rule(word, code) if actions is None else Rule(known[0], actions)


def _fits(game: Game, rule: Rule) -> bool:
    """Whether the rule is one of this game, if need be with decisions that are off its grid."""
    return stored(game.playing(rule.entries)) == stored(rule.game)


def stored(game: Game) -> str:
    """What tells one game from another: its name and parameters."""
    return json.dumps(build.description(game), sort_keys=True)


def read_rule(path: str | Path, code: Code) -> Rule:
    """The best rule of a finished run, or the rule of a file."""
    if not files.is_folder(path):
        return read_rule_file(path, code)[0]
    run = Run.open(path)
    read_result(run)  # refuses what is unfinished, damaged or edited
    return read_rule_file(run.path / "result.json", code)[0]


def status_quo(game: Game) -> tuple[str, Rule] | None:
    """What the game's baseline is, and its rule, maybe with other settings of the game; None if it has none."""
    try:
        name, other, actions = baseline(game)
    except NO_NUMBER:
        return None
    return name, Rule(other, actions)


def optimum(game: Game, seconds: float) -> tuple[list[tuple[str, Rule]], str | None]:
    """The exact optimum, and the rule that leaves no tie where it rests on some; or why it is not there.

    Where a search found a rule that it could not prove to be the best, that rule.
    """
    try:
        solution = within(seconds, lambda: solve(game, time_limit=seconds))
    except NO_NUMBER as why:
        return [], str(why)
    except TimeoutError:
        return [], f"it takes more than {seconds:g} s."
    reason = None if solution.value is not None else "no rule is proved to be the best."
    if solution.rule is None:
        return [], reason
    played = game if solution.game is None else solution.game
    solved = [("optimum" if reason is None else "best found", solution.rule)]
    if solution.margin is not None:
        solved.append((f"{solved[0][0]} with a margin", solution.margin.rule))
    return [(name, Rule.read(played, entries)) for name, entries in solved], reason
