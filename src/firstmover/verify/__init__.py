"""An independent check of a certificate, with the standard library and exact fractions alone.

    python verify CERTIFICATE        exit status: 0 confirmed, 1 refuted, 2 unreadable

This folder runs where it stands, copied and alone, and as `python -m firstmover.verify`. Nothing else of firstmover is
imported, no solver and no floating-point arithmetic is used. A certificate carries a rule, the finite game that the
rule leaves its followers, their play, and for every interval and each of its ends a proof: a point of the equilibrium
set that reaches the end, and multipliers that show that no point goes beyond.

- The game is derived again from the rule and the parameters, where the family of games is known here (`families`).
- The play's regrets, its value, welfare and revenue are computed again (`finite`).
- Every end of every interval is proved (`proofs`).
- A number that is shown must be the nearest float to the fraction that is proved (`claims`).
"""

from .amounts import UnreadableError
from .claims import Claim, check, read, verdict
from .command import main, verify
from .derivation import matches
from .families import FAMILIES, derive
from .finite import Finite, Joint, expected, gains, game_of, joint_of_play, joint_of_point, regrets, weight
from .proofs import MAX_MAPS, MAX_SLACK, bound, maps_to_go_through, why_not_end

__all__ = [
    "FAMILIES",
    "MAX_MAPS",
    "MAX_SLACK",
    "Claim",
    "Finite",
    "Joint",
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
    "read",
    "regrets",
    "verdict",
    "verify",
    "weight",
    "why_not_end",
]
