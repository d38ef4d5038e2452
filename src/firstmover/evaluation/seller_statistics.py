"""What economists ask of sellers who learn under a rule: surplus, prices, profits, how far they collude.

A profit gain is where the sellers' mean profit lies between the one-shot Nash equilibrium (0) and the joint monopoly
(1), both at prices off the grid with everybody shown. A price index is the mean price of what is bought. A best-reply
gap is what a seller would gain, per round and at most, by another strategy against what its rivals have learnt
(`equilibria.repeated_replies`), from where learning ended.
"""

import numpy as np
from jaxtyping import Float, Int

from firstmover.equilibria.repeated_replies import best_reply_gaps, cycle_lengths
from firstmover.evaluation.seller_sessions import SellerSessions, seller_sessions
from firstmover.followers.learnt_play import Statistic, over_sessions
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.buy_box import BuyBox
from firstmover.games.prominence import PastRule


def seller_statistics(
    game: BuyBox,
    rule: PastRule | Int[np.ndarray, "rows"],
    sellers: RepeatedQLearning | None = None,
    *,
    sessions: int = 1000,
    seed: int = 0,
) -> dict[str, Statistic]:
    """Statistics of sessions under a rule, by name: of the reward rounds, but for rounds, gaps and cycles.

    Args:
        game: the market.
        rule: the platform's decisions [rows], or a rule with a past.
        sellers: how they learn; by default as in `design`.
        sessions: how many for each profile of costs, at least 2.
        seed: of their random numbers.

    Example:
        >>> from firstmover.games.display import fixed_rule
        >>> game, quick = BuyBox(costs=(1.0,)), RepeatedQLearning(rounds=1000, beta=(0.005,))
        >>> table = seller_statistics(game, fixed_rule(game, "lowest"), quick, sessions=20)
        >>> sorted(table)[:4]
        ['converged', 'cycle', 'gap', 'gap of seller 0']
    """
    return statistics_of(seller_sessions(game, rule, sellers, sessions=sessions, seed=seed))


def statistics_of(played: SellerSessions) -> dict[str, Statistic]:
    """The statistics of sessions that were played, by name."""
    _, weights = played.game.types.profiles
    return {name: over_sessions(value, weights) for name, value in by_session(played).items()}


def by_session(played: SellerSessions) -> dict[str, Float[np.ndarray, "P N"]]:
    """What the statistics are means of: session by session, for each profile of costs."""
    game, learnt, profits = played.game, played.learnt, played.profits
    support, _ = game.types.profiles
    costs = np.array([[game.costs[i][t] for i, t in enumerate(types)] for types in support])
    nash, monopoly = (
        np.array([_profit(game, own, prices(own, game.fee)) for own in costs])
        for prices in (game.demand.nash_prices, game.demand.monopoly_prices)
    )
    spread = monopoly - nash
    sold = learnt.frequency @ played.shares  # [P, N, n]
    spent = learnt.frequency @ (played.shares * played.prices).sum(axis=1)
    names = [label.removeprefix("seller ") for label in game.player_labels()[1:]]
    start = learnt.past * played.rule.after.shape[1] + learnt.last
    discounts = played.sellers.learning(game).discount
    gaps = best_reply_gaps(played.pays, learnt.strategies, game.n_actions, start, discounts, played.after).gaps
    return {
        "surplus": learnt.frequency @ played.surplus,
        "price": learnt.frequency @ played.prices.mean(axis=1),
        # A session in which nothing is bought, as under a rule that shows nobody, has no price.
        **({"price index": spent / sold.sum(axis=2)} if (sold.sum(axis=2) > 0).all() else {}),
        "profit": profits.mean(axis=2),
        "poorest profit": profits.min(axis=2),
        **{f"profit of seller {name}": profits[..., i] for i, name in enumerate(names)},
        # Nowhere to lie between where competition pays as much as monopoly, as it may in a table of demand.
        **({"profit gain": (profits.mean(axis=2) - nash[:, None]) / spread[:, None]} if (spread > 1e-9).all() else {}),
        "sold": sold.sum(axis=2),
        **{f"share of seller {name}": sold[..., i] for i, name in enumerate(names)},
        "revenue": game.fee * spent,
        "rounds": learnt.rounds.astype(np.float64),
        "converged": learnt.converged.astype(np.float64),
        "cycle": cycle_lengths(learnt.strategies, game.n_actions, start, played.after).astype(np.float64),
        "gap": gaps.max(axis=2),
        **{f"gap of seller {name}": gaps[..., i] for i, name in enumerate(names)},
    }


def _profit(game: BuyBox, costs: np.ndarray, prices: np.ndarray) -> float:
    """The sellers' mean profit at these prices, all shown."""
    shares, _ = game.demand.of(prices, np.ones(len(prices), bool))
    return float((shares * ((1 - game.fee) * prices - costs)).mean())
