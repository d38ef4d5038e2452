"""Optimal commitments against one follower with private types, by a mixed-integer program (HiGHS, through SciPy).

Payoff tables are indexed [type, leader action, follower action]. The follower knows its type, the leader only the
prior. Everyone maximises; all results are in the units of the payoffs.

The program is DOBSS. Besides the mixture x and one binary q per type and reply it holds z = q x, so that payoffs are
linear, and finds the combination of replies, one for each type, in whose region the leader earns most. Two changes:
the follower's payoff is the sum of its payoffs under z, which is tighter than its bounds by large constants alone; and
with weak ties there is a second mixture for the same binaries, to which the replies are strictly best. Whatever the
program proposes is then computed exactly, by the linear programs of `reply_regions`; or refused, cut off, and the
program solved again.

Source: Paruchuri, Pearce, Marecki, Tambe, Ordóñez and Kraus, "Playing games for security: an efficient exact algorithm
for solving Bayesian Stackelberg games" (AAMAS 2008).
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import block_array, csr_array, diags_array, eye_array, kron

from firstmover.equilibria.commitments import OptimalCommitment
from firstmover.equilibria.region_programs import CommitmentGame, Replies
from firstmover.equilibria.reply_regions import (
    Candidate,
    Ties,
    all_candidates,
    candidates_by,
    in_units,
    optimal,
    over_mixtures,
    reply_classes,
)
from firstmover.equilibria.solver import mixed_integer
from firstmover.errors import InputError
from firstmover.exact_numbers import as_fractions

MAX_PAYOFFS = 10_000  # entries of one table, of a game whose mixed commitment is computed
TIME_LIMIT = 60.0  # seconds for one program; two types with 40 x 40 actions take 3, eight with 10 x 10 take 15
LISTED_REPLIES = 100  # combinations of replies, one for each type, that are all computed, without that program
MOST_SPREAD = 1e5  # differences between payoffs, largest over smallest, that its tolerance of 1e-6 can tell apart
STRICT = 1e-5  # margin of strict replies in the program, in units of payoff ranges: ten times the solver's tolerance
WEIGHT = 1e3  # of the objective: the solver stops at an absolute gap of 1e-6


def deterministic_bayesian_commitment(
    leader: Shaped[np.ndarray, "K m a"],
    follower: Shaped[np.ndarray, "K m a"],
    prior: Shaped[np.ndarray, "K"],
    ties: Ties,
) -> OptimalCommitment:
    """The best single action to commit to; every type plays a best response.

    Args:
        leader: the leader's payoffs.
        follower: the follower's payoffs.
        prior: probabilities of the types.
        ties: whether ties are broken for the leader ("strong") or against it ("weak").
    """
    leader, follower, prior = (as_fractions(part) for part in (leader, follower, prior))
    best = follower == follower.max(axis=2, keepdims=True)
    most = prior @ np.where(best, leader, leader.min()).max(axis=2)
    least = prior @ np.where(best, leader, leader.max()).min(axis=2)
    values = most if ties == "strong" else least
    chosen = max(range(len(values)), key=lambda row: (values[row], least[row], -row))
    return OptimalCommitment(float(values[chosen]), chosen, True, "enumeration of the leader's actions")


def bayesian_commitment(
    leader: Shaped[np.ndarray, "K m a"],
    follower: Shaped[np.ndarray, "K m a"],
    prior: Shaped[np.ndarray, "K"],
    ties: Ties,
) -> OptimalCommitment:
    """The best mixture to commit to against a follower with private types.

    With weak ties only replies that are strictly best together somewhere, one for each type, can be counted on (up to
    actions of identical payoffs to the type, the worst of which counts); the best value over their regions is a
    supremum. In games so degenerate that the program proposes others, what is only strict by less than `STRICT` of
    the payoff ranges is not counted on either. `attained` is decided by a search of the combinations of replies that
    have this value, at most `reply_regions.MOST_EQUAL` of them: if those do not attain it, it is false.

    Args:
        leader: the leader's payoffs.
        follower: the follower's payoffs.
        prior: probabilities of the types.
        ties: whether ties are broken for the leader ("strong") or against it ("weak").

    Raises:
        InputError: the tables have more than `MAX_PAYOFFS` entries, or a program takes longer than `TIME_LIMIT`.
    """
    if leader.size > MAX_PAYOFFS:
        raise InputError(f"exact Bayesian commitments are limited to {MAX_PAYOFFS} payoffs; got {leader.size}.")
    leader, follower, prior = (as_fractions(part) for part in (leader, follower, prior))
    possible = prior > 0
    game, low = over_mixtures(leader[possible], follower[possible], prior[possible])
    listed = math.prod(len(own) for own in reply_classes(game, ties)) <= LISTED_REPLIES
    if not listed and _spread(game) > MOST_SPREAD:
        raise InputError(
            f"the follower's payoffs are of too many magnitudes (over {MOST_SPREAD:g} times the smallest difference) "
            f"and the combinations of replies too many (over {LISTED_REPLIES})."
        )
    single = possible.sum() == 1
    found = optimal(game, all_candidates(game, ties) if single or listed else _candidates(game, ties), ties)
    method = "a linear program for every combination of replies"
    if not listed:
        method = "a mixed-integer program (DOBSS, Paruchuri et al. 2008)"
    if ties == "weak":
        method += " over regions of strict replies (von Stengel and Zamir 2010)"
    return OptimalCommitment(float(low + found.value), found.x.astype(np.float64), found.attained, method)


def _spread(game: CommitmentGame) -> float:
    """The largest difference between what two replies pay a type at an action, over the smallest that is not 0."""
    gaps = [abs(own[:, :, None] - own[:, None]) for own in game.follower]
    apart = [gap for own in gaps for gap in own.ravel() if gap]
    return float(max(apart) / min(apart)) if apart else 1.0


def _candidates(game: CommitmentGame, ties: Ties) -> Iterator[Candidate]:
    """The combinations of replies, the best first, each with its best mixture."""
    classes, floats = reply_classes(game, ties), in_units(game)
    return candidates_by(lambda seen, strict: _best_combination(floats, classes, seen, strict=strict), game, ties)


def _best_combination(
    game: CommitmentGame, classes: list[list[tuple[int, ...]]], seen: Sequence[Replies], *, strict: bool
) -> Replies | None:
    """The replies, one for each type, in whose region the leader earns most, other than those seen; None if none are.

    Args:
        game: the game, over mixtures, in floats and units of payoff ranges.
        classes: the replies of each type.
        seen: combinations that are left out.
        strict: whether some mixture must make the replies better than all others by `STRICT`.
    """
    options = [(k, own) for k, per_type in enumerate(classes) for own in per_type]
    K, m, _ = game.leader.shape
    n = len(options)
    pays = np.array([game.follower[k, :, own[0]] for k, own in options])  # [n, m]
    slack = np.array([(game.follower[k].max(axis=1) - game.follower[k, :, own[0]]).max() for k, own in options])
    option, k, a = np.array([(i, k, a) for i, (k, own) in enumerate(options) for a in own]).T
    earns, of_option = game.leader[k, :, a], csr_array(np.eye(n)[option])
    of_type = csr_array(np.eye(K)[:, [k for k, _ in options]])  # [K, n]
    same_type = of_type.T @ of_type
    each, slacks = eye_array(n), diags_array(slack)  # another reply is better by the slack at most
    # z = q x for each option, the binaries q, what the option pays its type (f) and the leader (g) under z, and x; with
    # `strict` a second mixture y, and what it pays each type (v).
    sizes = {"z": n * m, "q": n, "f": n, "g": n, "x": m} | ({"y": m, "v": K} if strict else {})
    # Coefficients of the variables, lower and upper limits.
    rows: list[tuple[dict[str, csr_array], float, float | np.ndarray]] = [
        ({"z": kron(of_type, eye_array(m)), "x": -kron(np.ones((K, 1)), eye_array(m))}, 0, 0),
        ({"z": kron(each, np.ones((1, m))), "q": -each}, 0, 0),
        ({"q": of_type}, 1, 1),
        ({"z": _per_option(pays, np.arange(n), n), "f": -each}, 0, 0),
        ({"z": -_per_option(earns, option, n), "g": of_option}, -np.inf, 0),
        ({"x": csr_array(pays), "f": -same_type}, -np.inf, 0),
        ({"x": csr_array(-pays), "f": same_type, "q": slacks}, -np.inf, slack),
    ]
    if strict:
        rows += [
            ({"y": csr_array(pays), "v": -of_type.T, "q": -STRICT * each}, -np.inf, -STRICT),
            ({"y": csr_array(-pays), "v": of_type.T, "q": slacks}, -np.inf, slack),
            ({"y": csr_array(np.ones((1, m)))}, 1, 1),
        ]
    for replies in seen:
        rows.append(({"q": csr_array([[float(own == replies[k]) for k, own in options]])}, 0, K - 1))
    lower, upper = [], []
    for row, least, most in rows:
        height = next(iter(row.values())).shape[0]
        lower.append(np.broadcast_to(least, height))
        upper.append(np.broadcast_to(most, height))
    matrix = block_array([[row.get(name) for name in sizes] for row, _, _ in rows])
    result = mixed_integer(
        _stacked(sizes, "g", -WEIGHT * (game.prior @ of_type)),
        # With presolve HiGHS 1.12 is no faster here, and in rare cases prints a line on stdout.
        {"mip_rel_gap": 0.0, "presolve": False, "time_limit": TIME_LIMIT},
        constraints=LinearConstraint(matrix, np.concatenate(lower), np.concatenate(upper)),
        integrality=_stacked(sizes, "q", np.ones(n)),
        bounds=Bounds(0, 1),
    )
    if result.status == 2:  # infeasible
        return None
    if result.status == 1:
        raise InputError(f"the optimal mixture against {K} types was not found in {TIME_LIMIT:g} seconds.")
    taken = result.x[n * m : n * m + n] > 0.5
    return tuple(own for (_, own), is_taken in zip(options, taken, strict=True) if is_taken)


def _per_option(vectors: Float[np.ndarray, "rows m"], options: Int[np.ndarray, "rows"], n: int) -> csr_array:
    """Rows that multiply the part of z that belongs to an option by a vector."""
    count, m = vectors.shape
    columns = options[:, None] * m + np.arange(m)
    return csr_array((vectors.ravel(), (np.repeat(np.arange(count), m), columns.ravel())), shape=(count, n * m))


def _stacked(sizes: dict[str, int], name: str, values: Float[np.ndarray, "n"]) -> Float[np.ndarray, "variables"]:
    """One vector over all variables: these values for one of them, zero elsewhere."""
    return np.concatenate([values if name == other else np.zeros(size) for other, size in sizes.items()])
