"""The most that a given rule may cost over coarse correlated equilibria of the agent normal form, proved exactly.

The set is the distributions over pairs of type -> message maps such that no (agent, type) gains by one fixed message.
Two exact bounds on the cost over it:

- Dominance. A type that has one message better than every other, whatever the other agent's types may still send,
  sends it in all of the set: else that message would be a gain. So what may still be sent shrinks, type by type.
- Duality. For any multipliers lambda >= 0, one for each (agent, type, message),
  max over pairs of maps of  cost + sum of lambda * (payoff - payoff by that message)
  is a bound. The bracket is a sum over pairs of types, so for a fixed map of agent 1 every type of agent 0 can be
  maximised by itself. Multipliers come from the linear program over the set, and are rounded to fractions.
"""

from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from firstmover.equilibria.mechanisms.market import Market, Payoffs, Rule, Strategies, payoffs
from firstmover.equilibria.mechanisms.verify import all_maps, flat, one_hot
from firstmover.equilibria.solver import minimum
from firstmover.errors import InputError

MAX_MAPS = 200_000
_COLUMNS = 40  # pairs of maps that are added at a time
_TOLERANCE = 1e-9  # in units of the largest value
_PRICE = 1e5  # no multiplier is larger

Multipliers = tuple[Shaped[np.ndarray, "T0 M"], Shaped[np.ndarray, "T1 M"]]


def coarse_bound(market: Market, rule: Rule) -> Fraction:
    """A proven bound on the cost of a rule over the set: the least one found; exact where dominance decides.

    Raises:
        InputError: there are too many maps to list.
    """
    tables = payoffs(market, rule)
    maps = _maps(market)
    bound, _ = dominance_bound(market, tables)
    multipliers, cost = _multipliers(market, tables, maps)
    if cost * float(market.highest) < float(bound) - 1e-9:
        for factor in (1, 2):
            for denominator in (100, 10_000, 10**7):
                bound = min(bound, _dual_bound(tables, maps, multipliers, factor, denominator))
    return bound


def _maps(market: Market) -> Int[np.ndarray, "S1 T1"]:
    if (number := market.messages ** market.n_types[1]) > MAX_MAPS:
        raise InputError(f"{number:.3g} messaging strategies are more than {MAX_MAPS} to list.")
    return all_maps(market.n_types[1], market.messages)


def possible_messages(tables: Payoffs) -> tuple[Bool[np.ndarray, "T0 M"], Bool[np.ndarray, "T1 M"]]:
    """What every type may send in the set: one message where that is better than all others whatever is still sent."""
    own = tables.utility[0], np.moveaxis(tables.utility[1], (2, 3), (0, 1))  # [type, M, other's type, other's M]
    n0, m, n1, _ = own[0].shape
    allowed = np.ones((n0, m), bool), np.ones((n1, m), bool)
    changed = True
    while changed:
        changed = False
        for agent in (0, 1):
            for t in np.flatnonzero(allowed[agent].sum(axis=1) > 1).tolist():
                for message in range(m):
                    lead = own[agent][t, message][None] - own[agent][t]  # over each message, [M, other's type, M]
                    least = np.where(allowed[1 - agent], lead, lead.max() + 1).min(axis=2).sum(axis=1)
                    if np.all(np.delete(least, message) > 0):
                        allowed[agent][t] = np.arange(m) == message
                        changed = True
                        break
    return allowed


def dominance_bound(market: Market, tables: Payoffs) -> tuple[Fraction, Strategies]:
    """The greatest cost where every type sends a message that dominance leaves it, and such messages.

    Raises:
        InputError: there are too many maps to list.
    """
    allowed, maps = possible_messages(tables), _maps(market)
    maps = maps[allowed[1][np.arange(maps.shape[1]), maps].all(axis=1)]
    values, best = greatest(tables.cost, maps, allowed[0])
    k = int(values.argmax())
    return Fraction(int(values[k]), tables.scale), (tuple(best[k].tolist()), tuple(maps[k].tolist()))


def _dual_bound(
    tables: Payoffs, maps: Int[np.ndarray, "S1 T1"], multipliers: Multipliers, factor: int, denominator: int
) -> Fraction:
    """The bound by duality for multipliers rounded to multiples of a fraction."""
    whole = tuple(np.rint(factor * denominator * part).astype(np.int64).astype(object) for part in multipliers)
    exact = Payoffs(
        tables.cost.astype(object) * denominator,
        (tables.utility[0].astype(object), tables.utility[1].astype(object)),
        tables.scale,
    )
    values, _ = greatest(bracket(exact, (whole[0], whole[1])), maps)
    return Fraction(int(values.max()), tables.scale * denominator)


