"""The prior of a game from observed participants, some of whom may be held out."""

from pathlib import Path
from typing import NamedTuple

from firstmover import files
from firstmover.errors import InputError
from firstmover.evaluators.aims import check_radius
from firstmover.exact_numbers import number
from firstmover.games.base import Game
from firstmover.interop.observed_types import Observed, read_types
from firstmover.json_types import JsonObject, Parsed

Rows = Observed | str | Path


class Evidence(NamedTuple):
    """What a rule is held against beside its prior.

    Attributes:
        held: rows that were held out, or None.
        radius: total-variation distance within which the prior may be off, or None.
        rows: those that the prior was estimated from, or None.
    """

    held: Observed | None = None
    radius: float | None = None
    rows: Observed | None = None

    def as_json(self) -> JsonObject:
        """What a run folder records of it; nothing where there is none."""
        rows = {} if self.held is None else {"held_out": self.held.as_json()}
        rows |= {} if self.rows is None else {"observed": self.rows.as_json()}
        return rows | ({} if self.radius is None else {"robust": self.radius})

    @classmethod
    def from_json(cls, config: Parsed) -> "Evidence":
        """As it was recorded.

        Raises:
            InputError: the record is damaged.
        """
        held, rows = (
            None if stored is None else Observed.from_json(stored)
            for stored in (config.get("held_out"), config.get("observed"))
        )
        return cls(held, config.get("robust"), rows)


NO_EVIDENCE = Evidence()


def estimated(
    game: Game,
    types: Rows | None = None,
    holdout: Rows | float | None = None,
    *,
    robust: float | None = None,
    seed: int = 0,
) -> tuple[Game, Evidence]:
    """The game whose prior these rows estimate, and what its rule is to be held against.

    Args:
        game: the game.
        types: observed participants, or a file of them; the game keeps its prior if not given.
        holdout: the share of the rows that is kept out, drawn with `seed`, or other rows, or a file of them.
        robust: total-variation distance within which the prior may be off.
        seed: of the rows that are kept out.

    Raises:
        InputError: a file cannot be read or does not fit the game, or a number is out of range.
    """
    if game.draws_types and (types, holdout, robust) != (None, None, None):
        raise InputError(
            f"the types of {game.name} are drawn; a prior from data, rows to hold out and robust need a list."
        )
    if types is None and isinstance(holdout, float):
        raise InputError("a share of rows to hold out needs the rows: give --types, or a file of rows to --holdout.")
    rows = None if types is None else _read(types, game)
    held = None
    if isinstance(holdout, float):
        assert rows is not None
        rows, held = rows.split(holdout, seed)
    elif holdout is not None:
        held = _read(holdout, game)
    if rows is not None:
        game = game.with_types(rows.distribution(game.types))
    if robust is not None:
        check_radius(game, robust)
    return game, Evidence(held, robust, rows)


def share_or_file(text: str | None) -> float | str | None:
    """What `--holdout` is given: the name of a file where there is one, else a share.

    Raises:
        InputError: it is neither.
    """
    if text is None or files.exists(text):
        return text
    if text.lower().endswith((".csv", ".tsv", ".txt")):
        raise InputError(f"there is no file {text} of rows to hold out.")
    return number(text, "--holdout")


def _read(rows: Rows, game: Game) -> Observed:
    return read_types(rows, game) if isinstance(rows, str | Path) else rows
