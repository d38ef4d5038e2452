"""docs/bullet-trade.md."""

from claimed.claim import Claim, numbers, printed
from claimed.measurements import Benchmark, Command

PAGE = "docs/bullet-trade.md"
LARGE = "-g points=1,1,1,1,1,1,1,1 -g rows=7 -g wave=16 -g trades=5 -g steps=200"


def _optimum(command: str) -> Command:
    return Command(f"solve bullet-trade {command}".strip())


LEARNT = Benchmark("bullets.py", seconds=600)


def _leader(row: int):
    """What leaders have on average, in a row of what is printed."""
    return lambda output: numbers(printed(output)[row]["leader"])[0]


def _best(made: dict) -> float:
    return made["optimum"]


CLAIMS = (
    Claim(PAGE, "| seller | 0.6 | 1.2 | 0.266667 |", _optimum(""), _best, 1.2, 1e-9),
    Claim(
        PAGE,
        "| buyer | 0.1 | 1.266667 | 0.2 |",
        _optimum("-g leads=buyer"),
        _best,
        1.266667,
        1e-6,
    ),
    Claim(PAGE, "the optima are 1 and 1.066667", _optimum("--ties weak"), _best, 1, 1e-9, quick=False),
    Claim(
        PAGE,
        "the optima are 1 and 1.066667",
        _optimum("-g leads=buyer --ties weak"),
        _best,
        1.066667,
        1e-6,
    ),
    Claim(PAGE, "sells all five at 1 and has 5", _optimum(LARGE), _best, 5, 1e-9, quick=False),
    Claim(PAGE, "0.1 each and has 4.5", _optimum(f"{LARGE} -g leads=buyer"), _best, 4.5, 1e-9, quick=False),
    Claim(PAGE, "| small | seller | 1.07", LEARNT, _leader(1), 1.07, 0.1, "at least", quick=False),
    Claim(PAGE, "| small | buyer | 1.07", LEARNT, _leader(3), 1.07, 0.1, "at least", quick=False),
    Claim(PAGE, "| large | seller | 3.94", LEARNT, _leader(4), 3.94, 0.5, "at least", quick=False),
    Claim(PAGE, "| large | buyer | 3.51", LEARNT, _leader(5), 3.51, 0.5, "at least", quick=False),
)
