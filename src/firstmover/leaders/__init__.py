"""How the leader learns. A leader is registered by being exported here."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.leaders.a2c import A2C
    from firstmover.leaders.base import Leader, Metrics
    from firstmover.leaders.bi_level_actor_critic import BiLevelActorCritic
    from firstmover.leaders.commitment_gradient import CommitmentGradient
    from firstmover.leaders.dqn import DQN
    from firstmover.leaders.evolution import Evolution
    from firstmover.leaders.local_search import LocalSearch
    from firstmover.leaders.meta_gradient import MetaGradient
    from firstmover.leaders.ppo import MAPPO, PPO
    from firstmover.leaders.random_search import RandomSearch
    from firstmover.leaders.reinforce import Reinforce

__all__ = [
    "A2C",
    "DQN",
    "MAPPO",
    "PPO",
    "BiLevelActorCritic",
    "CommitmentGradient",
    "Evolution",
    "Leader",
    "LocalSearch",
    "MetaGradient",
    "Metrics",
    "RandomSearch",
    "Reinforce",
]

__getattr__, __dir__ = lazily(__name__)
