"""Two learners of a two-player game, from the command line or Python: its table, the learners, what came of them."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from firstmover.catalogue import Parameters
from firstmover.equilibria.manipulation import Manipulation, loss_to_manipulation
from firstmover.errors import InputError, unknown_name
from firstmover.games.base import Game
from firstmover.jobs.build import constructed
from firstmover.jobs.exports import strategic_form
from firstmover.online.followers import FOLLOWERS
from firstmover.online.leaders import LEADERS
from firstmover.online.learners import OnlineFollower, OnlineLeader, Table
from firstmover.online.meetings import checkpoints, meet
from firstmover.online.outcomes import Meeting

_MOST_PAIRS = 10_000


def two_player_table(game: Game) -> Table:
    """What the leader and its one follower are paid at every pair of actions, in the game's units.

    Raises:
        InputError: the game has another number of followers, or no table of its leader's decisions.
    """
    if game.n_followers != 1:
        raise InputError(f"two learners need a game with one follower; {game.name} has {game.n_followers}.")
    payoffs = strategic_form(game).payoffs.astype(np.float64)
    if payoffs[0].size > _MOST_PAIRS:
        raise InputError(f"the table of {game.name} has {payoffs[0].size} pairs of actions; at most {_MOST_PAIRS}.")
    return Table(payoffs[0], payoffs[1])


def manipulation_of(game: Game) -> Manipulation | None:
    """The loss to manipulation of a game with one follower and a table; None of other games."""
    if game.n_followers != 1 or game.n_observations != 1:
        return None
    try:
        return loss_to_manipulation(*two_player_table(game))
    except (InputError, NotImplementedError):
        return None


def learn_online(
    game: Game,
    *,
    leader: OnlineLeader | str = "exp3",
    follower: OnlineFollower | str = "ucb",
    rounds: int = 100_000,
    seeds: int = 25,
    seed: int = 0,
    alive: Callable[[int], None] | None = None,
) -> Meeting:
    """Let two learners meet for many rounds, without commitment within a round.

    Rewards are 0 or 1 with the means of the table; a player's payments outside [0, 1] are scaled to it for the
    learners, and told in the game's units.

    Args:
        game: a game of two players with a table.
        leader: how the leader learns, or its name: exp3, ucb, ucbe, etc.
        follower: how the follower learns, or its name: best-response, ucb, fbm, fmucb.
        rounds: how many rounds.
        seeds: independent seeds.
        seed: the first.
        alive: told after how many rounds it stands, now and then.

    Raises:
        InputError: the game has no such table, or a name or a number is not valid.

    Example:
        >>> from firstmover.games import NormalForm
        >>> game = NormalForm([[0.95, 0.9], [1, 0]], [[0.3, 0.2], [0.8, 0.79]])
        >>> met = learn_online(game, leader="ucb", follower="best-response", rounds=2000, seeds=2)
        >>> met.leader_regret[-1].max() / 2000 < 0.05
        np.True_
    """
    own = leader_from(leader, {}) if isinstance(leader, str) else leader
    other = follower_from(follower, {}) if isinstance(follower, str) else follower
    table = two_player_table(game)
    at = checkpoints(rounds) if rounds > 0 else np.array([rounds])
    scaled = Table(_in_unit_range(table.leader), _in_unit_range(table.follower))
    counts = meet([scaled], own, other, rounds=rounds, seeds=seeds, seed=seed, at=at, alive=alive)
    return Meeting(table, at, counts[:, 0])


def leader_from(name: str, parameters: Parameters) -> OnlineLeader:
    """The online leader with a name and these parameters.

    Raises:
        InputError: there is none, or a parameter is not valid.
    """
    if name not in LEADERS:
        raise unknown_name("online leader", name, LEADERS)
    made: OnlineLeader = constructed(LEADERS[name], name, parameters)
    return made


def follower_from(name: str, parameters: Parameters) -> OnlineFollower:
    """The online follower with a name and these parameters.

    Raises:
        InputError: there is none, or a parameter is not valid.
    """
    if name not in FOLLOWERS:
        raise unknown_name("online follower", name, FOLLOWERS)
    made: OnlineFollower = constructed(FOLLOWERS[name], name, parameters)
    return made


def _in_unit_range(paid: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
    """Payments in [0, 1]: as they are, or else from the least to the greatest."""
    low, high = float(paid.min()), float(paid.max())
    if low >= 0 and high <= 1:
        return paid
    if high == low:
        return np.full_like(paid, 0.5)
    # Halves, so that a range beyond the largest float stays finite.
    return np.clip((paid / 2 - low / 2) / (high / 2 - low / 2), 0.0, 1.0)
