"""README.md and docs/stackelberg-pomdp.md."""

from typing import Any

from claimed.claim import Claim
from claimed.measurements import Command

README, PAPER = "README.md", "docs/stackelberg-pomdp.md"

ALLOCATION = Command("design simple-allocation -g messages=2")
MAINTAIN = Command("solve maintain -g commitment=mixed")
AGRAWAL = Command("design agrawal", seconds=15)
SILENT = Command("solve agrawal -g messages=1")
SIX = Command("solve sequential-price -g types=6 --selection anf_cce --out best.json", seconds=8)
SIX_CERTIFIED = Command("certify best.json", after=SIX)
SIX_VERIFIED = Command("verify best.certificate.json", after=SIX_CERTIFIED)


def loss(made: dict[str, Any]) -> float:
    """The welfare loss of a solution."""
    return float(made["welfare_loss"])


def learned(made: dict[str, Any]) -> list[float]:
    """What the rule of every seed earns, a rule that was not learnt left out of account."""
    values: list[float] = made.get("learned_value", made["value"])
    return values


def end(which: str, position: int) -> Any:
    """An end of the interval of the leader's value over a set of equilibria."""
    return lambda made: made.get("certificate", made)["leader_value_bounds"][which][position]


CLAIMS = (
    Claim(README, "value 0.666667 (probability that the participant gets the item it wants), best of 25 seeds",
          ALLOCATION, lambda made: made["best_value"], 0.666667, 1e-6),
    Claim(
        README,
        "mean learned 0.666667, 95 % interval",
        ALLOCATION,
        lambda made: sum(learned(made)) / 25,
        0.666667,
        1e-6,
    ),
    Claim(README, "optimum 0.666667, exact", ALLOCATION, lambda made: made["optimum"], 0.666667, 1e-6),
    Claim(README, "reached by 25 of 25 seeds", ALLOCATION, lambda made: made["seeds_at_optimum"], 25),
    Claim(README, "value 0.666667 even if their play depended on types that they cannot know (bcce)",
          ALLOCATION, end("bcce", 0), 0.666667, 1e-6),
    Claim(README, "value 0.666667 whatever followers who learn independently come to (anf_cce)",
          ALLOCATION, end("anf_cce", 1), 0.666667, 1e-6),
    Claim(README, "welfare 0.666667", ALLOCATION, lambda made: made["certificate"]["welfare"], 0.666667, 1e-6),
    Claim(README, "earns 0.333333 (the best anf_cce): gain 0.333333",
          ALLOCATION, lambda made: made["certificate"]["gain"], 0.333333, 1e-6),
    Claim(README, "The value is a little below 27.5, which is the optimum against exact best responses",
          MAINTAIN, lambda made: made["optimum"], 27.5, 1e-9),
    Claim(README, "The first command learns a rule whose welfare loss is 0 in every equilibrium that independent "
          "learners tend to", AGRAWAL, end("anf_cce", 0), 0.0, 1e-6),
    Claim(README, "the best rule without messages loses 0.15", SILENT, loss, 0.15, 1e-9),
    Claim(README, "With six values for each agent the last is a loss of 1/90", SIX, loss, 1 / 90, 1e-9),
    Claim(README, "With six values for each agent the last is a loss of 1/90",
          SIX_VERIFIED, lambda told: (told["verdict"] == "confirmed") / 90, 1 / 90),
    Claim(PAPER, "So the mixture (1/4 + e, 3/4 - e, 0) earns 27.5 - 10 e",
          Command("certify mixture.json", files=(("mixture.json", '{"game": "maintain", "parameters": {"commitment": '
                  '"mixed"}, "rule": [{"do": {"mixture": [0.35, 0.65, 0]}}], "play": [[[1, 0, 0]]]}'),)),
          lambda made: (27.5 - made["value"]) / 0.1, 10, 1e-6),
    Claim(PAPER, "27.5 is attained only where the follower", MAINTAIN, lambda made: made["optimum"], 27.5, 1e-9),
    Claim(PAPER, "Any positive price up to 1 for the first visit gives 0.15, which is best", SILENT, loss, 0.15, 1e-9),
)  # fmt: skip
