"""benchmarks/README.md."""

import math
from typing import Any

from claimed.certificates import CONITZER
from claimed.claim import ROOT, Claim, Rows, Table, printed
from claimed.followers import MODELS_AND_WEIGHTS, WITHIN, rows
from claimed.measurements import Benchmark, Command, Commands
from claimed.readme import AGRAWAL, learned

PAGE = "benchmarks/README.md"

# What is designed with default learners and 25 seeds: every kind of decision that a leader can take.
_TARGETS = (("targets.csv", (ROOT / "tests" / "cases" / "security20.csv").read_text()),)
_TWO_BY_TWO = "normal-form -g leader_payoffs=A.csv -g follower_payoffs=B.csv -g commitment=mixed"
_SECURITY = "security -g targets=targets.csv -g resources=5"
DESIGNS = {
    "escape": Command("design escape"),
    "maintain": Command("design maintain"),
    "maintain, mixed": Command("design maintain -g commitment=mixed"),
    "maintain, mixed, best responses": Command("design maintain -g commitment=mixed --followers best-response"),
    "Conitzer's 2 x 2, mixed": Command(f"design {_TWO_BY_TWO}", CONITZER),
    "Conitzer's 2 x 2, mixed, best responses": Command(f"design {_TWO_BY_TWO} --followers best-response", CONITZER),
    "security, 20 targets": Command(f"design {_SECURITY}", _TARGETS, seconds=12),
    "security, 20 targets, best responses": Command(f"design {_SECURITY} --followers best-response", _TARGETS),
    "simple-allocation, 3 messages": Command("design simple-allocation -g messages=3"),
    "agrawal": AGRAWAL,
    "agrawal, any prices": Command("design agrawal -g prices=continuous", seconds=60),
}


# A design does not search for optimal price mechanisms with messages.
_AGRAWAL_OPTIMUM = Command("solve agrawal")


def _designs(results: list[Any]) -> Rows:
    *results, agrawal = results
    found = []
    for name, made in zip(DESIGNS, results, strict=True):
        if isinstance(made, str):
            continue  # it failed, and its row is missed
        values = [value for value in learned(made) if value is not None and math.isfinite(value)]
        low, high = made["certificate"]["payoff_range"]["leader"]
        optimum = made["optimum"] if made["optimum"] is not None else agrawal["optimum"]
        mean, most = (100 * (optimum - x) / (high - low) for x in (sum(values) / len(values), min(values)))
        found.append(
            {
                "design": name,
                "finished": f"{len(values)} of {made['seeds']}",
                "mean": f"{round(sum(values) / len(values), 4) + 0.0:.4f}",
                "short by, %": f"{round(mean, 2) + 0.0:.2f}, at most {round(most, 2) + 0.0:.2f}",
                "optimum": f"{optimum + 0.0:.6g}",
            }
        )
    return found


SPEED = Benchmark("speed.py", alone=True, seconds=200)
OPTIMA = Benchmark("optima.py", games=True, seconds=400)
MARKETS = Benchmark("markets.py", seconds=450)
MECHANISMS = Benchmark("exact.py", "--part mechanisms")
LARGER = Benchmark("exact.py", "--part larger", alone=True, seconds=600)  # what is exact in time is a claim
REVENUE, SOLVERS = Benchmark("exact.py", "--part revenue", seconds=6), Benchmark("exact.py", "--part solvers")
ROUNDS = Benchmark("rounds.py", alone=True, seconds=120)
ACTING = Benchmark("acting.py", seconds=10)
SCALING = Benchmark("scaling.py", alone=True, seconds=300)


def _ratio(output: str) -> float:
    (row,) = (row for row in printed(output) if row["what"] == "ratio of the two")
    return float(row["measured"])


_LOSSES = {"loss": 1e-6, "s": None}
_WEIGHTS = ("maintain, mixed", "simple-allocation, 2 messages", "8x8.nfg, mixed", "deg1.nfg, mixed", "3x3x3.nfg, mixed")

# The ratio differs from day to day: 335 came out before, when both took less.
CLAIMS = (Claim(PAGE, "| ratio of the two | 464 |", SPEED, _ratio, 464, 290, "at least", quick=False),)

TABLES = (
    Table("designs", PAGE, Commands((*DESIGNS.values(), _AGRAWAL_OPTIMUM)), _designs,
          {"finished": 0, "mean": None, "short by, %": 0.5, "optimum": 1e-5}, quick=True),
    Table("speed", PAGE, SPEED, printed, {"measured": None}),
    Table("optima", PAGE, OPTIMA, printed,
          {"reached": 3, "95 % interval": None, "least": 5e-3, "greatest": 5e-3, "exact": 1e-5, "epsilon": 2e-2,
           "bounds": 5e-3, "train s": None}),
    Table("weights", PAGE, MODELS_AND_WEIGHTS, rows(1, *_WEIGHTS), WITHIN),
    Table("markets", PAGE, MARKETS, printed,
          {"loss, mean [95 %]": 5e-3, "least": 5e-3, "most": None, "reached": 3, "s": None}),
    Table("mechanisms", PAGE, MECHANISMS, printed, _LOSSES, quick=True),
    Table("larger-mechanisms", PAGE, LARGER, printed, {"loss": 6e-3, "s": None}),
    Table("revenue", PAGE, REVENUE, printed, {"revenue": 1e-6, "s": None}, quick=True),
    Table("solvers", PAGE, SOLVERS, printed, {"s": None}),
    Table("rounds", PAGE, ROUNDS, printed, {"ns of a round": None, "in C": None, "ratio": 0.5}),
    Table("acting", PAGE, ACTING, printed, {"microseconds a call": None}, quick=True),
    Table("scaling", PAGE, SCALING, printed, {"sizes and seconds": None, "law": None}),
)  # fmt: skip
