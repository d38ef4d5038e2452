"""Numbers keep the digits that tell them apart, nothing is 0, and names differ."""

import inspect
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firstmover.cli import main
from firstmover.wording import defaults_of, told_apart, written

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (2 / 3, 0, 1, "0.666667"),
        (27.48230001, 0, 30, "27.4823"),
        (1e7 + 2.4823, 1e7, 1e7 + 3, "10000002.4823"),
        (-1e7 + 2.5, -1e7, -1e7 + 3, "-9999997.5"),
        (-1.77e-12, 0, 10, "0"),
        (-1.77e-12, 0, 1, "0"),
        (1.77e-12, 0, 4e-12, "1.77e-12"),
        (0.0, 0, 0, "0"),
        (-0.0, 0, 1, "0"),
        (2.5, -1e12, 3, "2.5"),
        (2.5e38, 0, 3e38, "2.5e+38"),
        (5.0, 5, 5, "5"),
        (1 / 3, 0, 0, "0.333333"),
    ],
)
def test_numbers_keep_what_matters(value: float, low: float, high: float, shown: str) -> None:
    assert written(value, low, high) == shown


@given(some.floats(-1e9, 1e9), some.floats(1e-3, 1e3), some.floats(0, 1), some.floats(0, 1))
def test_what_differs_by_a_ten_thousandth_of_the_range_is_shown_to_differ(low, span, one, other) -> None:
    values = [low + share * span for share in (one, other)]
    shown = [written(value, low, low + span) for value in values]
    for value, text in zip(values, shown, strict=True):
        assert math.isclose(float(text), value, rel_tol=0, abs_tol=1e-5 * span + 1e-14 * abs(low))
    if abs(values[0] - values[1]) > 1e-4 * span:
        assert shown[0] != shown[1]


@given(some.lists(some.text(some.sampled_from("A(12) \n\x1b"), max_size=6), max_size=6))
def test_names_are_told_apart_and_stay_as_they_are(names: list[str]) -> None:
    labels = told_apart(names)
    assert len(set(labels)) == len(names)
    assert all(label.isprintable() and label for label in labels)
    assert told_apart(labels) == labels


def test_an_offset_shows_the_difference(capsys: pytest.CaptureFixture) -> None:
    assert main(["solve", str(CASES / "offset_1e7.nfg"), "-g", "commitment=mixed"]) == 0
    assert "optimum    10000002.5" in capsys.readouterr().out


def test_strategies_without_names_have_numbers(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    assert main(["solve", str(CASES / "unnamed_strategies.nfg"), "-g", "commitment=mixed"]) == 0
    out = capsys.readouterr().out
    assert "Play 1 with probability 0.5000, 2 with probability 0.5000." in out
    equal = tmp_path / "equal.nfg"
    equal.write_text((CASES / "unnamed_strategies.nfg").read_text().replace('{ "" "" }', '{ "a\nb" "a\nb" }'))
    assert main(["solve", str(equal), "-g", "commitment=mixed"]) == 0
    assert r"Play a\nb (1) with probability 0.5000, a\nb (2) with" in capsys.readouterr().out


def test_parameters_are_those_of_the_constructor_whatever_else_makes_an_object() -> None:
    class Noting:
        def __new__(cls, *args, **kwargs):
            return super().__new__(cls)

        def __init__(self, rounds: int, rate: float = 0.5, *rest, **others): ...

    assert defaults_of(Noting) == {"rounds": inspect.Parameter.empty, "rate": 0.5}
