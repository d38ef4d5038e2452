"""docs/payoffs-are-estimates.md."""

from typing import Any

from claimed.claim import ROOT, Claim
from claimed.measurements import Command

PAGE = "docs/payoffs-are-estimates.md"

OFF = Command(
    "solve security -g targets=security5.csv -g resources=2 --payoffs +-10%",
    (("security5.csv", (ROOT / "tests/cases/security5.csv").read_text()),),
    seconds=15.0,
)


def _rule(found: Any, name: str) -> Any:
    (rule,) = (rule for rule in found["payoffs"]["rules"] if rule["name"] == name)
    return rule


CLAIMS = (
    Claim(PAGE, "worth 1.3 less than it promises", OFF,
          lambda made: made["optimum"] - _rule(made, "optimum")["mean"], 1.3, 0.05),
    Claim(PAGE, "gives up 0.32 if the payoffs", OFF, lambda made: _rule(made, "best on average")["price"], 0.32, 0.03),
    Claim(PAGE, "never worth less than -2.933", OFF,
          lambda made: _rule(made, "best at worst")["guaranteed"], -2.933, 0.005),
)  # fmt: skip
