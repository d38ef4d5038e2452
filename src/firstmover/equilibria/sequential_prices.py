"""The best sequential price mechanism without messages, by dynamic programming.

Types are independent across agents, so what is still to be earned depends on who and what is left only:

    V(R, s) = max over i in R and price vectors q of  gain_i(q, s) + sum_b P_i(b | q, s) V(R - i, s - b)

with R the agents not yet visited, s the units left, b the bundle that agent i takes.

Source: backward induction for sequential price mechanisms, Brero et al. 2021 ("Reinforcement learning of sequential
price mechanisms").
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Remaining = tuple[int, ...]  # 1 for every agent not yet visited
Left = tuple[int, ...]  # units of every item


@dataclass(frozen=True)
class NoMessages:
    """The best mechanism without messages.

    Attributes:
        value: expected payoff from the start.
        choice: for every (remaining, left) in which somebody and something is left, the agent to visit and the row of
            its price vector.
    """

    value: float
    choice: Mapping[tuple[Remaining, Left], tuple[int, int]]


def best_without_messages(
    n_agents: int,
    units: Left,
    bundles: Int[np.ndarray, "B items"],
    offer: Callable[[int, tuple[bool, ...]], tuple[Float[np.ndarray, "Q"], Float[np.ndarray, "Q B"]]],
) -> NoMessages:
    """Backward induction over who and what is left.

    Args:
        n_agents: number of agents.
        units: units of every item at the start.
        bundles: units of every item in each bundle that an agent may take.
        offer: for an agent and the items available, the expected payoff of every price vector now, and the
            probability of every bundle; bundles that are not available have probability zero.
    """
    offers: dict[tuple[int, tuple[bool, ...]], tuple[np.ndarray, np.ndarray]] = {}
    values: dict[tuple[Remaining, Left], float] = {}
    choice: dict[tuple[Remaining, Left], tuple[int, int]] = {}
    stocks = list(itertools.product(*(range(u + 1) for u in units)))
    for remaining in sorted(itertools.product((0, 1), repeat=n_agents), key=sum):
        for left in stocks:
            if not any(remaining) or not any(left):
                values[remaining, left] = 0.0
                continue
            available = tuple(unit > 0 for unit in left)
            after = np.array(left) - bundles
            possible = np.all(after >= 0, axis=1)
            best = -np.inf
            for agent in np.flatnonzero(remaining).tolist():
                if (agent, available) not in offers:
                    offers[agent, available] = offer(agent, available)
                gain, chance = offers[agent, available]
                rest = tuple(0 if j == agent else r for j, r in enumerate(remaining))
                later = [values[rest, tuple(s)] if ok else 0.0 for s, ok in zip(after.tolist(), possible, strict=True)]
                total = gain + chance @ np.array(later)
                row = int(np.argmax(total))
                if total[row] > best + 1e-12:
                    best, choice[remaining, left] = float(total[row]), (agent, row)
            values[remaining, left] = best
    return NoMessages(values[(1,) * n_agents, tuple(units)], choice)
