"""Observed participants from a text table: a row each, a column for every follower, and maybe one of weights."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.evaluators.forms import check_acts
from firstmover.exact_numbers import exact
from firstmover.games.base import Game
from firstmover.interop.cells import Row, Sheet, read_sheet
from firstmover.json_types import JsonObject, Parsed

WEIGHT = "weight"


class Observed(NamedTuple):
    """Type profiles that were observed.

    Attributes:
        profiles: a type of each follower, as their numbers.
        weights: how much each row counts, positive.
    """

    profiles: Int[np.ndarray, "rows n"]
    weights: tuple[Fraction, ...]

    def __len__(self) -> int:
        return len(self.weights)

    def rows(self, chosen: Int[np.ndarray, "k"]) -> "Observed":
        """Some of the rows, by their numbers."""
        return Observed(self.profiles[chosen], tuple(self.weights[k] for k in np.asarray(chosen).tolist()))

    def joined(self, other: "Observed") -> "Observed":
        """These rows and others of the same followers."""
        return Observed(np.concatenate([self.profiles, other.profiles]), (*self.weights, *other.weights))

    def split(self, share: float, seed: int) -> tuple["Observed", "Observed"]:
        """The rows at random in two parts, of which the second has about this share, and each one row at least.

        Raises:
            InputError: the share does not lie between 0 and 1, or there is one row only.
        """
        if not 0 < share < 1:
            raise InputError(f"the share of rows that is held out must lie between 0 and 1; got {share}.")
        if len(self) < 2:
            raise InputError("there is one row only, so that none can be held out.")
        order = np.random.default_rng(seed).permutation(len(self))
        out = min(max(round(share * len(self)), 1), len(self) - 1)
        return self.rows(np.sort(order[out:])), self.rows(np.sort(order[:out]))

    def frequencies(self, n_types: Sequence[int]) -> np.ndarray:
        """How often every type profile was observed, fractions that sum to 1, in an array of objects [*n_types]."""
        joint = np.full(tuple(n_types), Fraction(0), object)
        for profile, weight in zip(self.profiles.tolist(), self.weights, strict=True):
            joint[tuple(profile)] += weight
        return joint / sum(self.weights)

    def distribution(self, like: TypeDistribution) -> TypeDistribution:
        """The distribution of types that these rows estimate: independent where that of the game is, else joint."""
        joint = self.frequencies(like.n_types)
        if all(table.ndim == 1 for table in like.tables):
            axes = range(joint.ndim)
            return TypeDistribution.independent([joint.sum(axis=tuple(a for a in axes if a != i)) for i in axes])
        return TypeDistribution.correlated(joint)

    def as_json(self) -> JsonObject:
        """As JSON values: rows that are the same once, with their number."""
        counts: dict[tuple[int | str, ...], int] = {}
        for profile, weight in zip(self.profiles.tolist(), self.weights, strict=True):
            key = (*profile, str(weight))
            counts[key] = counts.get(key, 0) + 1
        return {"rows": [[list(key[:-1]), key[-1], count] for key, count in counts.items()]}

    @classmethod
    def from_json(cls, stored: Parsed) -> "Observed":
        """From what `as_json` has written.

        Raises:
            InputError: it is something else.
        """
        try:
            rows = [(profile, Fraction(weight)) for profile, weight, count in stored["rows"] for _ in range(count)]
            return cls(np.array([profile for profile, _ in rows], np.int32), tuple(weight for _, weight in rows))
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            raise InputError("the rows that were held out are damaged; begin anew with 'design'.") from None


def read_types(path: str | Path, game: Game) -> Observed:
    """The observed types of a game's followers.

    The header has a column for every follower, called by what its types are (`Discrete(labels, word)`) or "follower 0"
    and so on, in any order, or by anything else in the followers' order; and maybe one called "weight". A cell is a
    label of a type, or its number.

    Raises:
        InputError: the file cannot be read, is of another form, or names a type that there is not; or the followers of
            the game have no types.
    """
    check_acts(game, ("once",), "a prior from data", "Their types must be what they know when they act.")
    if max(game.n_types) < 2:
        raise InputError(f"the followers of {game.name} have no private types, so there is no prior to estimate.")
    sheet = read_sheet(path)
    header, *rows = sheet.rows
    names = [cell.lower() for cell in header.cells]
    columns = [k for k, name in enumerate(names) if name != WEIGHT]
    n = game.n_followers
    if len(columns) != n or len(names) - n > 1:
        raise InputError(
            f"{path} must have {n} column(s), a type of each follower, and maybe one called weight; its header is "
            f"{', '.join(header.cells)}."
        )
    if not rows:
        raise InputError(f"{path} has a header and no rows; one row per observed participant is needed.")
    columns = _in_order(game, [names[k] for k in columns], columns)
    known = [_types_by_cell(game, i) for i in range(n)]
    profiles = [[_type(sheet, row, k, known[i], game, i) for i, k in enumerate(columns)] for row in rows]
    weights = [Fraction(1)] * len(rows)
    if WEIGHT in names:
        weights = [sheet.number(row, names.index(WEIGHT), WEIGHT) for row in rows]
        for row, weight in zip(rows, weights, strict=True):
            if weight <= 0:
                raise InputError(f"the weight in row {row.line} of {path} must be positive; got {weight}.")
    return Observed(np.array(profiles, np.int32), tuple(weights))


def _in_order(game: Game, names: list[str], columns: list[int]) -> list[int]:
    """The columns in the order of the followers: by what they are called where that says it."""
    for called in (game.player_labels()[1:], [space.word for space in game.knows]):
        wanted = [word.lower() for word in called]
        if sorted(wanted) == sorted(names) and len(set(wanted)) == len(wanted):
            return [columns[names.index(word)] for word in wanted]
    return columns


def _types_by_cell(game: Game, follower: int) -> dict[str | Fraction, int]:
    """What stands for each type in a cell: its label, or that number written otherwise, else its own number."""
    labels = [label.lower() for label in game.type_labels(follower)]
    known: dict[str | Fraction, int] = {str(t): t for t in range(len(labels))}
    for t, label in enumerate(labels):
        number = _as_number(label)
        known |= {label: t} if number is None else {label: t, number: t}
    return known


def _as_number(label: str) -> Fraction | None:
    try:
        return exact(label, "a type")
    except InputError:
        return None


def _type(sheet: Sheet, row: Row, column: int, known: dict[str | Fraction, int], game: Game, follower: int) -> int:
    cell: str | Fraction = row.cells[column].lower()
    if cell not in known:
        number = _as_number(row.cells[column])
        cell = cell if number is None else number
    if cell not in known:
        raise InputError(
            f"row {row.line} of {sheet.path}: {row.cells[column]!r} is no type of follower {follower}; "
            f"valid: {', '.join(game.type_labels(follower)[:20])}, or their numbers from 0."
        )
    return known[cell]
