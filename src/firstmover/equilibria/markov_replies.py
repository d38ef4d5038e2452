"""What followers reply to a leader's memoryless rule in a finite Markov game, exactly.

Two kinds of replies:

- exact: followers know the state and the time. By backward induction they play, in each (time, state), a pure Nash
  equilibrium of the stage game whose payoffs are the payment now and the value of what follows: with one follower a
  best response to the rule. Of several equilibria they play the one with the best continuation for the leader
  (`strong`) or the worst (`weak`); of those that are as good, the first. With one follower that is the best or worst of
  all its best responses; with several it is a choice made stage by stage, since what is chosen later also moves what
  is in equilibrium before. There may be no pure equilibrium in a stage; then nothing is claimed (an `InputError`).
- memoryless: one follower plays the best table of one action per observation of its own, found by trying all of them.

Source: backward induction as in any text on dynamic programming (Puterman, "Markov decision processes", 1994, section
4.5).
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from firstmover.equilibria.markov import Induced, MarkovGame, check_work, induced
from firstmover.equilibria.reply_regions import Ties
from firstmover.errors import InputError, require

TOLERANCE = 1e-12  # of equal payoffs, as a share of the sizes of the payments that they are sums of
CHUNK = 300_000  # numbers held at a time


class Response(NamedTuple):
    """How followers reply to a rule.

    Attributes:
        leader: the leader's expected total payoff.
        followers: the same for every follower.
        play: the joint action at every time and state.
        policy: the action at each of the follower's observations, if it replies without memory.
    """

    leader: float
    followers: Float[np.ndarray, "n"]
    play: Int[np.ndarray, "T S"]
    policy: Int[np.ndarray, "_obs"] | None = None


def best_response(
    game: MarkovGame,
    rule: Int[np.ndarray, "O"] | Float[np.ndarray, "O A"],
    ties: Ties,
    *,
    tolerance: float = TOLERANCE,
) -> Response:
    """The followers' exact reply to a rule, as the module says.

    Args:
        game: the game.
        rule: an action for each of the leader's observations, or a mixture of actions.
        ties: "strong" or "weak".
        tolerance: payoffs this close, as a share of the sizes of all payments that they are sums of, count as equal;
            >= 0.

    Raises:
        InputError: a stage that can come up has no pure equilibrium, which needs several followers.

    Example:
        >>> import numpy as np
        >>> from firstmover.equilibria import best_response
        >>> from firstmover.games import IteratedMatrix
        >>> from firstmover.solvers.registry import state_table
        >>> table = state_table(IteratedMatrix("prisoners_dilemma", steps=4))
        >>> best_response(table, np.zeros(table.n_observations, int), "strong").leader
        -6.0
    """
    values, _, play = by_backward_induction(game, induced(game, rule[None]), ties, tolerance, keep=True)
    paid = values[:, 0, game.start > 0] @ game.start[game.start > 0]
    if np.isnan(paid[0]):
        raise InputError("this rule leaves the followers a stage without a pure equilibrium; no reply is known.")
    return Response(float(paid[0]), paid[1:], play[:, 0])


def memoryless_response(
    game: MarkovGame,
    rule: Int[np.ndarray, "O"] | Float[np.ndarray, "O A"],
    ties: Ties,
    *,
    tolerance: float = TOLERANCE,
) -> Response:
    """The best reply of a single follower among tables of one action per observation of its own.

    Args:
        game: a game with one follower.
        rule: an action for each of the leader's observations, or a mixture of actions.
        ties: how the follower chooses among tables that pay it as much, "strong" or "weak".
        tolerance: as in `best_response`.

    Raises:
        InputError: there are several followers, or too many tables.
    """
    policies = memoryless_policies(game)
    size = float(len(policies)) * game.next_states.size
    check_work(game, f"{len(policies)} policies of the follower", size * game.horizon)
    joint = policies[:, game.follower_obs[0]]
    left = induced(game, rule[None])
    parts = np.array_split(joint, 1 + int(size) // CHUNK)
    paid, sizes = (
        np.concatenate([_totals(game, each, np.broadcast_to(part, (game.horizon, *part.shape))) for part in parts], 1)
        for each in (left, left.sizes())
    )
    best = as_good(paid[1], sizes[1], tolerance)
    chosen = int(preferred(paid[0], sizes[0], best, ties, tolerance))
    play = np.repeat(joint[chosen][None], game.horizon, axis=0)
    return Response(float(paid[0, chosen]), paid[1:, chosen], play, policies[chosen])


def play_values(
    game: MarkovGame,
    rule: Int[np.ndarray, "O"] | Float[np.ndarray, "O A"],
    play: Int[np.ndarray, "T S"] | Float[np.ndarray, "S B"],
) -> Float[np.ndarray, "players"]:
    """Expected total payoffs, the leader's first.

    Args:
        game: the game.
        rule: an action for each of the leader's observations, or a mixture of actions.
        play: the followers' joint action at every time and state, or probabilities of joint actions in every state
            (`joint_strategy` makes them of one table per follower).
    """
    left = induced(game, rule[None])
    if play.dtype.kind != "f":
        return _totals(game, left, play[:, None])[:, 0]
    values = np.zeros_like(left.paid[:, 0])
    for _ in range(game.horizon):
        values = (left.ahead(values, game.discount) * play.T[:, None]).sum(axis=1)
    return values[:, 0] @ game.start


def memoryless_policies(game: MarkovGame, most: int | float = math.inf) -> Int[np.ndarray, "P _obs"]:
    """All tables of one action per observation of a game's only follower, action 0 where no play comes to.

    Args:
        game: the game.
        most: how many tables there may be.

    Raises:
        InputError: there are several followers, or too many tables.
    """
    require(len(game.n_actions) == 1, "memoryless replies are for one follower", f"{len(game.n_actions)} followers")
    allowed = np.ones((game.n_obs[0], game.n_actions[0]), bool)
    seen = game.reachable()
    np.logical_and.at(allowed, game.follower_obs[0, seen], game.possible[seen])
    require(
        bool(allowed.any(axis=1).all()), "an observation must leave some action possible wherever it occurs", "none"
    )
    options = [np.flatnonzero(row) for row in allowed]
    for obs in set(range(game.n_obs[0])) - set(game.follower_obs[0, seen].tolist()):
        options[obs] = np.zeros(1, np.intp)
    size = math.prod(float(len(option)) for option in options)
    require(size <= most, f"at most {most} tables of the follower are tried", f"{size:.3g}")
    check_work(game, f"{size:.3g} policies of the follower", size * game.n_obs[0])
    return np.stack(np.meshgrid(*options, indexing="ij"), axis=-1).reshape(-1, len(options))


def by_backward_induction(
    game: MarkovGame, left: Induced, ties: Ties, tolerance: float, *, keep: bool = False
) -> tuple[Float[np.ndarray, "players R S"], Float[np.ndarray, "players R S"], Int[np.ndarray, "_T R S"]]:
    """Values at the start, the sizes of the payments in them, and the play if it is kept.

    Values are NaN where a stage that can follow has no pure equilibrium.
    """
    possible, in_size = game.possible.T[:, None], left.sizes()
    values, sizes, play = np.zeros_like(left.paid[:, 0]), np.zeros_like(left.paid[:, 0]), []
    for _ in range(game.horizon):
        ahead, size = left.ahead(values, game.discount), in_size.ahead(sizes, game.discount)
        stable = np.broadcast_to(possible, ahead.shape[1:])
        for i in range(len(game.n_actions)):
            own = np.where(possible, ahead[1 + i], -np.inf).reshape(*game.n_actions, *values.shape[1:])
            best = as_good(own, size[1 + i].reshape(own.shape), tolerance, axis=i)
            stable = stable & best.reshape(stable.shape)
        chosen = preferred(ahead[0], size[0], stable, ties, tolerance)
        values, sizes = (np.take_along_axis(part, chosen[None, None], axis=1)[:, 0] for part in (ahead, size))
        values = np.where(stable.any(axis=0), values, np.nan)
        if game.symmetric:
            values[1:] = values[1:].mean(axis=0)
        if keep:
            play.append(chosen)
    return values, sizes, np.array(play[::-1], np.int64).reshape(len(play), *values.shape[1:])


def as_good(
    values: Float[np.ndarray, "*shape"], sizes: Float[np.ndarray, "*shape"], tolerance: float, axis: int = 0
) -> Bool[np.ndarray, "*shape"]:
    """Which values are as good as the best along an axis, up to rounding: a share of the sizes of what both sum."""
    first = np.expand_dims(values.argmax(axis=axis), axis)
    best, size = (np.take_along_axis(part, first, axis) for part in (values, sizes))
    return np.asarray(values >= best - tolerance * (sizes + size))


def preferred(
    leader: Float[np.ndarray, "B *batch"],
    sizes: Float[np.ndarray, "B *batch"],
    stable: Bool[np.ndarray, "B *batch"],
    ties: Ties,
    tolerance: float,
) -> Int[np.ndarray, "*batch"]:
    """The first of the stable that is as good as the best (strong) or as bad as the worst (weak) for the leader."""
    sign = 1.0 if ties == "strong" else -1.0
    return np.asarray(np.argmax(as_good(np.where(stable, sign * leader, -np.inf), sizes, tolerance), axis=0))


def _totals(game: MarkovGame, left: Induced, play: Int[np.ndarray, "T Q S"]) -> Float[np.ndarray, "players Q"]:
    """Expected total payoffs of Q ways to play against one rule, a joint action for each at every time and state."""
    values = np.zeros((len(left.paid), *play.shape[1:]))
    for joint in play[::-1]:
        ahead = left.ahead(values, game.discount)
        values = np.take_along_axis(ahead, joint[None, None], axis=1)[:, 0]
    return values @ game.start