def bracket(tables: Payoffs, multipliers: Multipliers) -> Shaped[np.ndarray, "T0 M T1 M"]:
    """The cost plus what deviations lose times their multipliers, at every pair of types and messages."""
    total = tables.cost
    for agent in (0, 1):
        axis = 2 * agent + 1
        shape = [1, 1, 1, 1]
        shape[axis - 1], shape[axis] = multipliers[agent].shape
        weight = multipliers[agent].reshape(shape)
        utility = tables.utility[agent]
        total = total + utility * weight.sum(axis=axis, keepdims=True)
        total = total - (utility * weight).sum(axis=axis, keepdims=True)
    return total


def greatest(
    table: Shaped[np.ndarray, "T0 M T1 M"],
    maps: Int[np.ndarray, "S1 T1"],
    allowed: Bool[np.ndarray, "T0 M"] | None = None,
) -> tuple[Shaped[np.ndarray, "S1"], Int[np.ndarray, "S1 T0"]]:
    """For maps of agent 1, the greatest sum of a table over the (allowed) maps of agent 0, and such a map."""
    by_type = one_hot(maps, table.shape[3]) @ flat(table).T
    by_type = by_type.reshape(len(maps), table.shape[0], table.shape[1])
    if allowed is not None:
        by_type = np.where(allowed, by_type, by_type.min() - 1)
    best = by_type.argmax(axis=2)
    return np.take_along_axis(by_type, best[..., None], axis=2)[..., 0].sum(axis=1), best


def _multipliers(
    market: Market, tables: Payoffs, maps: Int[np.ndarray, "S1 T1"]
) -> tuple[tuple[Float[np.ndarray, "T0 M"], Float[np.ndarray, "T1 M"]], float]:
    """Multipliers of the linear program over the set, by generating columns, and its value by the largest value."""
    scale = float(tables.scale) * float(market.highest)
    floats = Payoffs(
        tables.cost.astype(float) / scale,
        (tables.utility[0].astype(float) / scale, tables.utility[1].astype(float) / scale),
        1,
    )
    (n0, n1), m = market.n_types, market.messages
    multipliers = np.zeros((n0, m)), np.zeros((n1, m))
    cost = -np.inf
    pairs = np.zeros((0, n0 + n1), np.int64)
    while True:
        values, best = greatest(bracket(floats, multipliers), maps)
        if values.max() <= cost + _TOLERANCE:
            return multipliers, cost
        new = np.argsort(-values, kind="stable")[:_COLUMNS]
        before = len(pairs)
        pairs = np.unique(np.concatenate([pairs, np.concatenate([best[new], maps[new]], axis=1)]), axis=0)
        if len(pairs) == before:  # no new pair: the solver's tolerance is reached
            return multipliers, cost
        multipliers, cost = _restricted(floats, pairs)


def _restricted(
    tables: Payoffs, pairs: Int[np.ndarray, "columns types"]
) -> tuple[tuple[Float[np.ndarray, "T0 M"], Float[np.ndarray, "T1 M"]], float]:
    """The program over some pairs of maps, where gains are allowed at a high price so that there is a solution."""
    n0, m, n1, _ = tables.cost.shape
    t0, t1 = np.arange(n0), np.arange(n1)
    sent = pairs[:, :n0], pairs[:, n0:]
    costs = tables.cost[t0[:, None], sent[0][:, :, None], t1[None, :], sent[1][:, None, :]].sum(axis=(1, 2))
    earned0 = tables.utility[0][:, :, t1, sent[1]].sum(axis=3)  # [T0, M, columns]
    earned1 = tables.utility[1][t0, sent[0]].sum(axis=1)  # [columns, T1, M]
    gains0 = earned0 - np.stack([earned0[t0, row, k] for k, row in enumerate(sent[0])], axis=-1)[:, None]
    gains1 = np.moveaxis(earned1, 0, -1)
    gains1 = gains1 - np.stack([gains1[t1, row, k] for k, row in enumerate(sent[1])], axis=-1)[:, None]
    gains = np.concatenate([gains0.reshape(n0 * m, -1), gains1.reshape(n1 * m, -1)])
    result = minimum(
        np.concatenate([-costs, np.full(len(gains), _PRICE)]),
        A_ub=np.concatenate([gains, -np.eye(len(gains))], axis=1),
        b_ub=np.zeros(len(gains)),
        A_eq=np.concatenate([np.ones((1, len(pairs))), np.zeros((1, len(gains)))], axis=1),
        b_eq=[1.0],
    )
    found = np.maximum(-result.ineqlin.marginals, 0.0)
    return (found[: n0 * m].reshape(n0, m), found[n0 * m :].reshape(n1, m)), float(-result.fun)
