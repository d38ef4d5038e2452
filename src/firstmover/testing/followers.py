"""The checks of a model of followers: it is built, it plays small games, and its play is one."""

import jax
import jax.numpy as jnp
import numpy as np

from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import Episode, StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games import Agrawal, SimpleAllocation
from firstmover.games.base import Game
from firstmover.games.iterated_matrix import IteratedMatrix
from firstmover.testing.checks import Check, check_parameters, results

_LARGEST = 1e-5  # by which probabilities may miss a sum of 1, in 32-bit numbers


def check_follower(followers: Follower) -> list[Check]:
    """Everything that is tried of a model of followers, up to what fails first.

    Example:
        >>> from firstmover.followers import BestResponse
        >>> all(check.passed for check in check_follower(BestResponse()))
        True
    """
    return results(followers, [("parameters", check_parameters), ("games", _games), ("play", _play), ("noise", _noise)])


def _games(followers: Follower) -> None:
    if not _playable(followers):
        raise InputError(
            f"check of {type(followers).__name__} refuses all of simple-allocation, a price mechanism and the iterated "
            "prisoner's dilemma; it must take games of one kind or the other."
        )


def _playable(followers: Follower) -> list[Game]:
    taken: list[Game] = []
    for game in (SimpleAllocation(), Agrawal(), IteratedMatrix()):
        try:
            followers.check(game)
        except InputError:
            continue
        taken.append(game)
    return taken


def _episode(followers: Follower, game: Game, number: int) -> Episode:
    problem = StackelbergPOMDP(game.standardised, followers, reward_episodes=1)
    decisions = np.asarray(game.leader_space.spread(16))
    rows = np.random.default_rng(number).integers(0, len(decisions), game.n_observations)
    rule = jnp.asarray(decisions[rows])
    played: Episode = jax.jit(lambda rule: problem.episode(table_of(problem.game, rule), jax.random.key(0)))(rule)
    return played


def _play(followers: Follower) -> None:
    name, game = type(followers).__name__, _playable(followers)[0]
    play = _episode(followers, game, 0).strategy
    if not isinstance(play, Play):
        raise InputError(f"strategy of {name} must return a Play, such as Strategies; got {type(play).__name__}.")
    for i, table in enumerate(play.by_step(game) if hasattr(play, "tables") else ()):
        rows = np.asarray(table)
        if not np.isfinite(rows).all() or rows.min() < 0 or abs(rows.sum(axis=-1) - 1).max() > _LARGEST:
            raise InputError(f"the play of {name} for follower {i} of {game.name} must be rows of probabilities.")


def _noise(followers: Follower) -> None:
    """Equal keys have to lead to equal play, or nothing could be resumed."""
    game = _playable(followers)[0]
    first, second = (_episode(followers, game, 1).strategy for _ in range(2))
    if not jax.tree.all(jax.tree.map(lambda a, b: np.array_equal(a, b, equal_nan=True), first, second)):
        raise InputError(
            f"{type(followers).__name__} plays differently when it responds again to the same rule with the same key: "
            "draw from the noise that ask is given, not from NumPy or Python."
        )
