"""What is played. A game is registered by being exported here."""

from firstmover.games.base import Game, Rewards, Solution, Turn
from firstmover.games.bayesian_normal_form import BayesianNormalForm
from firstmover.games.matrix_design import MatrixDesign
from firstmover.games.normal_form import Escape, Maintain, NormalForm
from firstmover.games.security import SecurityGame
from firstmover.games.sequential_price import Agrawal, SequentialPrice
from firstmover.games.simple_allocation import SimpleAllocation

__all__ = [
    "Agrawal",
    "BayesianNormalForm",
    "Escape",
    "Game",
    "Maintain",
    "MatrixDesign",
    "NormalForm",
    "Rewards",
    "SecurityGame",
    "SequentialPrice",
    "SimpleAllocation",
    "Solution",
    "Turn",
]
