"""What can be asked of the solver of price mechanisms with messages."""

from typing import Literal

from firstmover.solvers.option import Option

Selection = Literal["best", "worst", "anf_cce"]


OPTIONS = (
    Option("selection", "best", "which equilibria count, with messages (best)", ("best", "worst", "anf_cce")),
    Option("threshold", False, "messages mean intervals of values"),
)
