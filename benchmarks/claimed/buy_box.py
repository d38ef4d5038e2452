"""docs/buy-box.md."""

from statistics import median

from claimed.claim import Claim
from claimed.measurements import Command, Python
from firstmover.evaluation.seller_statistics import seller_statistics
from firstmover.games import BuyBox
from firstmover.games.display import every_rule, fixed_rule

PAGE = "docs/buy-box.md"

UNKNOWN = Command("design buy-box --seeds 3", seconds=150)
LIKELY = Command("design buy-box -g prior=0.25,0.75 --seeds 3", seconds=150)
KNOWN = Command("design buy-box -g costs=1 --seeds 3", seconds=90)
LEAVING = Command("design buy-box -g costs=1 -g profit_floor=0.03 --seeds 3", seconds=90)
RACE = Command("solve buy-box", seconds=400)
RULES = Python("len(every_rule(BuyBox(), 2000))", lambda: len(every_rule(BuyBox(), 2000)), 1)


def _surplus(rule: str) -> Python:
    """The buyers' surplus of the default market under a rule with a name."""
    market = BuyBox()
    return Python(
        f"seller_statistics(BuyBox(), fixed_rule(BuyBox(), {rule!r}))",
        lambda: seller_statistics(market, fixed_rule(market, rule))["surplus"].mean,
        30,
    )


_DEFAULT = "median 0.783, best 0.783"
_BESIDE = "only the lowest price earns 0.759, to show everybody 0.522"

CLAIMS = (
    Claim(PAGE, "1728 symmetric rules", RULES, float, 1728),
    Claim(PAGE, _DEFAULT, UNKNOWN, lambda made: median(made["value"]), 0.783, 0.008, quick=False),
    Claim(PAGE, _DEFAULT, UNKNOWN, lambda made: max(made["value"]), 0.783, 0.006, quick=False),
    Claim(PAGE, _BESIDE, _surplus("lowest"), float, 0.759, 0.004, quick=False),
    Claim(PAGE, _BESIDE, _surplus("none"), float, 0.522, 0.004, quick=False),
    Claim(PAGE, "median 0.745", LIKELY, lambda made: median(made["value"]), 0.745, 0.003, quick=False),
    Claim(PAGE, "at 1.12 or more", KNOWN, lambda made: min(made["value"]), 1.12, 0, "at least", quick=False),
    Claim(PAGE, "median 1.042", LEAVING, lambda made: median(made["value"]), 1.042, 0.003, quick=False),
    Claim(PAGE, "ends at 0.7833 ± 0.0014", RACE, lambda found: found["optimum"], 0.7833, 0.004, quick=False),
)
