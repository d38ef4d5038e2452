"""The finite game that a rule leaves its followers, in float64, by playing every profile of it.

The same game code as in training runs here with 64-bit numbers; nothing is re-derived by hand.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.commitment import Table, table_of
from firstmover.core.declarations import check_chance, check_paid
from firstmover.core.plays import Play
from firstmover.core.rollout import answer
from firstmover.equilibria import FiniteGame
from firstmover.errors import InputError
from firstmover.evaluators.forms import all_profiles, type_masks
from firstmover.games.base import Game

_KEYS = 3  # of the chance that a game without chance must not depend on

Paid = tuple[Array, Array, Array | None]  # to the leader, to the followers, in transfers


def exact_table(game: Game, actions: np.ndarray) -> Table:
    """A table commitment in 64-bit numbers; call with `jax.enable_x64` on."""
    return table_of(game, jnp.asarray(_exact(actions)))


def _exact(actions: np.ndarray) -> np.ndarray:
    return np.asarray(actions, np.int32 if np.issubdtype(np.asarray(actions).dtype, np.integer) else np.float64)


def induced_game(game: Game, actions: np.ndarray) -> FiniteGame:
    """The followers' game under the rule with these actions, shape [n_observations, ...].

    Raises:
        InputError: the profiles cannot be listed (see `all_profiles`).
    """
    support, probs = game.types.profiles
    with jax.enable_x64(True):
        outcome, masks = _play_all(game)(_exact(actions), 0)
    shape = (len(support), *game.n_actions)
    followers = np.moveaxis(np.asarray(outcome[1]), -1, 0).reshape(-1, *shape)
    return FiniteGame(support, probs, np.asarray(outcome[0]).reshape(shape), followers, tuple(map(np.asarray, masks)))


def induced_transfers(game: Game, actions: np.ndarray) -> Float[np.ndarray, "P *actions"] | None:
    """What the leader receives less what it pays, at every profile of the induced game; None in games without money.

    Raises:
        InputError: as `induced_game`.
    """
    with jax.enable_x64(True):
        transfers = _play_all(game)(_exact(actions), 0)[0][2]
    return None if transfers is None else np.asarray(transfers).reshape(-1, *game.n_actions)


def check_induced(game: Game, actions: np.ndarray) -> None:
    """Refuse a game that does not pay what it declares, or not always the same, at some profile under this rule.

    Raises:
        InputError: as `induced_game`; or the game is not what it declares.
    """
    check_chance(game)
    finite, transfers = induced_game(game, actions), induced_transfers(game, actions)
    possible = np.flatnonzero(finite.possible())

    def where(position: int) -> str:
        profile, *played = np.unravel_index(possible[position], finite.leader.shape)
        return f"at types {finite.support[profile].tolist()} and actions {[int(a) for a in played]}"

    followers = finite.followers.reshape(game.n_followers, -1).T[possible]
    money = None if transfers is None else transfers.ravel()[possible]
    check_paid(game, finite.leader.ravel()[possible], followers, money, where)
    with jax.enable_x64(True):
        first, *others = (_play_all(game)(_exact(actions), k)[0] for k in range(_KEYS))
    if not all(jax.tree.all(jax.tree.map(np.array_equal, first, other)) for other in others):
        raise InputError(f"{game.name} declares has_chance=False, but pays differently when it is played again.")


@functools.lru_cache(maxsize=8)
def _play_all(game: Game) -> Callable[[np.ndarray, int], tuple[Paid, tuple[Array, ...]]]:
    """One compiled function per game, for the many rules that are checked in it."""

    def play(actions: jax.Array, seed: jax.Array) -> tuple[Paid, tuple[Array, ...]]:
        outcome = answer(game, table_of(game, actions), all_profiles(game), jax.random.key(seed))
        return (outcome.leader, outcome.followers, outcome.transfers), type_masks(game)

    return jax.jit(play)


@functools.lru_cache(maxsize=8)
def _joint(game: Game) -> Callable[[Play], Array]:
    return jax.jit(lambda play: play.joint(game))


def play_distribution(game: Game, play: Play) -> Float[np.ndarray, "P *actions"]:
    """What is played at every type profile, in float64, each distribution summing to 1 exactly as far as it can."""
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda table: _normalised(np.asarray(table, np.float64)), play)
        joint = _normalised(np.asarray(_joint(game)(exact)))
    return joint.reshape(-1, *game.n_actions)


def _normalised(table: np.ndarray) -> np.ndarray:
    return table / table.sum(axis=-1, keepdims=True)


def value_of(
    finite: FiniteGame, joint: Float[np.ndarray, "P *actions"], payoffs: Float[np.ndarray, "P *actions"] | None = None
) -> float:
    """An expected payoff, by default the leader's, when this is played."""
    paid = finite.leader if payoffs is None else payoffs
    return float(finite.probs @ (joint * paid).reshape(len(joint), -1).sum(axis=1))
