"""The families of games that are known here, by name."""

from collections.abc import Callable, Mapping

from .amounts import Json, text
from .bayesian import BayesianNormalForm
from .finite import Finite
from .game import Game
from .matrix_design import MatrixDesign
from .normal_form import ESCAPE, MAINTAIN, NormalForm
from .rules import Entries
from .security import Security
from .security_schedules import SecuritySchedules
from .sequential_price import Market, agrawal
from .simple_allocation import SimpleAllocation

FAMILIES: dict[str, Callable[[Json], Game]] = {
    "normal-form": NormalForm.read,
    "escape": ESCAPE,
    "maintain": MAINTAIN,
    "bayesian-normal-form": BayesianNormalForm.read,
    "security": Security.read,
    "security-schedules": SecuritySchedules.read,
    "simple-allocation": SimpleAllocation.read,
    "matrix-design": MatrixDesign.read,
    "sequential-price": Market.read,
    "agrawal": agrawal,
}


def derive(content: Mapping[str, Json]) -> Finite | None:
    """The followers' game from a rule file's content, or None where the family of games is not known here.

    Raises:
        ValueError: there is no such game, or it has no such rule.
        LimitError: it takes too much time or memory.
    """
    family = FAMILIES.get(text(content["game"], "the name of a game"))
    if family is None:
        return None
    game = family(content["parameters"])
    return game.finite(game.decided(Entries(content["rule"])))
