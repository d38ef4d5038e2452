"""Displays: whom a platform shows at which price profile, for every decision that it can make there."""

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from firstmover.errors import InputError, require

if TYPE_CHECKING:
    from firstmover.games.buy_box import BuyBox


FIXED = ("none", "pdp", "lowest", "block-equal")
DYNAMIC = "dynamic-pdp"  # has a past, see `prominence`


class Display(NamedTuple):
    """Whom the platform shows, for n sellers and K prices. Profiles are numbered with the last seller fastest.

    Attributes:
        profiles: what the platform tells apart: price numbers, sorted where sellers have no names, [rows, n].
        rows: the row of every price profile, [K ** n].
        by_action: who is shown at a profile under a decision, [K ** n, decisions, n].
        possible: decisions of a row that differ in what they show, each once, [rows, decisions].
        canonical: for every decision the possible one that shows the same, [rows, decisions].
        shows_anybody: whether somebody is shown, [rows, decisions].
        threshold: whether a decision is the highest price that is shown.
        anonymous: whether sellers have no names.
    """

    profiles: Int[np.ndarray, "rows n"]
    rows: Int[np.ndarray, "profiles"]
    by_action: Bool[np.ndarray, "profiles decisions n"]
    possible: Bool[np.ndarray, "rows decisions"]
    canonical: Int[np.ndarray, "rows decisions"]
    shows_anybody: Bool[np.ndarray, "rows decisions"]
    threshold: bool
    anonymous: bool


def displays(n: int, k: int, kind: str, anonymous: bool) -> Display:
    """All displays of `n` sellers at `k` prices.

    Args:
        n: sellers.
        k: prices.
        kind: "threshold" or "subset".
        anonymous: whether the platform sees sorted prices.

    Raises:
        InputError: there are more than 20,000 price profiles.
    """
    require(k**n <= 20_000, "sellers and prices may make at most 20,000 price profiles", k**n)
    every = np.indices((k,) * n).reshape(n, -1).T
    told = np.sort(every, axis=1) if anonymous else every
    profiles, rows = np.unique(told, axis=0, return_inverse=True)
    if kind == "threshold":
        decisions = np.arange(k)
        by_action = every[:, None, :] <= decisions[None, :, None]
    else:
        bits = np.array([[mask >> i & 1 for i in range(n)] for mask in range(2**n)], bool)
        chosen = np.broadcast_to(bits, (len(every), *bits.shape))
        if anonymous:
            # A price is shown if it stands at a chosen place; so equal prices are shown together.
            at_place = told[:, None, :, None] == every[:, None, None, :]  # [profiles, 1, place, seller]
            chosen = (chosen[..., None] & at_place).any(axis=2)
        by_action = chosen
    first = np.unique(rows, return_index=True)[1]
    seen = by_action[first]  # one profile of every row
    # Of those that show the same, the one that names all the places it shows.
    sizes = bits.sum(axis=1) if kind == "subset" else np.zeros(k, int)
    canonical = np.zeros(seen.shape[:2], np.int32)
    for row, shown in enumerate(seen):
        for action, own in enumerate(shown):
            alike = np.flatnonzero((shown == own).all(axis=1))
            canonical[row, action] = alike[np.argmax(sizes[alike])]
    possible = np.asarray(canonical == np.arange(seen.shape[1]))
    return Display(
        profiles.astype(np.int32),
        rows.reshape(-1).astype(np.int32),
        by_action,
        possible,
        canonical,
        np.asarray(seen.any(axis=2)),
        kind == "threshold",
        anonymous,
    )


def fixed_rule(game: "BuyBox", name: str | float) -> Int[np.ndarray, "rows"]:
    """The table of a rule that has a name, decisions [rows].

    Args:
        game: the market.
        name: "none" (everybody is shown), "lowest" (only the lowest price of the grid), "pdp" (price-directed
            prominence: only the cheapest), "block-equal" (everybody, unless all charge the same price), or a number: a
            cap on prices.

    Raises:
        InputError: the name is none of these, or the cap lies below all prices.
    """
    profiles, cap = game.shown.profiles, len(game.prices) - 1
    if isinstance(name, float | int) and not isinstance(name, bool):
        # Rounded up in rule files and by people: half of the distance between prices decides.
        below = np.flatnonzero(game.prices <= name + np.diff(game.prices).min() / 2)
        if not len(below):
            raise InputError(f"a cap of {name:g} lies below all prices; the lowest is {game.prices[0]:g}.")
        cap = int(below[-1])
    elif name == "lowest":
        cap = 0
    elif name not in FIXED:
        raise InputError(f"a rule is 'none', 'lowest', 'pdp', 'block-equal' or a cap on prices; got {name!r}.")
    shown = profiles <= cap
    if name == "pdp":
        shown = profiles == profiles.min(axis=1, keepdims=True)
    elif name == "block-equal":
        shown = shown & (profiles != profiles[:, :1]).any(axis=1, keepdims=True)
    return _table(game, shown)


def _table(game: "BuyBox", shown: Bool[np.ndarray, "rows n"]) -> Int[np.ndarray, "rows"]:
    """The decisions that show these sellers (by the order of the rows' profiles), or the most of them that can be."""
    table = np.zeros(len(shown), np.int32)
    index = np.ravel_multi_index(tuple(game.shown.profiles.T), (len(game.prices),) * len(game.costs))
    for row, (profile, wanted) in enumerate(zip(index, shown, strict=True)):
        by_action = game.shown.by_action[profile]
        wrong = (by_action != wanted).sum(axis=1) + np.where(game.shown.possible[row], 0, len(wanted) + 1)
        table[row] = int(np.argmin(wrong))
    return table


def every_rule(game: "BuyBox", most: int) -> Int[np.ndarray, "rules rows"]:
    """All rules of a market, as tables of decisions.

    Raises:
        InputError: there are more than `most`.
    """
    options = [np.flatnonzero(possible) for possible in game.shown.possible]
    count = np.prod([float(len(own)) for own in options])
    if count > most:
        raise InputError(f"{game.name} has {count:.3g} rules here, more than the {most} that are tried one by one.")
    return np.array(list(itertools.product(*options)), np.int32)
