"""Checks of a claimed outcome. Nothing here learns, or imports what does."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.certificates.certificate import Certificate, certify_play, summary
    from firstmover.certificates.induced import exact_table, induced_game, play_distribution, value_of
    from firstmover.certificates.replies import certified_reply, solvable
    from firstmover.certificates.sampled import sampled_values, value_in_steps

__all__ = [
    "Certificate",
    "certified_reply",
    "certify_play",
    "exact_table",
    "induced_game",
    "play_distribution",
    "sampled_values",
    "solvable",
    "summary",
    "value_in_steps",
    "value_of",
]

__getattr__, __dir__ = lazily(__name__)
