"""docs/newsvendor.md."""

from claimed.claim import Claim
from claimed.measurements import Command, Python

PAGE = "docs/newsvendor.md"


def _near() -> list[int]:
    """How many of 25 seeds are within 0.1 % of the exact profit, for every instance and contract."""
    from firstmover import design
    from firstmover.reproduce.online import designed

    experiments, exact = designed()
    made = {label: design(own.game, seeds=25, optimum=False) for label, own in experiments.items()}
    return [int((own.learned_values >= 0.999 * exact[f"{label}, exact"]).sum()) for label, own in made.items()]


def _online(leader: str, more: str = "") -> Command:
    return Command(f"online newsvendor --leader {leader} --rounds 2000 --seeds 25 {more}".strip(), seconds=15.0)


NEAR = Python("25 seeds of every instance and contract", _near, seconds=70.0)
OPTIMIST, CERTAIN, DEMAND = (
    _online("optimistic"),
    _online("certainty-equivalent"),
    _online("optimistic", "-l sees=demand"),
)

CLAIMS = (
    Claim(PAGE, "within 0.1 % of the exact profit in 25 of 25 seeds", NEAR, min, 25, quick=False),
    Claim(PAGE, "regret is 4.4 in the mean", OPTIMIST, lambda made: made["leader_regret_interval"][0], 4.4, 0.1,
          quick=False),
    Claim(PAGE, "grows like rounds^0.03", OPTIMIST, lambda made: made["leader_regret_slope"], 0.03, 0.01, quick=False),
    Claim(PAGE, "its regret grows like rounds^0.99", CERTAIN, lambda made: made["leader_regret_slope"], 0.99, 0.01,
          quick=False),
    Claim(PAGE, "optimist's regret is 100, like", DEMAND, lambda made: made["leader_regret_interval"][0], 100, 3,
          quick=False),
    Claim(PAGE, "like rounds^0.52: a price", DEMAND, lambda made: made["leader_regret_slope"], 0.52, 0.02, quick=False),
)  # fmt: skip
