"""The best sequential price mechanism without messages, by dynamic programming.

Types are independent across agents, so what is still to be earned depends on who and what is left only, and of agents
that are alike on how many are left:

    V(c, s) = max over kinds k with c_k > 0 and price vectors q of  gain_k(q, s) + sum_b P_k(b | q, s) V(c - k, s - b)

with c the numbers of agents not yet visited by kind, s the units left, b the bundle that an agent of kind k takes.

Source: backward induction for sequential price mechanisms, Brero et al. 2021 ("Reinforcement learning of sequential
price mechanisms"); counts in place of sets are ours.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

Counts = tuple[int, ...]  # of every kind, agents not yet visited
Left = tuple[int, ...]  # units of every item


@dataclass(frozen=True)
class NoMessages:
    """The best mechanism without messages.

    Attributes:
        value: expected payoff from the start.
        worth: for every (counts, left) the expected payoff from there on.
        choice: for every (counts, left) in which somebody and something is left, the kind of agent to visit and the
            row of its price vector.
    """

    value: float
    worth: Mapping[tuple[Counts, Left], float]
    choice: Mapping[tuple[Counts, Left], tuple[int, int]]

    def in_fractions(
        self,
        sizes: Counts,
        units: Left,
        bundles: Int[np.ndarray, "B items"],
        offer: Callable[[int, tuple[bool, ...], int], tuple[Fraction, Sequence[Fraction]]],
    ) -> Fraction:
        """What the mechanism is expected to earn, exactly.

        Args:
            sizes: number of agents of every kind.
            units: units of every item at the start.
            bundles: units of every item in each bundle that an agent may take.
            offer: for a kind, the items available and a row, the expected payoff now and every bundle's probability.
        """
        known: dict[tuple[int, tuple[bool, ...], int], tuple[Fraction, Sequence[Fraction]]] = {}
        values: dict[tuple[Counts, Left], Fraction] = {}
        for counts, left in _situations(sizes, units):
            if (counts, left) not in self.choice:
                values[counts, left] = Fraction(0)
                continue
            kind, row = self.choice[counts, left]
            key = kind, tuple(unit > 0 for unit in left), row
            if key not in known:
                known[key] = offer(*key)
            gain, chances = known[key]
            values[counts, left] = gain + sum(
                chance * values[_without(counts, kind), tuple(int(s) for s in np.array(left) - bundle)]
                for chance, bundle in zip(chances, bundles, strict=True)
                if chance
            )
        return values[tuple(sizes), tuple(units)]


def best_without_messages(
    sizes: Counts,
    units: Left,
    bundles: Int[np.ndarray, "B items"],
    offer: Callable[[int, tuple[bool, ...]], tuple[Float[np.ndarray, "Q"], Float[np.ndarray, "Q B"]]],
) -> NoMessages:
    """Backward induction over how many of whom, and what, is left.

    Args:
        sizes: number of agents of every kind.
        units: units of every item at the start.
        bundles: units of every item in each bundle that an agent may take.
        offer: for a kind of agent and the items available, the expected payoff of every price vector now, and the
            probability of every bundle; bundles that are not available have probability zero.
    """
    offers: dict[tuple[int, tuple[bool, ...]], tuple[np.ndarray, np.ndarray]] = {}
    values: dict[tuple[Counts, Left], float] = {}
    choice: dict[tuple[Counts, Left], tuple[int, int]] = {}
    for counts, left in _situations(sizes, units):
        if not any(counts) or not any(left):
            values[counts, left] = 0.0
            continue
        available = tuple(unit > 0 for unit in left)
        after = np.array(left) - bundles
        possible = np.all(after >= 0, axis=1)
        best = -np.inf
        for kind in np.flatnonzero(counts).tolist():
            if (kind, available) not in offers:
                offers[kind, available] = offer(kind, available)
            gain, chance = offers[kind, available]
            rest = _without(counts, kind)
            later = [values[rest, tuple(s)] if ok else 0.0 for s, ok in zip(after.tolist(), possible, strict=True)]
            total = gain + chance @ np.array(later)
            row = int(np.argmax(total))
            if total[row] > best + 1e-12:
                best, choice[counts, left] = float(total[row]), (kind, row)
        values[counts, left] = best
    return NoMessages(values[tuple(sizes), tuple(units)], values, choice)


def _situations(sizes: Counts, units: Left) -> list[tuple[Counts, Left]]:
    """Everything that may be left, those with fewer agents first."""
    counts = sorted(itertools.product(*(range(size + 1) for size in sizes)), key=sum)
    return list(itertools.product(counts, itertools.product(*(range(unit + 1) for unit in units))))


def _without(counts: Counts, kind: int) -> Counts:
    return tuple(count - (k == kind) for k, count in enumerate(counts))
