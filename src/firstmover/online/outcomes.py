"""What came of two learners: regret, rewards and shares, exact sums over how often every pair of actions was played."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from firstmover.equilibria.manipulation import Manipulation, loss_to_manipulation
from firstmover.json_types import JsonObject
from firstmover.online.learners import Table
from firstmover.online.pictures import Panel, draw
from firstmover.report.statistics import mean_interval


@dataclass(frozen=True, eq=False)
class Meeting:
    """Two learners of one game after many rounds; payments are the means of the game's tables, in its units.

    Attributes:
        table: what the players are paid.
        at: after how many rounds it was counted; the last but one is nine tenths of the last.
        counts: how often every pair of actions had been played by then.
    """

    table: Table
    at: Int[np.ndarray, "points"]
    counts: Int[np.ndarray, "points seeds rows columns"]

    @property
    def exact(self) -> Manipulation:
        """What best replies and the best manipulation pay."""
        return loss_to_manipulation(*self.table)

    @property
    def leader_regret(self) -> Float[np.ndarray, "points seeds"]:
        """How much less the leader has earned so far than the Stackelberg equilibrium pays in as many rounds."""
        return self.counts_times(self.exact.honest.leader - np.asarray(self.table.leader))

    @property
    def follower_reward(self) -> Float[np.ndarray, "points seeds"]:
        """What the follower has earned so far, a round."""
        return self.counts_times(self.table.follower) / self.at[:, None]

    @property
    def last_tenth(self) -> Float[np.ndarray, "seeds rows columns"]:
        """How often every pair was played in the last tenth of the rounds, as a share of it."""
        nine_tenths = int(np.searchsorted(self.at, last_tenth_begins(int(self.at[-1]))))
        later = self.counts[-1] - self.counts[nine_tenths]
        share: Float[np.ndarray, "seeds rows columns"] = later / later.sum(axis=(1, 2), keepdims=True)
        return share

    def counts_times(self, paid: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "points seeds"]:
        """The sum of what every round has paid so far."""
        return np.einsum("psab,ab->ps", self.counts.astype(np.float64), paid)

    def draw(self, title: str, kind: str) -> bytes:
        """The picture of the leader's average regret and the follower's reward, "png" or "svg"."""
        exact = self.exact
        gap = exact.honest.leader - exact.manipulated.leader
        regret = Panel(
            "the leader's regret a round", self.leader_regret / self.at[:, None], {"at the SE": 0.0, "at the FBM": gap}
        )
        levels = {"SE": exact.honest.follower, "FBM": exact.manipulated.follower}
        return draw(
            self.at, [regret, Panel("the follower's reward a round", self.follower_reward, levels)], title, kind
        )

    def as_json(self) -> JsonObject:
        """The exact outcomes, the regret and the reward of every seed, the last tenth, and the curves over seeds."""
        exact, late = self.exact, self.last_tenth
        loss = exact.as_json()
        regret, reward = self.leader_regret, self.follower_reward
        shares = {
            name: late[:, one.row, one.replies[one.row]]
            for name, one in (("se", exact.honest), ("fbm", exact.manipulated))
        }
        return {
            "se": loss["se"],
            "fbm": loss["fbm"],
            "loss_to_manipulation": loss,
            "rounds": int(self.at[-1]),
            "leader_regret": regret[-1].tolist(),
            "leader_regret_interval": list(mean_interval(regret[-1])),
            "follower_reward": reward[-1].tolist(),
            "follower_reward_interval": list(mean_interval(reward[-1])),
            "last_tenth": {
                "leader": float((late * self.table.leader).sum(axis=(1, 2)).mean()),
                "follower": float((late * self.table.follower).sum(axis=(1, 2)).mean()),
                "share_of_se": float(shares["se"].mean()),
                "share_of_fbm": float(shares["fbm"].mean()),
            },
            "curves": {
                "rounds": self.at.tolist(),
                "average_regret": _mean_and_ends(regret / self.at[:, None]),
                "follower_reward": _mean_and_ends(reward),
            },
        }


def last_tenth_begins(rounds: int) -> int:
    """After how many rounds the last tenth begins."""
    return rounds - rounds // 10


def _mean_and_ends(values: Float[np.ndarray, "points seeds"]) -> list[list[float]]:
    """The mean over seeds and its 95 % interval at every point."""
    return [list(mean_interval(row)) for row in values]
