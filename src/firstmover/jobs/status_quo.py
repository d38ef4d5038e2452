"""The rule that others have to beat, where somebody names one in place of the game's own."""

from collections.abc import Sequence
from pathlib import Path

from firstmover import files
from firstmover.errors import InputError
from firstmover.exact_numbers import read_json
from firstmover.games.base import Game
from firstmover.games.entries import read_entries
from firstmover.jobs.runs import Run
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule

StatusQuo = Rule | str | Path | Sequence[JsonObject]


def against(game: Game, named: StatusQuo | None) -> Game:
    """The game with this rule as its status quo; as it is if none is named.

    Args:
        game: the game.
        named: a rule, its entries, a rule file, a run folder, or the name of a rule of this game. Of a file only the
            entries count: it may have been written for the same game with another prior.

    Raises:
        InputError: it is no rule, or no rule of this game.
    """
    if named is None:
        return game
    if isinstance(named, str) and not files.exists(named):
        by_name = game.rule_named(named)
        if by_name is not None:
            return game.against(game, by_name)
    try:
        other, actions = read_entries(game, _entries(game, named))
    except InputError as why:
        raise InputError(f"the status quo is no rule of {game.name}: {why}") from None
    return game.against(other, actions)


def status_quo_named(game: Game) -> JsonObject:
    """What a run folder records of a status quo that was named; nothing where none was."""
    if game.named_status_quo is None:
        return {}
    return {"status_quo": Rule(*game.named_status_quo).entries}


def _entries(game: Game, named: StatusQuo) -> object:
    match named:
        case Rule():
            return named.entries
        case str() | Path():
            path = Run.open(named).path / "result.json" if files.is_folder(named) else Path(named)
            content = files.read_json(path, f"{path} is not JSON.", read_json)
            if not isinstance(content, dict) or "rule" not in content:
                raise InputError(f"{path} is not a rule file: it has no 'rule'.")
            whose = content.get("game")
            name = whose.get("name") if isinstance(whose, dict) else whose
            if str(name).rpartition(":")[2] != game.name.rpartition(":")[2]:
                raise InputError(f"{path} has a rule of {name}.")
            return content["rule"]
    return named
