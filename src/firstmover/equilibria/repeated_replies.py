"""Best replies in a game that is repeated for ever, against players that go by the last profile of actions.

Fix what the others play after every profile. A player then faces a decision problem whose states are profiles; its
value solves V(s) = max over a of pay(a, others at s) + discount * V(a, others at s), and value iteration finds it.
What a player loses by its own strategy is the gap between that and the strategy's value: no other strategy, however
long its memory, earns more against these others.

A claimed V proves itself: if V(s) >= pay + discount * V(next) for every state and action, nobody can earn more than V.
"""

import numpy as np
from jaxtyping import Float, Int

_ENOUGH = 1e-12


def best_reply_values(
    pays: Float[np.ndarray, "S"], strategies: Int[np.ndarray, "n S"], sizes: tuple[int, ...], i: int, discount: float
) -> Float[np.ndarray, "S"]:
    """The most that player i can earn from every state on, per round: (1 - discount) times the discounted sum.

    Args:
        pays: what it is paid at every profile, the last player's action varying fastest.
        strategies: what every player does after every profile.
        sizes: numbers of actions.
        i: the player.
        discount: weight of the next round, in [0, 1).
    """
    ahead = next_profiles(strategies, sizes, i)
    values = np.zeros(len(pays))
    while True:
        better = ((1 - discount) * pays[ahead] + discount * values[ahead]).max(axis=0)
        if np.abs(better - values).max() <= _ENOUGH * (1 - discount) * max(1.0, np.abs(pays).max()):
            return np.asarray(better)
        values = better


def own_values(
    pays: Float[np.ndarray, "S"], strategies: Int[np.ndarray, "n S"], sizes: tuple[int, ...], discount: float
) -> Float[np.ndarray, "S"]:
    """What these strategies pay from every state on, per round: a linear system."""
    ahead = np.ravel_multi_index(tuple(strategies), sizes)
    moves = np.zeros((len(pays), len(pays)))
    moves[np.arange(len(pays)), ahead] = 1
    return np.asarray(np.linalg.solve(np.eye(len(pays)) - discount * moves, (1 - discount) * pays[ahead]))


def next_profiles(strategies: Int[np.ndarray, "n S"], sizes: tuple[int, ...], i: int) -> Int[np.ndarray, "actions S"]:
    """The profile that follows each state if player i takes each action and the others their own."""
    rows = []
    for action in range(sizes[i]):
        actions = strategies.copy()
        actions[i] = action
        rows.append(np.ravel_multi_index(tuple(actions), sizes))
    return np.array(rows)
