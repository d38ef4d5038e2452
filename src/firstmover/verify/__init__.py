"""An independent check of a certificate, with the standard library and exact fractions alone.

    python verify CERTIFICATE        exit status: 0 confirmed, 1 refuted, 2 unreadable, 3 incomplete

This folder runs where it stands, copied and alone, and as `python -m firstmover.verify`. Nothing else of firstmover is
imported, no solver and no floating-point arithmetic is used. A certificate states a game, a rule of it and the
followers' play. It carries the finite game that the rule leaves the followers, and for every interval and each of its
ends a proof: a point of the equilibrium set that reaches the end, and multipliers that show that no point goes beyond.

- The game is one that there is and admits the rule, where its family is known here (`statement`, `families`).
- The game that the rule leaves the followers is derived again.
- The play's regrets, its value, welfare and revenue are computed again (`finite`).
- Every end of every interval is proved (`proofs`).
- The baseline is the one of the same game, with the same followers and types (`baselines`).
- A number that is shown must be the nearest float to the fraction that is proved; what is said in words is put into
  words again (`claims`).

What cannot be checked, because a game is not known here or takes too much time or memory (`limits`), is never
confirmed: the certificate is incomplete then.
"""

from .amounts import UnreadableError
from .claims import check, verdict
from .command import STATUS, main, read, report, verify
from .families import FAMILIES, derive
from .finite import Finite, Joint, expected, gains, game_of, joint_of_play, joint_of_point, play_of, regrets, weight
from .limits import LimitError
from .proofs import MAX_MAPS, MAX_SLACK, bound, maps_to_go_through, why_not_end
from .rules import matches
from .statement import Claim

__all__ = [
    "FAMILIES",
    "MAX_MAPS",
    "MAX_SLACK",
    "STATUS",
    "Claim",
    "Finite",
    "Joint",
    "LimitError",
    "UnreadableError",
    "bound",
    "check",
    "derive",
    "expected",
    "gains",
    "game_of",
    "joint_of_play",
    "joint_of_point",
    "main",
    "maps_to_go_through",
    "matches",
    "play_of",
    "read",
    "regrets",
    "report",
    "verdict",
    "verify",
    "weight",
    "why_not_end",
]
