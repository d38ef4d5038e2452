"""What is played. A game is registered by being exported here."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.games.agrawal import Agrawal
    from firstmover.games.base import Game, Rewards, Turn
    from firstmover.games.bayesian_normal_form import BayesianNormalForm
    from firstmover.games.bullet_trade import BulletTrade
    from firstmover.games.buy_box import BuyBox
    from firstmover.games.crowd_toll import CrowdToll
    from firstmover.games.iterated_matrix import IteratedMatrix
    from firstmover.games.market import Market
    from firstmover.games.matrix_design import MatrixDesign
    from firstmover.games.mean_field import MeanFieldGame
    from firstmover.games.newsvendor import Newsvendor
    from firstmover.games.normal_form import Escape, Maintain, NormalForm
    from firstmover.games.patrol import Patrol
    from firstmover.games.security import SecurityGame
    from firstmover.games.security_schedules import SecuritySchedules
    from firstmover.games.sequential_price import SequentialPrice
    from firstmover.games.simple_allocation import SimpleAllocation
    from firstmover.games.tax import Tax
    from firstmover.games.toll import Toll

__all__ = [
    "Agrawal",
    "BayesianNormalForm",
    "BulletTrade",
    "BuyBox",
    "CrowdToll",
    "Escape",
    "Game",
    "IteratedMatrix",
    "Maintain",
    "Market",
    "MatrixDesign",
    "MeanFieldGame",
    "Newsvendor",
    "NormalForm",
    "Patrol",
    "Rewards",
    "SecurityGame",
    "SecuritySchedules",
    "SequentialPrice",
    "SimpleAllocation",
    "Tax",
    "Toll",
    "Turn",
]

__getattr__, __dir__ = lazily(__name__)
