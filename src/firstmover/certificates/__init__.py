"""Checks of a claimed outcome. Nothing here learns, or imports what does."""

from firstmover.certificates.certificate import Certificate, certify_play, sampled_value
from firstmover.certificates.induced import induced_game, play_distribution, value_of

__all__ = ["Certificate", "certify_play", "induced_game", "play_distribution", "sampled_value", "value_of"]
