"""Followers written outside reply like those that are built in, and what is wrong with them is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.games import Maintain, MatrixDesign, SimpleAllocation
from firstmover.interop.host_followers import Facing, HostFollower
from firstmover.jobs.designs import design
from firstmover.leaders import CommitmentGradient

FEW = CommitmentGradient(updates=6, episodes=10, restarts=1)


def best(facing: Facing) -> list[np.ndarray]:
    """The best reply of one follower without types."""
    return [facing.payoffs[0].argmax(axis=-1)]


def truthful(facing: Facing) -> list[np.ndarray]:
    """Either type says which it is."""
    assert facing.payoffs[0].shape == (2, 2) and facing.decisions.shape == (2,)
    return [np.eye(2)]


def both_first(facing: Facing) -> list[np.ndarray]:
    """Payoffs of two are [type profiles, actions, actions]."""
    assert [part.ndim for part in facing.payoffs] == [3, 3]
    return [np.zeros(1, int), np.zeros(1, int)]


@pytest.mark.slow
def test_a_best_reply_in_numpy_leads_to_the_optimum_and_is_certified() -> None:
    made = design(Maintain(), followers=HostFollower(best), leader=FEW, seeds=2)
    assert made.value == 20 and made.certificate["epsilon"]["max"] == pytest.approx(0, abs=1e-6)
    stubborn = design(
        Maintain(), followers=HostFollower(lambda facing: [np.array([[0.0, 0.5, 0.5]])]), leader=FEW, seeds=1
    )
    assert stubborn.certificate["epsilon"]["max"] > 1


@pytest.mark.slow
def test_types_and_several_followers() -> None:
    made = design(SimpleAllocation(2, 2), followers=HostFollower(truthful), leader=FEW, seeds=1)
    assert made.play.by_step(made.game)[0].reshape(2, 2).tolist() == [[1, 0], [0, 1]]
    made = design(MatrixDesign(), followers=HostFollower(both_first), leader=FEW, seeds=1)
    assert [table.ravel()[0] for table in made.play.by_step(made.game)] == [1, 1]


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (lambda facing: [np.array([3])], "action \\[3\\] of 3"),
        (lambda facing: [np.array([[0.2, 0.2, 0.2]])], "probabilities of shape"),
        (lambda facing: np.zeros(1), "must return a list"),
        (lambda facing: [][0], "reply of <lambda> fails"),
        (None, "needs a function"),
    ],
)
def test_replies_that_are_none(reply: Callable[[Facing], Any] | None, sentence: str) -> None:
    followers = HostFollower(reply)
    with pytest.raises(InputError, match=sentence):
        followers._replied(Maintain(), (np.ones((1, 3), bool),), np.zeros(1, np.int32), np.zeros((3, 1)))


@pytest.mark.slow
def test_what_goes_wrong_while_learning_is_told_in_a_sentence() -> None:
    with pytest.raises(InputError, match="reply of <lambda> fails: line"):
        design(Maintain(), followers=HostFollower(lambda facing: [][0]), leader=FEW, seeds=1)


OWN = """
import dataclasses

from firstmover.interop.host_followers import HostFollower


@dataclasses.dataclass(frozen=True, repr=False)
class Best(HostFollower):
    '''The best reply.'''

    def reply(self, facing):
        return [facing.payoffs[0].argmax(axis=-1)]
"""


@pytest.mark.slow
def test_from_the_command_line_with_stated_calls(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN)
    few = ["-l", "updates=3", "-l", "episodes=10", "-l", "restarts=1", "--seeds", "1"]
    assert main(["design", "maintain", "--followers", "mine.py:Best", *few, "--out", "run"]) == 0
    said = capsys.readouterr()
    assert "will be called at most" in said.err and "value      20" in said.out
    assert main(["resume", "run", "--code", "mine.py"]) == 0
    capsys.readouterr()
    assert main(["design", "maintain", "--followers", "mine.py:Best", *few, "--max-calls", "10"]) == 2
    assert "more than --max-calls 10" in capsys.readouterr().err
