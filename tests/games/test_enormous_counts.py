"""Counts that nothing can be listed for are refused before anything is listed."""

import contextlib

import pytest

from firstmover import catalogue
from firstmover.errors import InputError
from firstmover.jobs import build

ENORMOUS = [
    ("agrawal", "messages"),
    ("simple-allocation", "messages"),
    ("simple-allocation", "items"),
    ("matrix-design", "max_payment"),
    ("patrol", "length"),
    ("iterated-matrix", "steps"),
    ("toll", "drivers"),
    ("toll", "levels"),
    *(("sequential-price", what) for what in ("agents", "items", "messages", "types", "units")),
]


@pytest.mark.parametrize(("game", "parameter"), ENORMOUS)
@pytest.mark.parametrize("count", ["99999999", "1000000000000"])
def test_an_enormous_count_is_a_sentence_at_once(game: str, parameter: str, count: str) -> None:
    with pytest.raises(InputError, match="at most"):
        build.game_from(game, {parameter: count})


@pytest.mark.parametrize("game", catalogue.items("game"))
def test_no_whole_number_of_any_game_is_listed_without_a_limit(game: str) -> None:
    """What is listed unasked ends in a MemoryError, at once for so many."""
    for name, parameter in catalogue.item("game", game).parameters.items():
        if "whole number" in parameter.kind:
            with contextlib.suppress(InputError):
                build.game_from(game, {name: "1000000000000"})


def test_counts_that_are_used_stay() -> None:
    assert build.game_from("sequential-price", {"types": "40", "items": "3", "prices": "5"}).n_types == (64_000,) * 2
    assert build.game_from("iterated-matrix", {"steps": "100000"}).horizon == 100_000
