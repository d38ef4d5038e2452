"""What was traced is written to a file, and the next process computes the same from it without tracing."""

from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from tiny_games import REGISTERED

from firstmover import Design, Discrete, Market, design
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.followers import Logit
from firstmover.games import NormalForm
from firstmover.jobs import programs, stored_programs
from firstmover.jobs.programs import traced_from
from firstmover.jobs.skeletons import NoSkeletonError, filled, skeleton
from firstmover.jobs.stored_programs import KEEP, lowered
from firstmover.leaders import RandomSearch

pytest.importorskip("flatbuffers")
LEADER = RandomSearch(updates=3, episodes=10)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = jax.config.jax_compilation_cache_dir
    monkeypatch.setenv(KEEP, "1")
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    yield tmp_path / "programs"
    jax.config.update("jax_compilation_cache_dir", before)


def _made(payoff: float = 2.0) -> Design:
    programs._KEPT.clear()  # as another process begins
    tables = np.array([[payoff, 4.0], [1.0, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    game = NormalForm(*tables, commitment="mixed")
    return design(game, leader=LEADER, followers=Logit(), seeds=2, optimum=False)


def test_the_next_process_computes_the_same_and_traces_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _made()
    assert len(list(folder.iterdir())) == 3  # the start, updates, and how the followers settle
    monkeypatch.setattr(stored_programs, "_traced", None)
    _same(_made(), first)


@pytest.mark.slow
def test_what_is_stored_computes_what_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = _made()
    monkeypatch.setenv(KEEP, "0")
    _same(_made(), stored)


def _same(one: Design, other: Design) -> None:
    assert one.values.tolist() == other.values.tolist()
    assert all(map(np.array_equal, one.history, other.history))
    assert all(map(np.array_equal, *map(jax.tree.leaves, (one.plays, other.plays))))
    assert jax.tree.structure(one.plays) == jax.tree.structure(other.plays)


def _lowered(times: int, key: object, number: float = 1.0) -> float:
    traced = []

    def program(number: jax.Array) -> dict[str, jax.Array]:
        traced.append(1)
        return {"twice": number * 2 * times}

    result = lowered(key, "program", program, (number,)).compile()(number)
    return float(result["twice"]) + 0.5 * len(traced)


def test_a_damaged_file_is_traced_anew_and_another_key_is_another_program(folder: Path) -> None:
    assert _lowered(1, ("key", 1)) == 2.5
    assert _lowered(1, ("key", 1)) == 2.0
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:100] + b"x" + whole[101:], b"", b"\n\n\n"):
        path.write_bytes(damaged)
        assert _lowered(1, ("key", 1)) == 2.5
        assert _lowered(1, ("key", 1)) == 2.0
    assert _lowered(3, ("key", 3)) == 6.5
    assert _lowered(1, ("key", 1), number=2) == 4.5  # a whole number is another kind of argument
    assert _lowered(1, None) == 2.5
    assert _lowered(1, (object(),)) == 2.5
    assert len(list(folder.iterdir())) == 3


def test_what_others_wrote_is_never_stored(folder: Path) -> None:
    class Shop(Market):
        def __init__(self) -> None:
            buys = Discrete(["no", "yes"], "buys")
            super().__init__(
                types=Discrete(["one"], "buyer"), prior=[1.0], acts=buys, decides=Discrete(["a", "b"], "does")
            )

        def payoff(self, buyer, buys, does):
            return buys, buys * does

    own = StackelbergPOMDP(Shop(), Logit())
    assert traced_from(own, LEADER) is None
    for game in REGISTERED.values():
        key = traced_from(game)
        assert stored_programs._path(key, "program", ()) is not None, game.name


@pytest.mark.parametrize("words", ["('class', 'os', 'system', {})", "('code', 'x')", "__import__('os')", "1 +"])
def test_words_that_are_no_skeleton_make_nothing(words: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        filled(words)


def test_a_skeleton_is_that_of_the_tree_or_there_is_none() -> None:
    with pytest.raises(NoSkeletonError):
        skeleton(programs._Itself(0))
    tree = {"a": (np.zeros(2), None, [1.0])}
    assert jax.tree.structure(filled(skeleton(tree))) == jax.tree.structure(tree)
