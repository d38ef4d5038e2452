"""Where the solvers of the games that ship stand: they are loaded when their game is asked about, and no others."""

import importlib

_ROOM = "firstmover.games."
_SOLVERS = {
    **{
        name: name
        for name in (
            "bayesian_normal_form",
            "bullet_trade",
            "buy_box",
            "crowd_toll",
            "iterated_matrix",
            "market",
            "matrix_design",
            "mean_field",
            "newsvendor",
            "normal_form",
            "patrol",
            "security",
            "security_schedules",
            "simple_allocation",
            "toll",
        )
    },
    "sequential_price": "messages.solver",
}


def load(kind: type) -> None:
    """Register the solvers of a type of game and of those that it is built on, as far as they ship."""
    for base in kind.__mro__:
        name = _SOLVERS.get(base.__module__.removeprefix(_ROOM))
        if name is not None:
            importlib.import_module(f"firstmover.solvers.{name}")
