"""What is played. A game is registered by being exported here."""

from firstmover.games.base import Game, Rewards, Solution, Turn
from firstmover.games.normal_form import Escape, Maintain, NormalForm
from firstmover.games.simple_allocation import SimpleAllocation

__all__ = ["Escape", "Game", "Maintain", "NormalForm", "Rewards", "SimpleAllocation", "Solution", "Turn"]
