"""Rules of a marketplace that may have a past: whom they show depends on the prices and on what they remember.

A rule without a past is one with a single one. Beside those that have names on the current prices (`display`), this is
dynamic price-directed prominence: one seller is shown, and the incumbent stays unless it is undercut by enough or has
raised its price; then the cheapest is shown.

Source: Johnson, Rhodes and Wildenbeest, "Platform design when sellers use pricing algorithms" (Econometrica 2023). Our
reading where it is open: of several that are cheapest the first is shown; a price is raised if it is above the
incumbent's own of the round before; before the first round the first seller was shown, at the lowest price.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from firstmover.errors import InputError
from firstmover.games.buy_box import BuyBox
from firstmover.games.display import DYNAMIC, fixed_rule

NAMED: tuple[str, ...] = ("none", "pdp", DYNAMIC, "lowest", "block-equal")


class PastRule(NamedTuple):
    """Whom a rule shows, for H pasts and S price profiles (the last seller's price varying fastest).

    Attributes:
        shown: who is shown, [H, S, n].
        after: the past after a round, [H, S]; every session begins with the past 0.
    """

    shown: Bool[np.ndarray, "H S n"]
    after: Int[np.ndarray, "H S"]


def without_past(game: BuyBox, table: Int[np.ndarray, "rows"]) -> PastRule:
    """The rule with this table of decisions."""
    rows = game.shown.rows
    shown = game.shown.by_action[np.arange(len(rows)), np.asarray(table)[rows]]
    return PastRule(shown[None], np.zeros((1, len(rows)), np.int32))


def dynamic_prominence(game: BuyBox, undercut: float = 0.3) -> PastRule:
    """Dynamic price-directed prominence.

    Args:
        game: the market; a past is who was shown, and at which price.
        undercut: by how much the incumbent has to be undercut, at least 0.

    Example:
        >>> rule = dynamic_prominence(BuyBox(costs=(1.0,)))
        >>> rule.shown.shape, int(rule.shown.sum(axis=2).max())
        ((8, 16, 2), 1)
    """
    n, k = game.n_followers, len(game.prices)
    profiles = np.indices((k,) * n).reshape(n, -1).T  # [S, n]
    cheapest = profiles.argmin(axis=1)  # the first of them
    incumbents, before = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    own = profiles[:, incumbents].T  # [H, S]
    least = profiles.min(axis=1)
    raised = own > before[:, None]
    undercuts = game.prices[own] - game.prices[least] >= undercut - 1e-9
    chosen = np.where(raised | undercuts, cheapest, incumbents[:, None])
    price = np.take_along_axis(np.broadcast_to(profiles, (n * k, *profiles.shape)), chosen[..., None], axis=2)[..., 0]
    return PastRule(chosen[..., None] == np.arange(n), (chosen * k + price).astype(np.int32))


def named_rule(game: BuyBox, name: str | float) -> PastRule:
    """A rule that has a name (see `display.fixed_rule`), or "dynamic-pdp".

    Raises:
        InputError: the name is none.
    """
    if name == DYNAMIC:
        return dynamic_prominence(game)
    try:
        return without_past(game, fixed_rule(game, name))
    except InputError:
        if isinstance(name, str):
            raise InputError(f"a rule is one of {', '.join(NAMED)}, or a cap on prices; got {name!r}.") from None
        raise


def demand_under(game: BuyBox, rule: PastRule) -> tuple[Float[np.ndarray, "H S n"], Float[np.ndarray, "H S"]]:
    """The buyers' shares of every seller, and their surplus, under a rule."""
    n = game.n_followers
    prices = game.prices[np.indices(game.n_actions).reshape(n, -1).T]
    return game.demand.of(np.broadcast_to(prices, rule.shown.shape), rule.shown)
