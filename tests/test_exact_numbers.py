"""Numbers that users give: what is read, what is refused, and that nothing of it is lost."""

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstmover.errors import InputError
from firstmover.exact_numbers import exact, probabilities, read_json, table, whole, written


@pytest.mark.parametrize(
    ("text", "number"),
    [("1/3", Fraction(1, 3)), ("-2.5", Fraction(-5, 2)), ("1e-3", Fraction(1, 1000)), (" +.5 ", Fraction(1, 2))],
)
def test_numbers_are_read_as_the_fractions_that_they_are(text: str, number: Fraction) -> None:
    assert exact(text, "it") == number


@pytest.mark.parametrize(
    "text",
    [
        "1e999999999",
        "1e-400",
        "1e307",
        "-1e308",
        "9" * 400,
        "9" * 5000,
        "1/0",
        "nan",
        "inf",
        "0x1",
        "1_000",
        "",
        "1/2/3",
        "1/" + "9" * 400,
        "1e99999999999999999999",
        "\uff11",
    ],
)
def test_what_is_no_number_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(InputError) as refused:
        exact(text, "it")
    assert time.perf_counter() - start < 0.1
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 5e-324, 1e308, True, None, 10**400, [1]])
def test_values_that_are_no_numbers_are_refused(value: object) -> None:
    with pytest.raises(InputError):
        exact(value, "it")


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 400, "1.5", "1e3", "", True, 10**20])
def test_whole_numbers_are_short(text: object) -> None:
    with pytest.raises(InputError):
        whole(text, "it")
    assert whole("-12", "it") == -12


@given(st.fractions().filter(lambda p: not p or 1e-300 < abs(p) < 1e300))
def test_what_is_written_is_read_as_the_same_number(number: Fraction) -> None:
    assert exact(written(number), "it") == number


@given(st.floats(1e-300, 1e300))
def test_a_float_stands_for_itself(number: float) -> None:
    assert float(exact(number, "it")) == number
    assert written(exact(number, "it")) == number


def test_tables_keep_fractions_beside_floats() -> None:
    payoffs = table([["1/3", 0.1], [2, Fraction(1, 7)]], "payoffs")
    np.testing.assert_array_equal(payoffs.floats, [[1 / 3, 0.1], [2, 1 / 7]])
    assert payoffs.fractions.tolist() == [[Fraction(1, 3), Fraction(1, 10)], [2, Fraction(1, 7)]]
    assert payoffs.written() == [["1/3", 0.1], [2.0, "1/7"]]


@pytest.mark.parametrize("values", [[[1, 2], [3]], [[1, "x"]], [1, None], [[1.0, float("inf")]], [[1, {}]], [True]])
def test_tables_of_something_else_are_refused(values: object) -> None:
    with pytest.raises(InputError):
        table(values, "payoffs")


def test_probabilities_are_divided_by_their_exact_sum() -> None:
    assert probabilities([0.333333] * 3, "it").fractions.tolist() == [Fraction(1, 3)] * 3
    assert probabilities(["1/3", "2/3"], "it").fractions.tolist() == [Fraction(1, 3), Fraction(2, 3)]
    for refused in ([0.33333] * 3, [0.5, 0.5, -0.1, 0.1], []):
        with pytest.raises(InputError):
            probabilities(refused, "it")


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=5))
def test_distributions_sum_to_one_and_stay_as_they_are(weights: list[float]) -> None:
    shares = probabilities([w / sum(weights) for w in weights], "it")
    assert sum(shares.fractions.tolist()) == 1
    assert probabilities(shares.written(), "it").fractions.tolist() == shares.fractions.tolist()


@pytest.mark.parametrize("text", ["[1e400]", "[1e-400]", "[NaN]", "[" + "9" * 400 + "]", "[" + "9" * 5000 + "]"])
def test_json_with_numbers_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)


def test_json_keeps_numbers_that_no_float_stands_for() -> None:
    assert read_json("[0.1, 3, 0.12345678901234567890]") == [0.1, 3, Fraction("0.12345678901234567890")]
