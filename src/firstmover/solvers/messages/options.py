"""What can be asked of the solver of price mechanisms with messages."""

from typing import Literal

from firstmover.solvers.option import Option

Selection = Literal["best", "worst", "anf_cce"]


_GAMES = "price mechanisms"

OPTIONS = (
    Option("selection", _GAMES, "best", "which equilibria count, with messages (best)", ("best", "worst", "anf_cce")),
    Option("threshold", _GAMES, False, "messages mean intervals of values"),
)
