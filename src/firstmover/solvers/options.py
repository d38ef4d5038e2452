"""The options that solvers have of their own, in one list; the command line declares them."""

from firstmover.solvers.messages.options import OPTIONS as OF_MESSAGES
from firstmover.solvers.option import Option

RATIONALITY = Option(
    "rationality",
    "security games",
    "",
    "an attacker that errs (logit): how rational it is, as in its follower",
    (),
    "R",
)
OPTIONS: tuple[Option, ...] = (*OF_MESSAGES, RATIONALITY)
