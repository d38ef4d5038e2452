"""Counts that nothing can be listed for are refused before anything is listed."""

import contextlib

import jax
import pytest

from firstmover import catalogue, cli
from firstmover.cli.commands import solve
from firstmover.errors import InputError
from firstmover.followers import Exp3
from firstmover.jobs import build
from firstmover.json_types import Json

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


@pytest.mark.parametrize("kind", ["followers", "leader"])
def test_no_whole_number_of_a_learner_is_more_than_programs_count_to(kind: str) -> None:
    tried = 0
    for name, item in catalogue.items(kind).items():
        needed = {key: "x.npz" for key, parameter in item.parameters.items() if parameter.default == ""}
        for key, parameter in item.parameters.items():
            if "whole number" in parameter.kind:
                tried += 1
                with pytest.raises(InputError, match=key):
                    build.item_from(kind, name, needed | {key: "1000000000000"})
    assert tried > 20


def test_a_learner_made_in_python_counts_as_far() -> None:
    with pytest.raises(InputError, match="rounds must be at most 1000000000"):
        build.given("followers", Exp3(rounds=10**12))


def test_no_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def run(options: object) -> tuple[Json, str]:
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 2559999974400 bytes.")

    monkeypatch.setattr(cli, "COMMANDS", [solve.COMMAND._replace(run=run)])
    assert cli.main(["solve", "simple-allocation"]) == 2
    assert capsys.readouterr().err == "firstmover: this takes more memory than there is.\n"
