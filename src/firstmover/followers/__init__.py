"""How followers respond. A follower is registered by being exported here."""

from firstmover.followers.base import Follower
from firstmover.followers.best_response import BestResponse
from firstmover.followers.multiplicative_weights import MultiplicativeWeights

__all__ = ["BestResponse", "Follower", "MultiplicativeWeights"]
