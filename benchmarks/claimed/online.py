"""docs/online-learners.md."""

from claimed.claim import Claim
from claimed.measurements import Python

PAGE = "docs/online-learners.md"


def _lost() -> float:
    """What two UCB learners lose a round in the last tenth of 100,000, in the second table."""
    import numpy as np

    from firstmover.online.followers import FollowerUcb
    from firstmover.online.leaders import Ucb
    from firstmover.online.meetings import meet
    from firstmover.online.outcomes import Meeting
    from firstmover.reproduce.online import TABLE_2

    at = np.array([90_000, 100_000])
    counts = meet([TABLE_2], Ucb(), FollowerUcb(), rounds=100_000, seeds=5, at=at)
    regret = Meeting(TABLE_2, at, counts[:, 0]).leader_regret
    return float((regret[1] - regret[0]).mean() / 10_000)


def _second_entry() -> float:
    """What the follower earns by its best manipulation in the first table."""
    from firstmover.equilibria.manipulation import loss_to_manipulation
    from firstmover.reproduce.online import TABLE_1

    return loss_to_manipulation(*TABLE_1).manipulated.follower


LOST = Python("two UCB learners of the second table", _lost, seconds=4.0)
LED = Python("the best manipulation of the first table", _second_entry)

CLAIMS = (
    Claim(PAGE, "grows by 0.05 a round, for ever", LOST, lambda lost: lost, 0.05, 0.01, quick=False),
    Claim(PAGE, "# [0.2, 1.0], instead of [0.3, 0.1]", LED, lambda paid: paid, 1.0, 1e-9),
)
