"""docs/large-markets.md."""

from claimed.claim import Claim, numbers, printed
from claimed.measurements import Benchmark

PAGE = "docs/large-markets.md"
FOUR = Benchmark("large_markets.py", "--market 4-2-3", seconds=240)
SIX = Benchmark("large_markets.py", "--market 6-3-2", seconds=280)
EIGHT = Benchmark("large_markets.py", "--market 8-4-2", seconds=500)
TWELVE = Benchmark("large_markets.py", "--market 12x4-3", seconds=800)

_FOUR = "the mean loss of 25 seeds is 0.0529, where 0.1196 is the least without messages"
_SIX = "ten seeds lose 0.1052 on average"
_REGRETS = "every bound on regrets is at most 0.02"
_EIGHT = "ten seeds lose 0.1222 on average, and at least 8 of them less than the 0.1388 of no messages"
_TWELVE = "ten seeds lose 0.0818 on average, and at least 8 of them less than 0.1082"


def _of(column: str):
    """The first number of a column, in the one row that is printed."""
    return lambda output: numbers(printed(output)[0][column])[0]


# Seeds differ by about 0.03, and a change of rounding draws them anew.
CLAIMS = (
    Claim(PAGE, _FOUR, FOUR, _of("mean loss"), 0.0529, 0.01, "at most", quick=False),
    Claim(PAGE, "25 of 25 seeds lose less than that", FOUR, _of("below"), 25, quick=False),
    Claim(
        PAGE,
        "no type of any agent gains more than 0.007",
        FOUR,
        _of("regret bound"),
        0.007,
        0.003,
        "at most",
        quick=False,
    ),
    Claim(PAGE, _FOUR, FOUR, _of("no messages"), 0.1196, 1e-4, quick=False),
    Claim(PAGE, _SIX, SIX, _of("mean loss"), 0.1052, 0.02, "at most", quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("below"), 10, quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("no messages"), 0.1432, 1e-4, quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("mean loss"), 0.1222, 0.015, "at most", quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("below"), 8, sense="at least", quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("no messages"), 0.1388, 1e-4, quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("mean loss"), 0.0818, 0.025, "at most", quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("below"), 8, sense="at least", quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("no messages"), 0.1082, 1e-4, quick=False),
    *(
        Claim(PAGE, _REGRETS, market, _of("regret bound"), 0.02, sense="at most", quick=False)
        for market in (FOUR, SIX, EIGHT, TWELVE)
    ),
)
