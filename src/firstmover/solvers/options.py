"""The options that solvers have of their own, in one list; the command line declares them."""

from firstmover.solvers.messages.options import OPTIONS as OF_MESSAGES
from firstmover.solvers.option import Option

OPTIONS: tuple[Option, ...] = (*OF_MESSAGES,)
