"""One cell of the behaviour matrix, and cells that were computed before and are kept in a file."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from firstmover import files
from firstmover.errors import InputError
from firstmover.evaluation.estimates import Fares, PayoffErrors
from firstmover.evaluation.responses import Responses
from firstmover.evaluators.aims import AtLeast
from firstmover.interop.observed_types import Observed
from firstmover.jobs.runs import versions
from firstmover.json_types import Json, JsonObject
from firstmover.rules.rule import Rule

_FORMAT = 1

Interval = tuple[float, float]


class Asked(NamedTuple):
    """What is asked of every cell beside its value.

    Attributes:
        errors: how payoffs may be off, or None.
        least: measures, and what they have to be at least.
        held: rows that were held out, or None.
    """

    errors: PayoffErrors | None = None
    least: tuple[AtLeast, ...] = ()
    held: Observed | None = None

    def as_json(self) -> list[object]:
        """What tells one from another."""
        return [self.errors, [own.measure for own in self.least], None if self.held is None else self.held.as_json()]


class Off(NamedTuple):
    """A rule when payoffs are off: the mean over draws with its interval, and the worst of them."""

    mean: float
    interval: Interval
    worst: float


class Cell(NamedTuple):
    """What one rule is worth under one model; NaN for what is not known.

    Attributes:
        value: the leader's expected payoff, the mean over response seeds.
        interval: its 95 % interval over response seeds.
        regret: the most that a type of a follower could gain by deviating.
        sampled: whether the value is the mean of sampled sub-episodes.
        off: the same when payoffs are off, where that was asked for.
        measures: those that were asked for, means over response seeds.
        held: the value on rows that were held out, with its interval over rows, where there are some.
    """

    value: float
    interval: Interval
    regret: float
    sampled: bool
    off: Off | None = None
    measures: tuple[float, ...] = ()
    held: tuple[float, Interval] | None = None


def computed(responses: Responses, rule: Rule, asked: Asked) -> Cell:
    """The cell of a rule under the model of these responses."""
    value, interval, regret, plays = responses.cell(rule)
    off = None
    if asked.errors is not None:
        fares = Fares.over(value, responses.when_off(rule, asked.errors))
        off = Off(fares.mean, fares.interval, fares.worst)
    measures = responses.measured(rule, plays, [own.measure for own in asked.least]) if asked.least else ()
    held = None if asked.held is None else responses.on_rows(rule, plays, asked.held)
    return Cell(value, interval, regret, responses.sampled, off, measures, held)


class Kept:
    """Cells in a file, which is written anew after each; a file of another version counts for nothing."""

    def __init__(self, path: Path | None):
        """The cells of a file; none yet if there is no such file, or no path.

        Raises:
            InputError: the file is none of cells.
        """
        self.path, self.cells = path, dict[str, Json]()
        if path is None or not files.exists(path):
            return
        stored = files.read_json(path, f"{path} holds no cells of a behaviour matrix: it is not JSON.")
        if not isinstance(stored, dict) or not isinstance(stored.get("cells"), dict) or "format" not in stored:
            raise InputError(f"{path} holds no cells of a behaviour matrix; name another file.")
        if (stored["format"], stored.get("versions")) == (_FORMAT, versions()):
            self.cells = stored["cells"]

    def get(self, key: str) -> Cell | None:
        """A cell, if it is there."""
        stored = self.cells.get(key)
        try:
            return None if stored is None else _read(stored)
        except (KeyError, TypeError, ValueError):
            return None  # it is computed again

    def put(self, key: str, cell: Cell) -> None:
        """Keep a cell."""
        if self.path is not None:
            self.cells[key] = _told(cell)
            files.write_json(self.path, {"format": _FORMAT, "versions": versions(), "cells": self.cells})


def _told(cell: Json) -> Json:
    """A cell as JSON values; null for NaN."""
    if isinstance(cell, tuple):
        return [_told(part) for part in cell]
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _read(stored: Any) -> Cell:
    value, interval, regret, sampled, off, measures, held = stored
    return Cell(
        _number(value),
        _ends(interval),
        _number(regret),
        bool(sampled),
        None if off is None else Off(_number(off[0]), _ends(off[1]), _number(off[2])),
        tuple(map(_number, measures)),
        None if held is None else (_number(held[0]), _ends(held[1])),
    )


def _number(stored: float | int | None) -> float:
    return math.nan if stored is None else float(stored)


def _ends(stored: Sequence[float | int | None]) -> Interval:
    low, high = stored
    return _number(low), _number(high)


def key(rule: Rule, model: JsonObject, seeds: int, seed: int, asked: Asked) -> str:
    """What tells a cell from others."""
    return json.dumps([rule.as_file(), model, seeds, seed, asked.as_json()], sort_keys=True, default=str)
