"""docs/online-learners.md."""

import re
from typing import Any

from claimed.claim import Claim, Rows, Table
from claimed.measurements import Figure, Python

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


def _widths(verdicts: list[dict[str, Any]]) -> Rows:
    """What FMUCB earns at every width."""
    rows = []
    for verdict in verdicts:
        width = re.match(r"exp3, fmucb of width ([\d.]+):", verdict["claim"])
        if width is not None:
            reward, share = re.findall(r"[\d.]+", verdict["ours"])[:2]
            rows.append(
                {"width": width[1], "reward in the last tenth": f"{float(reward):.3f}", "at the FBM": f"{share} %"}
            )
    return rows


LOST = Python("two UCB learners of the second table", _lost, seconds=4.0)
LED = Python("the best manipulation of the first table", _second_entry)

CLAIMS = (
    Claim(PAGE, "grows by 0.05 a round, for ever", LOST, lambda lost: lost, 0.05, 0.01, quick=False),
    Claim(PAGE, "# [0.2, 1.0], instead of [0.3, 0.1]", LED, lambda paid: paid, 1.0, 1e-9),
)

TABLES = (
    Table("fmucb-widths", PAGE, Figure("manipulation", seconds=300.0), _widths,
          {"reward in the last tenth": 5e-3, "at the FBM": 5.0}),
)  # fmt: skip
