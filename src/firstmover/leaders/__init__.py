"""How the leader learns. A leader is registered by being exported here."""

from firstmover.leaders.base import Leader, Metrics
from firstmover.leaders.commitment_gradient import CommitmentGradient
from firstmover.leaders.ppo import MAPPO, PPO

__all__ = ["MAPPO", "PPO", "CommitmentGradient", "Leader", "Metrics"]
