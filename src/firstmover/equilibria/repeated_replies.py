"""Best replies in a game that is repeated for ever, against players that go by the last profile of actions.

Fix what the others play after every profile. A player then faces a decision problem whose states are the last profile
and the game's past, if it has one; its value solves V(x) = max over a of pay(x, a) + discount * V(next of x and a), and
value iteration finds it. What a player loses by its own strategy is the gap between that and the strategy's value: no
other strategy, however long its memory, earns more against these others.

A claimed V proves itself: if V(x) >= pay + discount * V(next) for every state and action, nobody can earn more than V
(`largest_violation`).

All functions take any leading axes: a session each.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

_ENOUGH = 1e-12


class Moves(NamedTuple):
    """Where every action of a player leads from every state, the others acting by their strategies.

    Attributes:
        profile: the number of the profile that is played, with the past before it, [..., actions, H * S].
        state: the state afterwards, [..., actions, H * S].
    """

    profile: Int[np.ndarray, "*batch actions HS"]
    state: Int[np.ndarray, "*batch actions HS"]


def moves(
    strategies: Int[np.ndarray, "*batch n S"],
    sizes: tuple[int, ...],
    actions: Int[np.ndarray, "*batch actions S"],
    i: int,
    after: Int[np.ndarray, "HS"] | None = None,
) -> Moves:
    """Where these actions of player i lead.

    Args:
        strategies: what every player does after every profile.
        sizes: numbers of actions.
        actions: of player i, after every profile.
        i: the player.
        after: the game's past after a past and profile; None if there is one only.
    """
    index = np.zeros_like(actions)
    for j, size in enumerate(sizes):
        index = index * size + (actions if j == i else strategies[..., j, :][..., None, :])
    count = index.shape[-1]
    if after is None:
        return Moves(index, index)
    pasts = np.arange(len(after) // count)[:, None] * count
    profile = index[..., None, :] + pasts  # [..., actions, H, S]
    state = after[profile] * count + index[..., None, :]
    shape = *index.shape[:-1], len(after)
    return Moves(profile.reshape(shape), state.reshape(shape))


def _at(values: Float[np.ndarray, "*batch HS"], index: Int[np.ndarray, "*batch actions HS"]) -> np.ndarray:
    flat = index.reshape(*index.shape[:-2], -1)
    return np.take_along_axis(values, flat, axis=-1).reshape(index.shape)


def best_reply_values(
    pays: Float[np.ndarray, "*batch HS"],
    strategies: Int[np.ndarray, "*batch n S"],
    sizes: tuple[int, ...],
    i: int,
    discount: float,
    after: Int[np.ndarray, "HS"] | None = None,
) -> Float[np.ndarray, "*batch HS"]:
    """The most that player i can earn from every state on, per round: (1 - discount) times the discounted sum.

    Args:
        pays: what it is paid at every past and profile, the last player's action varying fastest.
        strategies: what every player does after every profile.
        sizes: numbers of actions.
        i: the player.
        discount: weight of the next round, in [0, 1).
        after: the game's past after a past and profile; None if there is one only.
    """
    ahead = moves(strategies, sizes, _every_action(strategies, sizes, i), i, after)
    paid, values = (1 - discount) * _at(pays, ahead.profile), np.zeros(pays.shape)
    enough = _ENOUGH * (1 - discount) * max(1.0, float(np.abs(pays).max()))
    while True:
        better = (paid + discount * _at(values, ahead.state)).max(axis=-2)
        if np.abs(better - values).max() <= enough:
            return np.asarray(better)
        values = better


def largest_violation(
    values: Float[np.ndarray, "*batch HS"],
    pays: Float[np.ndarray, "*batch HS"],
    strategies: Int[np.ndarray, "*batch n S"],
    sizes: tuple[int, ...],
    i: int,
    discount: float,
    after: Int[np.ndarray, "HS"] | None = None,
) -> float:
    """By how much the inequality that proves claimed values fails at worst; at most 0 where they are proved."""
    ahead = moves(strategies, sizes, _every_action(strategies, sizes, i), i, after)
    claimed = (1 - discount) * _at(pays, ahead.profile) + discount * _at(values, ahead.state)
    return float((claimed - values[..., None, :]).max())


def own_values(
    pays: Float[np.ndarray, "*batch HS"],
    strategies: Int[np.ndarray, "*batch n S"],
    sizes: tuple[int, ...],
    discount: float,
    after: Int[np.ndarray, "HS"] | None = None,
) -> Float[np.ndarray, "*batch HS"]:
    """What these strategies pay from every state on, per round: a linear system."""
    ahead = moves(strategies, sizes, strategies[..., :1, :], 0, after)
    size = pays.shape[-1]
    chain = np.eye(size)[ahead.state[..., 0, :]]
    paid = (1 - discount) * _at(pays, ahead.profile)[..., 0, :]
    return np.asarray(np.linalg.solve(np.eye(size) - discount * chain, paid[..., None])[..., 0])


class Gaps(NamedTuple):
    """What players lose by what they have learnt, in sessions of the same repeated game.

    Attributes:
        gaps: of every player, per round, from where it stands on, [P, N, n].
        violation: by how much an inequality that proves the best replies' values fails at worst: rounding.
    """

    gaps: Float[np.ndarray, "P N n"]
    violation: float


def best_reply_gaps(
    pays: Float[np.ndarray, "P n HS"],
    strategies: Int[np.ndarray, "P N n S"],
    sizes: tuple[int, ...],
    start: Int[np.ndarray, "P N"],
    discounts: tuple[float, ...],
    after: Int[np.ndarray, "HS"] | None = None,
) -> Gaps:
    """Every player's best-reply gap in N sessions of each of P games.

    Args:
        pays: what players are paid at every past and profile.
        strategies: what they do after every profile, session by session.
        sizes: numbers of actions.
        start: the state from which on they are judged: past * S + profile.
        discounts: of every player.
        after: the game's past after a past and profile; None if there is one only.
    """
    gaps, worst = [], -np.inf
    for i, discount in enumerate(discounts):
        own_pays = np.broadcast_to(pays[:, None, i], (*start.shape, pays.shape[2]))
        best = best_reply_values(own_pays, strategies, sizes, i, discount, after)
        worst = max(worst, largest_violation(best, own_pays, strategies, sizes, i, discount, after))
        gap = best - own_values(own_pays, strategies, sizes, discount, after)
        gaps.append(np.take_along_axis(gap, start[..., None], axis=-1)[..., 0])
    return Gaps(np.maximum(0, np.stack(gaps, axis=-1)), worst)


def cycle_lengths(
    strategies: Int[np.ndarray, "*batch n S"],
    sizes: tuple[int, ...],
    state: Int[np.ndarray, "*batch"],
    after: Int[np.ndarray, "HS"] | None = None,
) -> Int[np.ndarray, "*batch"]:
    """In how many rounds play comes back to where it was, once it goes round, from a state on."""
    ahead = moves(strategies, sizes, strategies[..., :1, :], 0, after).state[..., 0, :]

    def following(state: np.ndarray) -> np.ndarray:
        return np.take_along_axis(ahead, state[..., None], axis=-1)[..., 0]

    for _ in range(ahead.shape[-1]):
        state = following(state)
    now, length, rounds = following(state), np.zeros(state.shape, int), 1
    while (length == 0).any():
        length = np.where((length == 0) & (now == state), rounds, length)
        now, rounds = following(now), rounds + 1
    return length


def _every_action(strategies: Int[np.ndarray, "*batch n S"], sizes: tuple[int, ...], i: int) -> np.ndarray:
    """All actions of a player after every profile, [..., actions, S]."""
    shape = *strategies.shape[:-2], sizes[i], strategies.shape[-1]
    return np.broadcast_to(np.arange(sizes[i])[:, None], shape)
