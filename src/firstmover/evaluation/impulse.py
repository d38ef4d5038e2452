"""Impulse responses: what sellers who have learnt do after one of them is made to deviate once.

Play has come to where learning ended, and goes on without learning. In the first round one seller charges its best
reply of one round to what its rivals charge then; from the next round on everybody goes by its own strategy again. All
is compared with the path on which nobody deviated, round by round. Sessions in which that reply is what the seller
charges anyway tell nothing, and are left out.

A rival punishes if it charges less in the next round than in that of the deviation. The deviation pays if its
discounted profit over all rounds is larger. The old path is back if in the last round everybody charges what it would
have charged.

Source: Calvano, Calzolari, Denicolo and Pastorello (AER 2020), section IV; the definitions above are ours.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from firstmover.evaluation.seller_sessions import SellerSessions

ROUNDS = 25


class ImpulseResponse(NamedTuple):
    """What came of a forced deviation in M sessions in which it is one; the first axis of prices is rounds.

    Attributes:
        deviator: what the seller who deviates charges.
        rival: the mean of what its rivals charge.
        undisturbed: what sellers would have charged, the mean over sellers.
        punished: whether a rival charges less in the round after than in that round.
        does_not_pay: whether the deviation does not pay.
        back: whether the old path is back in the last round.
        deviated: the share of sessions in which it is a deviation.
    """

    deviator: Float[np.ndarray, "rounds M"]
    rival: Float[np.ndarray, "rounds M"]
    undisturbed: Float[np.ndarray, "rounds M"]
    punished: Bool[np.ndarray, "M"]
    does_not_pay: Bool[np.ndarray, "M"]
    back: Bool[np.ndarray, "M"]
    deviated: float


def impulse_response(played: SellerSessions, seller: int = 0, rounds: int = ROUNDS) -> ImpulseResponse:
    """Make a seller deviate once, in every session of every profile of costs.

    Args:
        played: the sessions.
        seller: who deviates.
        rounds: how many are looked at, the deviation's included, at least 2.
    """
    game, learnt = played.game, played.learnt
    n, k = game.n_followers, len(game.prices)
    count, sessions = learnt.last.shape
    pays = np.repeat(played.pays, sessions, axis=0)  # [M, n, HS]
    strategies = learnt.strategies.reshape(count * sessions, n, -1)
    start = learnt.past.ravel(), learnt.last.ravel()
    after = played.rule.after

    def path(forced: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Prices [rounds, M, n] as numbers, and profits [rounds, M, n]."""
        past, profile = start
        prices, profits = [], []
        for time in range(rounds):
            actions = np.take_along_axis(strategies, profile[:, None, None], axis=2)[..., 0]
            if time == 0 and forced is not None:
                actions[:, seller] = forced
            profile = np.ravel_multi_index(tuple(actions.T), (k,) * n)
            here = past * after.shape[1] + profile
            prices.append(actions)
            profits.append(np.take_along_axis(pays, here[:, None, None], axis=2)[..., 0])
            past = after[past, profile]
        return np.stack(prices), np.stack(profits)

    old, old_profits = path(None)
    replies = np.repeat(old[0][:, None], k, axis=1)
    replies[:, :, seller] = np.arange(k)
    tried = start[0][:, None] * after.shape[1] + np.ravel_multi_index(tuple(np.moveaxis(replies, -1, 0)), (k,) * n)
    reply = np.take_along_axis(pays[:, seller], tried, axis=1).argmax(axis=1)
    new, new_profits = path(reply)
    deviates = reply != old[0][:, seller]
    others = [i for i in range(n) if i != seller]
    weights = played.sellers.learning(game).discount[seller] ** np.arange(rounds)
    gained = weights @ (new_profits - old_profits)[..., seller]
    own = game.prices[new[:, deviates]]
    return ImpulseResponse(
        own[..., seller],
        own[..., others].mean(axis=-1),
        game.prices[old[:, deviates]].mean(axis=-1),
        (new[1] < old[0])[:, others].any(axis=1)[deviates],
        (gained <= 1e-9)[deviates],
        (new[-1] == old[-1]).all(axis=1)[deviates],
        float(deviates.mean()),
    )
