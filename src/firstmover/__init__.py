"""firstmover: choose the rules of a market whose participants adapt to them.

design      learn the rule of a game, with a certificate          resume   go on with a run that was stopped
solve       the exact optimum, where the game is small enough     certify  certify a finished run anew
pretrain    train followers once, for many designs              Market   a one-shot market of your own, with the
                                                                    spaces Discrete, Box and Mixture
games       what is played                                        followers  how participants adapt
leaders     how the leader learns                                 equilibria  exact solvers on plain arrays
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firstmover import certificates, equilibria, followers, games, leaders
    from firstmover.certifications import certify
    from firstmover.designs import Design, design, resume
    from firstmover.errors import InputError
    from firstmover.games import Market
    from firstmover.pretraining import pretrain
    from firstmover.solutions import solve
    from firstmover.spaces import Box, Discrete, Mixture

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("Design", "design", "resume"), "firstmover.designs"),
    **dict.fromkeys(("Box", "Discrete", "Mixture"), "firstmover.spaces"),
    "InputError": "firstmover.errors",
    "Market": "firstmover.games",
    "certify": "firstmover.certifications",
    "pretrain": "firstmover.pretraining",
    "solve": "firstmover.solutions",
}
_ROOMS = ("certificates", "equilibria", "followers", "games", "leaders")

__all__ = [
    "Box",
    "Design",
    "Discrete",
    "InputError",
    "Market",
    "Mixture",
    "certificates",
    "certify",
    "design",
    "equilibria",
    "followers",
    "games",
    "leaders",
    "pretrain",
    "resume",
    "solve",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import firstmover` stays fast."""
    if name in _ROOMS:
        return importlib.import_module(f"firstmover.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'firstmover' has no attribute {name!r}")
