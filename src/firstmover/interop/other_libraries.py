"""Tables of payoffs to and from Nashpy and OpenSpiel; to and from pygambit they go as exact `.nfg` text.

What comes in is a game of tables in which the first player leads. What goes out is a whole game (`jobs.exports.
strategic_form`) or what a rule leaves its followers (`jobs.exports.induced_form`), in floats, since these libraries
compute in them.
"""

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from firstmover.errors import InputError
from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind


def from_nashpy(game: Any, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game of a `nashpy.Game`: its row player leads.

    Example:
        >>> import nashpy
        >>> from_nashpy(nashpy.Game([[1, 3], [0, 2]], [[1, 0], [0, 1]])).n_actions
        (2,)
    """
    row, column = game.payoff_matrices
    return NormalForm(np.asarray(row), np.asarray(column), commitment)


def to_nashpy(payoffs: np.ndarray) -> Any:
    """A `nashpy.Game` of the payoffs [2, rows, columns] of two players.

    Raises:
        InputError: there are not two, or nashpy is missing.
    """
    if len(payoffs) != 2:
        raise InputError(f"Nashpy has games of two players; this one has {len(payoffs)}.")
    return _imported("nashpy").Game(*payoffs.astype(np.float64))


def from_openspiel(game: Any, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game of an OpenSpiel game in which all choose once, at the same time: player 0 leads.

    Raises:
        InputError: it is another kind of game, or has one player.
    """
    start, players = game.new_initial_state(), game.num_players()
    if players < 2 or start.is_chance_node() or not start.is_simultaneous_node():
        raise InputError(
            f"{game.get_type().short_name} is no game in which two players or more choose once at the same time; "
            "pyspiel.extensive_to_tensor_game makes one of a small game in turns."
        )
    legal = [start.legal_actions(player) for player in range(players)]
    names = [[start.action_to_string(p, action) for action in own] for p, own in enumerate(legal)]
    payoffs = np.zeros((players, *map(len, legal)))
    for at in np.ndindex(payoffs.shape[1:]):
        state = start.clone()
        state.apply_actions([own[k] for own, k in zip(legal, at, strict=True)])
        if not state.is_terminal():
            raise InputError(f"{game.get_type().short_name} goes on after everybody has chosen once.")
        payoffs[(slice(None), *at)] = state.returns()
    return NormalForm(payoffs[0], payoffs[1:] if players > 2 else payoffs[1], commitment, names)


def to_openspiel(payoffs: np.ndarray, strategies: Sequence[Sequence[str]], name: str = "game") -> Any:
    """An OpenSpiel game of the payoffs [players, *strategies]: a `MatrixGame` for two players, else a `TensorGame`.

    Raises:
        InputError: OpenSpiel is missing.
    """
    pyspiel = _imported("pyspiel", "open_spiel")
    tables = payoffs.astype(np.float64)
    names = [list(own) for own in strategies]
    if len(tables) == 2:
        return pyspiel.create_matrix_game(name, name, *names, *tables.tolist())
    return pyspiel.create_tensor_game(name, name, names, tables.reshape(len(tables), -1).tolist())


def _imported(module: str, package: str | None = None) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(f"this needs {package or module}: pip install {package or module}.") from None
