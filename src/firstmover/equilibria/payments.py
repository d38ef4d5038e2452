"""The best payments to add to the payoffs of a finite game, over its coarse correlated equilibria.

The leader promises follower i a payment in [0, most] at every action profile, and aims at something; payments may be
charged against it. Where one profile is to be played, what has to be paid there is what somebody would gain by leaving
it; promises at other profiles cost nothing, since they are never kept.

- Strong ties: no promise elsewhere is needed. Over all distributions the payments made are bounded by a linear program
  in p(a) and z_i(a) = p(a) * payment, with the promises elsewhere left out: an upper bound, and the optimum wherever
  one profile reaches it.
- Weak ties: promises elsewhere make the profile's actions strictly dominant, for one follower after the other, if
  `most` is enough; then it is the only coarse correlated equilibrium. What has to be paid at the profile has to be
  exceeded, so the value may be a supremum.

Source: Monderer and Tennenholtz, "k-Implementation" (EC 2003), section 4, for dominant actions.
"""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array

from firstmover.equilibria.reply_regions import Ties
from firstmover.equilibria.solver import minimum
from firstmover.errors import InputError

MAX_ENTRIES = 2_000_000  # of the constraints of the program


class OptimalPayments(NamedTuple):
    """Payments, what they are sure to earn, and what no payments can exceed.

    Attributes:
        payments: a table for each follower, [n, *actions].
        value: what the leader earns under them, or comes within a millionth of the range of its aims of (of the
            followers' payoffs, where it aims at the same everywhere).
        upper_bound: on what any payments earn; equal to `value` where that is the optimum.
        attained: whether these payments earn `value` itself.
    """

    payments: Float[np.ndarray, "n *actions"]
    value: float
    upper_bound: float
    attained: bool


def optimal_payments(
    payoffs: Float[np.ndarray, "n *actions"],
    aims: Float[np.ndarray, "*actions"],
    most: float,
    *,
    charged: bool,
    ties: Ties,
) -> OptimalPayments:
    """The best payments over the best (strong) or the worst (weak) coarse correlated equilibrium.

    Args:
        payoffs: the followers' payoffs without payments.
        aims: what the leader is paid at every profile, payments apart.
        most: the largest payment, at least 0.
        charged: whether the leader bears the payments.
        ties: "strong" or "weak".

    Raises:
        InputError: the program has more than `MAX_ENTRIES` entries, or with weak ties no profile can be made dominant.
    """
    upper = _upper_bound(payoffs, aims, most, charged)
    margin = 1e-6 * float(np.ptp(aims) or np.ptp(payoffs) or 1.0) / len(payoffs)
    found = []
    for profile in itertools.product(*map(range, aims.shape)):
        made = _at_profile(payoffs, profile, most, charged, ties, margin)
        if made is not None:
            payments, least, attained = made
            found.append((float(aims[profile]) - (least if charged else 0.0), attained, payments))
    if not found:
        raise InputError(f"payments of up to {most:g} make no single profile an equilibrium; raise max_payment.")
    value, attained, payments = max(found, key=lambda item: item[:2])
    return OptimalPayments(payments, value, max(upper, value), attained)


def _at_profile(
    payoffs: Float[np.ndarray, "n *actions"],
    profile: tuple[int, ...],
    most: float,
    charged: bool,
    ties: Ties,
    margin: float,
) -> tuple[Float[np.ndarray, "n *actions"], float, bool] | None:
    """Payments under which this profile is played, the least that has to be paid there, and whether that is enough."""
    gains = []  # by the best other action, over what the others play, with the own axis kept
    for i, own in enumerate(payoffs):
        others = np.delete(own, profile[i], axis=i)
        gains.append(others.max(axis=i, keepdims=True, initial=-np.inf) - np.take(own, [profile[i]], axis=i))
    needs = [max(0.0, float(gain[_with_own(profile, i)])) for i, gain in enumerate(gains)]
    if max(needs) > most or (ties == "weak" and not _dominant_in_turn(gains, profile, most)):
        return None
    payments, attained = np.zeros_like(payoffs), True
    for i, gain in enumerate(gains):
        here = _with_own(profile, i)
        # Elsewhere a promise costs nothing; at the profile, weak ties have to be broken.
        promise = np.full(gain.shape, most if ties == "weak" else 0.0)
        strict = bool(gain[here] < 0)
        if not charged:
            promise[here] = most
        elif ties == "strong" or strict:
            promise[here] = needs[i]
        else:
            promise[here], attained = min(needs[i] + margin, (needs[i] + most) / 2), False
        payments[i][(slice(None),) * i + ([profile[i]],)] = promise
    return payments, sum(needs), attained


def _with_own(profile: tuple[int, ...], i: int) -> tuple[int, ...]:
    """The profile's place in a table whose own axis has one entry."""
    return (*profile[:i], 0, *profile[i + 1 :])


def _dominant_in_turn(gains: list[np.ndarray], profile: tuple[int, ...], most: float) -> bool:
    """Whether the followers can be put in an order in which each has a strictly dominant action once those before do.

    A strictly dominant action is played in every coarse correlated equilibrium; one that is only left over when
    dominated actions are deleted need not be.
    """
    waiting = dict(enumerate(gains))
    while waiting:
        ready = [i for i, gain in waiting.items() if np.all(gain < most)]
        if not ready:
            return False
        del waiting[ready[0]]
        waiting = {i: np.take(gain, [profile[ready[0]]], axis=ready[0]) for i, gain in waiting.items()}
    return True


def _upper_bound(
    payoffs: Float[np.ndarray, "n *actions"], aims: Float[np.ndarray, "*actions"], most: float, charged: bool
) -> float:
    """The most over all distributions, if promises at profiles that are not played cost no incentives."""
    n, size = len(payoffs), aims.size
    if (entries := size * 2 * sum(aims.shape) + n * size) > MAX_ENTRIES:
        raise InputError(f"optimal payments are limited to {MAX_ENTRIES} constraint entries; got {entries}.")
    rows = []
    for i, own in enumerate(payoffs):
        for deviation in range(aims.shape[i]):
            gain = (np.take(own, [deviation], axis=i) - own).ravel()
            paid = np.zeros((n, size))
            paid[i] = -1.0
            rows.append(np.concatenate([gain, paid.ravel()]))
    # No more than `most` is paid where a profile is played.
    capped = np.hstack([np.tile(-most * np.eye(size), (n, 1)), np.eye(n * size)])
    cost = np.concatenate([-aims.ravel(), np.full(n * size, float(charged))])
    result = minimum(
        cost,
        A_ub=csr_array(np.vstack([*rows, capped])),
        b_ub=np.zeros(len(rows) + n * size),
        A_eq=csr_array(np.concatenate([np.ones(size), np.zeros(n * size)])[None]),
        b_eq=[1.0],
    )
    return -float(result.fun)
