"""docs/certificates.md."""

from claimed.claim import Claim
from claimed.measurements import Command
from claimed.readme import end

PAGE = "docs/certificates.md"

SMALL_STEP = Command("design maintain -g commitment=mixed -f epsilon=1")
LEADER, FOLLOWER = "1,3\n0,2\n", "1,0\n0,1\n"
CONITZER = (("A.csv", LEADER), ("B.csv", FOLLOWER))
GAME = "design normal-form -g leader_payoffs=A.csv -g follower_payoffs=B.csv -g commitment=mixed --followers "
STRONG = Command(f"{GAME}best-response", CONITZER)
WEAK = Command(f"{GAME}best-response -f ties=weak", CONITZER)
WEIGHTS = Command(f"{GAME}multiplicative-weights -f epsilon=1", CONITZER)


def part(name: str):
    """A number of the certificate."""
    return lambda made: made["certificate"][name]


CLAIMS = (
    Claim(PAGE, "certified no follower gains more than 0.00613 by another action",
          SMALL_STEP, lambda made: made["certificate"]["epsilon"]["max"], 0.00613, 3e-4),
    Claim(PAGE, "value 26.9364 whatever followers who learn come to (cce)", SMALL_STEP, end("cce", 0), 26.9364, 5e-3),
    Claim(PAGE, "value if all regrets are up to 0.00613 (cce): [26.8276, 26.9364]",
          SMALL_STEP, lambda made: made["certificate"]["leader_value_bounds_at_epsilon"]["cce"][0], 26.8276, 5e-3),
    Claim(PAGE, "welfare 4.58924", SMALL_STEP, part("welfare"), 4.58924, 5e-3),
    Claim(PAGE, "earns 20 (the best cce): gain 6.82763", SMALL_STEP, part("gain"), 6.82763, 5e-3),
    Claim(PAGE, "The exact optimum, 27.5, is not part of the certificate",
          SMALL_STEP, lambda made: made["optimum"], 27.5, 1e-9),
    Claim(PAGE, "value 2.5 (the leader's payoff), best of 25 seeds",
          STRONG, lambda made: made["best_value"], 2.5, 5e-4),
    Claim(PAGE, "value 0.5 to 2.5 whatever followers who learn come to (cce)", STRONG, end("cce", 0), 0.5, 5e-3),
)  # fmt: skip
