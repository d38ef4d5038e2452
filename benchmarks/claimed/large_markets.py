"""docs/large-markets.md."""

from claimed.claim import Claim, numbers, printed
from claimed.measurements import Benchmark

PAGE = "docs/large-markets.md"
APART = Benchmark("large_markets.py", "--market 4-2-3-apart", seconds=500)
THREE = Benchmark("large_markets.py", "--market 6-3-3", seconds=400)
TABLES = Benchmark("large_markets.py", "--market T4 --market T5 --market T6", seconds=60)
BABBLING = Benchmark("babbling.py", "--seeds 8", seconds=330)
NETWORKS = Benchmark("networks.py", alone=True, seconds=150)
FOUR = Benchmark("large_markets.py", "--market 4-2-3", seconds=240)
SIX = Benchmark("large_markets.py", "--market 6-3-2", seconds=280)
EIGHT = Benchmark("large_markets.py", "--market 8-4-2", seconds=500)
TWELVE = Benchmark("large_markets.py", "--market 12x4-3", seconds=800)

_APART = "The mean loss of 25 seeds is then 0.0461, in place of 0.0569"
_TABLES = "ten seeds of each lose 0.0000, 0.0050 and 0.0084 on average"
_COMPILING = "the response of 128 followers takes 1.5 s, a whole update 7.2 s"
_FOUR = "the mean loss of 25 seeds is 0.0569, where 0.1196 is the least without messages"
_SIX = "ten seeds lose 0.1046 on average"
_THIRD = "a third message makes no clear difference: they lose 0.1068"
_REGRETS = "bound on regrets is at most 0.02"
_EIGHT = "ten seeds lose 0.1222 on average, and at least 8 of them less than the 0.1388 of no messages"
_TWELVE = "ten seeds lose 0.0752 on average, and at least 8 of them less than 0.1082"


def _of(column: str, row: int = 0, table: int = 0, place: int = 0):
    """A number of a column, the first if nothing is said, in a row of a table that is printed."""
    return lambda output: numbers(printed(output, table)[row][column])[place]


def _times_as_long(output: str) -> float:
    """By how much fewer decisions are made in a second with a network than with a table."""
    table, network = (numbers(row["decisions per second"])[0] for row in printed(output))
    return table / network


def _stuck(output: str) -> float:
    """How many seeds ended at messages that mean nothing, in all settings."""
    return sum(numbers(row["no better than without messages"])[0] for row in printed(output))


_WITHIN = _of("regret bound", place=1)  # "0.0202, 24 within 0.02": in how many seeds

# Seeds differ by about 0.03, and a change of rounding draws them anew.
CLAIMS = (
    Claim(PAGE, _FOUR, FOUR, _of("mean loss"), 0.0569, 0.01, "at most", quick=False),
    Claim(PAGE, "at least 24 of them lose less than that", FOUR, _of("below"), 24, sense="at least", quick=False),
    Claim(PAGE, _FOUR, FOUR, _of("no messages"), 0.1196, 1e-4, quick=False),
    Claim(PAGE, _SIX, SIX, _of("mean loss"), 0.1046, 0.02, "at most", quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("below"), 10, quick=False),
    Claim(PAGE, "10 of 10 less than the 0.1432 of no messages", SIX, _of("no messages"), 0.1432, 1e-4, quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("mean loss"), 0.1222, 0.015, "at most", quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("below"), 8, sense="at least", quick=False),
    Claim(PAGE, _EIGHT, EIGHT, _of("no messages"), 0.1388, 1e-4, quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("mean loss"), 0.0752, 0.025, "at most", quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("below"), 8, sense="at least", quick=False),
    Claim(PAGE, _TWELVE, TWELVE, _of("no messages"), 0.1082, 1e-4, quick=False),
    *(
        Claim(PAGE, _REGRETS, market, _of("regret bound"), 0.02, sense="at most", quick=False)
        for market in (SIX, EIGHT, TWELVE)
    ),
    Claim(PAGE, "at least 24 of the 25 bounds are", FOUR, _WITHIN, 24, sense="at least", quick=False),
    Claim(PAGE, _THIRD, THREE, _of("mean loss"), 0.1068, 0.02, "at most", quick=False),
    Claim(PAGE, _APART, APART, _of("mean loss"), 0.0461, 0.01, "at most", quick=False),
    *(
        Claim(PAGE, _TABLES, TABLES, _of("mean loss", row), loss, 5e-4, "at most", quick=False)
        for row, loss in enumerate((0.0, 0.0050, 0.0084))
    ),
    Claim(PAGE, "0 of 40 seeds ended there", BABBLING, _stuck, 0, 2, "at most", quick=False),
    Claim(PAGE, "takes 9 times as long", NETWORKS, _times_as_long, 9, 5, "at most", quick=False),
    Claim(PAGE, "gets at 0.5 of what", NETWORKS, _of("of the peak", 2, 1), 0.5, 0.2, "at least", quick=False),
    Claim(PAGE, "scores agents at 0.25", NETWORKS, _of("of the peak", 1, 1), 0.25, 0.1, "at least", quick=False),
    *(
        Claim(PAGE, _COMPILING, NETWORKS, _of(column, 3, 2), seconds, seconds, "at most", quick=False)
        for column, seconds in {"compiling the followers' response, s": 1.5, "compiling an update, s": 7.2}.items()
    ),
)
