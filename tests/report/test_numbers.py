"""Numbers on a page."""

import pytest

from firstmover.report.numbers import count, interval, number, share, signed


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (-0.143284, -1, 0, "\N{MINUS SIGN}0.1433"),
        (50 / 3, 0, 30, "16.67"),
        (1234567.0, 0, 2e6, "1,234,567"),
        (20.0, 0, 30, "20"),
        (-1.77e-12, 0, 3, "0"),
        (4e-7, 0, 1, "4e\N{MINUS SIGN}7"),  # it is not nothing
        (-0.00004, -1, 0, "\N{MINUS SIGN}4e\N{MINUS SIGN}5"),
        (None, 0, 1, "not known"),
        (float("nan"), 0, 1, "not known"),
        (3e12, 0, 4e12, "3e12"),
        (0.000123456, 0, 0, "0.0001235"),
        (2.0, 2.0, 2.0, "2"),
    ],
)
def test_numbers_have_the_digits_that_matter(value: float | None, low: float, high: float, shown: str) -> None:
    assert number(value, low, high) == shown


def test_intervals_changes_shares_and_counts() -> None:
    assert interval((0.25, 0.5), 0, 1) == "0.25 to 0.5"
    assert interval((2.0, 2.0 + 1e-9), 0, 3) == "2"
    assert [signed(change, 0, 1) for change in (0.5, -0.5, 0.0)] == ["+0.5", "\N{MINUS SIGN}0.5", "0"]
    assert [share(chance) for chance in (0.25, 0.001, 1.0)] == ["25 %", "0.1 %", "100 %"]
    assert count(11_520_000) == "11,520,000"
