"""Whether a given joint play lies in an equilibrium set, and if not, why."""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array

from firstmover.equilibria.deviations import deviations, gains, stakes
from firstmover.equilibria.finite_game import FiniteGame, numbers
from firstmover.equilibria.programs import cells, columns
from firstmover.equilibria.sets import EquilibriumSet, check_set, is_coarse, is_of_maps
from firstmover.equilibria.solver import minimum
from firstmover.errors import require

_SUM_TOLERANCE = 1e-6  # how far from 1 the sum of given probabilities may be


class Violation(NamedTuple):
    """Why a joint play is not in an equilibrium set.

    Attributes:
        kind: "forbidden", if an action is played that its type may not take; "deviation", if somebody gains; or
            "unplayable", if the play needs a follower to know the types of others.
        text: the same in words. Followers, types and actions are counted from 0.
        follower: who, or None if unplayable.
        type: its type, or None.
        told: the action that it plays, or is told, when it deviates; None if the deviation is to one action whatever
            is told.
        deviation: the action that it would rather take, or None.
        gain: what it gains by that, conditional on its type, in its payoff units; the probability of the forbidden
            action, conditional on the type; or the least share of the play that must depend on others' types.
    """

    kind: Literal["forbidden", "deviation", "unplayable"]
    text: str
    follower: int | None
    type: int | None
    told: int | None
    deviation: int | None
    gain: float


def violation(
    game: FiniteGame, which: EquilibriumSet, joint: object, *, epsilon: float = 0.0, tolerance: float = 1e-9
) -> Violation | None:
    """What keeps a joint play from being in an equilibrium set: the greatest gain there is, or None if nothing does.

    Args:
        game: the game.
        which: the set; see `equilibria.sets`.
        joint: for every type profile, the distribution over action profiles that is played, shape [P, *actions].
        epsilon: regret allowed to every (follower, type), conditional on the type, in payoff units; >= 0.
        tolerance: what does not count yet: a gain beyond epsilon, as a share of what is at stake for the type
            (the most that it wins plus loses by one action, in expectation, and epsilon), or a probability; >= 0.

    Raises:
        InputError: the game has no such set, the joint play is not made of distributions (within 1e-6), an argument
            is out of range, or, for the sets of the agent normal form, there are too many profiles of maps to see
            whether the play needs to know others' types.

    Example:
        >>> import numpy as np
        >>> from firstmover.equilibria import FiniteGame, violation
        >>> chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
        >>> violation(chicken, "ce", np.array([[[1.0, 0.0], [0.0, 0.0]]])).text
        'follower 0 gains 1 by action 1 whenever it is told action 0'
    """
    check_set(game, which, epsilon)
    require(tolerance >= 0, "the tolerance must be at least 0", tolerance)
    play = _distributions(game, joint)
    return (
        _forbidden(game, play, tolerance)
        or _deviation(game, which, play, epsilon, tolerance)
        or (_unplayable(game, which, play, tolerance) if is_of_maps(which) and game.has_types else None)
    )


def _distributions(game: FiniteGame, joint: object) -> Float[np.ndarray, "P *actions"]:
    """The joint play, checked; what rounding leaves of the sums is divided out."""
    play = numbers("the joint play", joint, game.leader.shape)
    require(bool((play >= 0).all()), "probabilities must be at least 0", play.min())
    sums = play.reshape(len(play), -1).sum(axis=1)
    worst = float(sums[np.abs(sums - 1).argmax()])
    require(abs(worst - 1) <= _SUM_TOLERANCE, "the joint play must sum to 1 at every type profile", worst)
    return play / sums.reshape(-1, *[1] * len(game.n_actions))


def _forbidden(game: FiniteGame, play: Float[np.ndarray, "P *actions"], tolerance: float) -> Violation | None:
    """The likeliest action that is not allowed."""
    found = []
    for i, t in game.follower_types():
        rows = game.support[:, i] == t
        others = tuple(axis for axis in range(1, play.ndim) if axis != i + 1)
        chances = game.probs[rows] / game.probs[rows].sum() @ play[rows].sum(axis=others)
        found += [(float(chances[a]), i, t, a) for a in np.flatnonzero(~game.allowed[i][t]).tolist()]
    chance, i, t, told = max(found, default=(0.0, 0, 0, 0))
    if chance <= tolerance:
        return None
    text = f"follower {i} of type {t} plays action {told}, which it may not take, with probability {chance:.6g}"
    return Violation("forbidden", text, i, t, told, None, chance)


def _deviation(
    game: FiniteGame, which: EquilibriumSet, play: Float[np.ndarray, "P *actions"], epsilon: float, tolerance: float
) -> Violation | None:
    """The deviation that gains most beyond epsilon, as a share of what is at stake for its type."""
    tables = {(i, t): gains(game, play, i, t) for i, t in game.follower_types()}
    sizes = {(i, t): stakes(game, play, i, t) for i, t in game.follower_types()}
    found = []
    for i, t, *told, instead in deviations(game, which):
        gain = float(tables[i, t][told or slice(None), instead].sum())
        size = float(sizes[i, t].sum(axis=0).max()) + epsilon
        excess = (gain - epsilon) / size if size > 0 else 0.0
        found.append((excess, gain, i, t, told[0] if told else None, instead))
    excess, gain, i, t, said, instead = max(found, key=lambda f: f[0], default=(0.0, 0.0, 0, 0, None, 0))
    if excess <= tolerance:
        return None
    of_type = f" of type {t}" if game.has_types else ""
    when = "whatever it is told" if is_coarse(which) else f"whenever it is told action {said}"
    allowed = f", more than the {epsilon:.6g} allowed" if epsilon else ""
    text = f"follower {i}{of_type} gains {gain:.6g} by action {instead} {when}{allowed}"
    return Violation("deviation", text, i, t, said, instead, gain)


def _unplayable(
    game: FiniteGame, which: EquilibriumSet, play: Float[np.ndarray, "P *actions"], tolerance: float
) -> Violation | None:
    """Whether some of the play is left when as much of it as possible is covered by profiles of maps."""
    plays = columns(game, which)
    profiles, actions = cells(game, which, plays)
    flat = play.reshape(len(play), -1)
    covering = (flat[profiles, actions] > 0).all(axis=1)
    at = (profiles * flat.shape[1] + actions)[covering]
    missing = 1.0
    if covering.any():
        column = np.broadcast_to(np.arange(len(at))[:, None], at.shape)
        cover = csr_array((np.ones(at.size), (at.ravel(), column.ravel())), shape=(flat.size, len(at)))
        missing = max(0.0, 1 + float(minimum(-np.ones(len(at)), A_ub=cover, b_ub=flat.ravel()).fun))
    if missing <= tolerance:
        return None
    text = f"{missing:.6g} of the play needs a follower to know the types of others"
    return Violation("unplayable", text, None, None, None, None, missing)
