"""What each (follower, type) could do instead of its play, and what it would gain.

A deviation is a key: (follower, type, deviation) to one action whatever is told, for the coarse sets, or (follower,
type, told, deviation) for the others. Its gain is E[u(deviation) - u(play)] over the type profiles with that type, and
0 where another action than `told` is told.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from firstmover.equilibria.finite_game import FiniteGame
from firstmover.equilibria.sets import EquilibriumSet, is_coarse

Deviation = tuple[int, ...]


def deviations(game: FiniteGame, which: EquilibriumSet) -> list[Deviation]:
    """The keys of all deviations that a set rules out."""
    found: list[Deviation] = []
    for i, t in game.follower_types():
        actions = np.flatnonzero(game.allowed[i][t]).tolist()
        if is_coarse(which):
            found += [(i, t, instead) for instead in actions]
        else:
            found += [(i, t, told, instead) for told in actions for instead in actions if instead != told]
    return found


def positions(game: FiniteGame, keys: list[Deviation]) -> dict[tuple[int, int], Int[np.ndarray, "told instead"]]:
    """For each (follower, type), the position among the keys by the action told and the deviation; -1 for none."""
    found = {(i, t): np.full((game.n_actions[i],) * 2, -1) for i, t in game.follower_types()}
    for position, (i, t, *told, instead) in enumerate(keys):
        found[i, t][told or slice(None), instead] = position
    return found


def gains(
    game: FiniteGame, joint: Float[np.ndarray, "P *actions"], i: int, t: int
) -> Float[np.ndarray, "told instead"]:
    """What type t of follower i gains, conditional on its type, by one action whenever it plays another.

    Args:
        game: the game.
        joint: for every type profile, the distribution over action profiles that is played.
        i: the follower.
        t: its type.
    """
    rows = game.support[:, i] == t
    weights = game.probs[rows] / game.probs[rows].sum()
    played = np.moveaxis(joint[rows], i + 1, -1) * weights.reshape(-1, *[1] * len(game.n_actions))
    paid = np.moveaxis(game.followers[i][rows], i + 1, -1)
    products = np.tensordot(played, paid, (range(joint.ndim - 1),) * 2)
    return products - np.diag(products)[:, None]


def stakes(
    game: FiniteGame, joint: Float[np.ndarray, "P *actions"], i: int, t: int
) -> Float[np.ndarray, "told instead"]:
    """What type t of follower i wins, plus what it loses, by one action whenever it plays another; as `gains`."""
    rows = game.support[:, i] == t
    weights = game.probs[rows] / game.probs[rows].sum()
    k = game.n_actions[i]
    played = (np.moveaxis(joint[rows], i + 1, -1) * weights.reshape(-1, *[1] * len(game.n_actions))).reshape(-1, k)
    paid = np.moveaxis(game.followers[i][rows], i + 1, -1).reshape(-1, k)
    apart = [played[:, told] @ np.abs(paid - paid[:, [told]]) for told in range(k)]
    return np.array(apart)


def multiplied(
    game: FiniteGame, which: EquilibriumSet, multipliers: Mapping[Deviation, float]
) -> Float[np.ndarray, "P *actions"]:
    """At every profile, the sum of what all deviations gain there, each times its multiplier and the probability."""
    keys = deviations(game, which)
    values = np.array([*(multipliers[key] for key in keys), 0.0])  # the last one for positions of -1
    total = np.zeros(game.leader.shape)
    for (i, t), position in positions(game, keys).items():
        rows = game.support[:, i] == t
        mine = values[position]
        paid = np.moveaxis(game.followers[i][rows], i + 1, -1)
        gained = paid @ mine.T - paid * mine.sum(axis=1)
        total[rows] += np.moveaxis(gained, -1, i + 1)
    return total * game.probs.reshape(-1, *[1] * len(game.n_actions))


def regrets(game: FiniteGame, joint: Float[np.ndarray, "P *actions"]) -> dict[tuple[int, int], float]:
    """What each (follower, type) could gain at most by one action in place of its play, conditional on the type.

    Args:
        game: the game.
        joint: for every type profile, the distribution over action profiles that is played.

    Example:
        >>> import numpy as np
        >>> from firstmover.equilibria import FiniteGame, regrets
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> regrets(chicken, np.array([[[1.0, 0.0], [0.0, 0.0]]]))  # both play their first action
        {(0, 0): 1.0, (1, 0): 1.0}
    """
    return {
        (i, t): float(gains(game, joint, i, t).sum(axis=0)[game.allowed[i][t]].max()) for i, t in game.follower_types()
    }


def swap_regrets(game: FiniteGame, joint: Float[np.ndarray, "P *actions"]) -> dict[tuple[int, int], float]:
    """What each (follower, type) could gain at most by another action whenever it plays a certain one.

    The gain is an expectation over all its play, conditional on the type but not on the action that is replaced. All
    are at most 0 if and only if the play is a correlated equilibrium of the agent normal form. Also known as: internal
    regret. Never below `regrets` divided by the number of actions.

    Args:
        game: the game.
        joint: for every type profile, the distribution over action profiles that is played.

    Example:
        >>> import numpy as np
        >>> from firstmover.equilibria import FiniteGame, swap_regrets
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> swap_regrets(chicken, np.array([[[0.5, 0.25], [0.25, 0.0]]]))
        {(0, 0): 0.0, (1, 0): 0.0}
    """
    return {(i, t): float(gains(game, joint, i, t)[:, game.allowed[i][t]].max()) for i, t in game.follower_types()}
