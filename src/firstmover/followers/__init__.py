"""How followers respond. A follower is registered by being exported here."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.followers.base import Follower
    from firstmover.followers.best_response import BestResponse
    from firstmover.followers.contextual import Contextual
    from firstmover.followers.exp3 import Exp3
    from firstmover.followers.fictitious_play import FictitiousPlay
    from firstmover.followers.level_k import LevelK
    from firstmover.followers.logit import Logit
    from firstmover.followers.meta import Meta
    from firstmover.followers.multiplicative_weights import MultiplicativeWeights
    from firstmover.followers.partly_rational import PartlyRational
    from firstmover.followers.policy_gradient import PolicyGradient
    from firstmover.followers.population import Population
    from firstmover.followers.q_learning import QLearning
    from firstmover.followers.regret_matching import RegretMatching
    from firstmover.followers.repeated_q_learning import RepeatedQLearning
    from firstmover.followers.sampled_weights import SampledWeights
    from firstmover.followers.swap_regret import SwapRegret
    from firstmover.followers.unmoved import Unmoved

__all__ = [
    "BestResponse",
    "Contextual",
    "Exp3",
    "FictitiousPlay",
    "Follower",
    "LevelK",
    "Logit",
    "Meta",
    "MultiplicativeWeights",
    "PartlyRational",
    "PolicyGradient",
    "Population",
    "QLearning",
    "RegretMatching",
    "RepeatedQLearning",
    "SampledWeights",
    "SwapRegret",
    "Unmoved",
]

__getattr__, __dir__ = lazily(__name__)
