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


ERRS = Command(
    "solve security -g targets=security5.csv -g resources=2 --rationality 10",
    (("security5.csv", (ROOT / "tests/cases/security5.csv").read_text()),),
)
HOLDS_UP = Command(
    "design agrawal --followers best-response -f ties=weak --seeds 5 --no-optimum -l target=behaviours -l "
    "behaviours=best-response:ties=weak,multiplicative-weights,logit,exp3 --out holds-up",
    seconds=250.0,
)


def _rule(found: Any, name: str) -> Any:
    (rule,) = (rule for rule in found["payoffs"]["rules"] if rule["name"] == name)
    return rule


CLAIMS = (
    Claim(PAGE, "worth 1.3 less than it promises", OFF,
          lambda made: made["optimum"] - _rule(made, "optimum")["mean"], 1.3, 0.05),
    Claim(PAGE, "gives up 0.32 if the payoffs", OFF, lambda made: _rule(made, "best on average")["price"], 0.32, 0.03),
    Claim("docs/schedules.md", "from -2.74572, which its rule earns, to -2.74333", ERRS,
          lambda made: made["bounds"][0], -2.74572, 1e-4),
    Claim("docs/stress-a-rule.md", "The run says -0.113 for its worst case", HOLDS_UP,
          lambda made: made["best_worst_value"], -0.113, 0.004, quick=False),
    Claim(PAGE, "never worth less than -2.933", OFF,
          lambda made: _rule(made, "best at worst")["guaranteed"], -2.933, 0.005),
)  # fmt: skip
