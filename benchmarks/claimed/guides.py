"""docs/game-files.md, docs/equilibrium-sets.md and docs/own-market.md.

Tests run docs/prove-a-rule.md and docs/train-once.md as they stand.
"""

import re

from claimed.claim import Claim, Table, document, printed
from claimed.measurements import Benchmark, Command

FILES, SETS = "docs/game-files.md", "docs/equilibrium-sets.md"


def _saved(name: str) -> tuple[str, str]:
    """The file that a page says to save under this name: its next block."""
    return name, re.search(rf"`{re.escape(name)}`.*?```\w+\n(.*?)```", document(FILES), re.S)[1]


(RULE,) = re.findall(r"```json\n(.*?)```", document("docs/prove-a-rule.md"), re.S)


def _certified(epsilon: str) -> Command:
    return Command(f"certify rule.json --epsilon {epsilon}", (("rule.json", RULE),))


def _loses(certificate: dict) -> float:
    """The greatest loss at the epsilon of the certificate."""
    return -certificate["leader_value_bounds_at_epsilon"]["anf_cce"][0]


SECURITY = Command("solve security -g targets=targets.csv -g resources=2", (_saved("targets.csv"),))
TYPES = Command(
    "solve bayesian-normal-form -g leader_payoffs=A.csv -g follower_payoffs=B.csv,B1.csv -g prior=0.6,0.4 "
    "-g commitment=mixed",
    (("A.csv", "1,3\n0,2\n"), ("B.csv", "1,0\n0,1\n"), _saved("B1.csv")),
)
MARKET = Command("solve sequential-price -g values=independent.csv -g messages=1", (_saved("independent.csv"),))

_EPSILONS = "loses up to 0.0012 at epsilon 0.001, 0.012 at 0.01 and 0.060 at 0.05, over `anf_cce`"

CLAIMS = (
    Claim(FILES, "optimum -0.267327", SECURITY, lambda made: made["optimum"], -0.267327, 1e-6),
    Claim(FILES, "optimum 2.33333333", TYPES, lambda made: made["optimum"], 2.33333333, 1e-8),
    Claim(FILES, "optimum -0.15", MARKET, lambda made: made["optimum"], -0.15, 1e-9),
    Claim(SETS, _EPSILONS, _certified("0.001"), _loses, 0.0012, 6e-5),
    Claim(SETS, _EPSILONS, _certified("0.01"), _loses, 0.012, 6e-4),
    Claim(SETS, _EPSILONS, _certified("0.05"), _loses, 0.060, 6e-4),
)

TABLES = (
    Table("five-markets", "docs/own-market.md", Benchmark("five_markets.py"), printed,
          {"best": 1e-4, "learned, least": 0.02, "median": 0.01, "within 1 % of the payoff range": 0, "s": None}),
)  # fmt: skip
