"""docs/large-markets.md."""

from claimed.claim import Claim, numbers, printed
from claimed.measurements import Benchmark

PAGE = "docs/large-markets.md"
FOUR = Benchmark("large_markets.py", "--market 4-2-3", seconds=240)
SIX = Benchmark("large_markets.py", "--market 6-3-2", seconds=420)

_FOUR = "the mean loss of 25 seeds is 0.0508, where 0.1196 is the least without messages"
_SIX = "ten seeds lose 0.0926 on average"


def _of(column: str):
    """The first number of a column, in the one row that is printed."""
    return lambda output: numbers(printed(output)[0][column])[0]


# Seeds differ by about 0.03, and a change of rounding draws them anew.
CLAIMS = (
    Claim(PAGE, _FOUR, FOUR, _of("mean loss"), 0.0508, 0.01, "at most", quick=False),
    Claim(PAGE, "25 of 25 seeds lose less than that", FOUR, _of("below"), 25, quick=False),
    Claim(
        PAGE,
        "no type of any agent gains more than 0.004",
        FOUR,
        _of("regret bound"),
        0.004,
        0.002,
        "at most",
        quick=False,
    ),
    Claim(PAGE, _FOUR, FOUR, _of("no messages"), 0.1196, 1e-4, quick=False),
    Claim(PAGE, _SIX, SIX, _of("mean loss"), 0.0926, 0.02, "at most", quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("below"), 10, quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("no messages"), 0.1432, 1e-4, quick=False),
)
