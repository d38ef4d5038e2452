"""Types that are real numbers: drawn by a function of the user's, since no list of them is complete.

A market with such types is played, and learnt in, with a sample of them: every type that was drawn is a participant
that knows its own numbers. Whatever is said of a finished rule is said of types that were drawn anew
(`Market.drawn_anew`), so that what was learnt from a sample is not judged by it, and it is said with an interval.

Followers are drawn independently of each other; with several, every combination of their draws is a profile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from firstmover.errors import InputError
from firstmover.spaces import Discrete
from firstmover.user_code import told
from firstmover.wording import told_apart

_LISTED = 400  # type profiles of the sample in which a rule is learnt, about
_CALLED = 100  # of a market in plain Python, in both samples
_ANEW = 2_000  # of the one follower, where a finished rule is judged
_PROFILES_ANEW = 10_000  # of several
_RUNS = 8  # of types, one after the other, that are told apart in words


@dataclass(frozen=True)
class Drawn:
    """Types that are drawn: `draw` is given a NumPy generator, and returns a number or a vector.

    Attributes:
        draw: such as `lambda rng: rng.exponential(2.0)`; with nothing random in it but what comes from its argument.
        word: what a type is, such as "worth".
        count: how many are drawn to learn from; about 400 profiles in all if not given.

    Example:
        >>> from firstmover import Box, Discrete, Market
        >>> class Ticket(Market):
        ...     '''A seller names a price to a buyer whose worth is uniform on [0, 1].'''
        ...     def __init__(self):
        ...         super().__init__(
        ...             types=Drawn(lambda rng: rng.uniform(), "worth"),
        ...             acts=Discrete(["leave", "buy"]),
        ...             decides=Box(["price"], 0.0, 1.0),
        ...         )
        ...     def payoff(self, worth, buys, price):
        ...         return buys * price[0], buys * (worth - price[0])
        >>> Ticket().n_types, Ticket().draws_types
        ((400,), True)
    """

    draw: Callable[[np.random.Generator], object]
    word: str = "type"
    count: int | None = None


class Sample(NamedTuple):
    """Types that were drawn.

    Attributes:
        values: of every follower, in order where they are numbers, [N] or [N, components].
        spaces: the same with names.
    """

    values: tuple[Float[np.ndarray, "N *components"], ...]
    spaces: tuple[Discrete, ...]


def drawn_ones(types: object) -> tuple[tuple[Drawn, ...], bool] | None:
    """The declarations, where types are drawn, and whether it was one alone; None where they are listed.

    Raises:
        InputError: some are drawn and some are listed.
    """
    if isinstance(types, Drawn):
        return (types,), True
    several = list(types) if isinstance(types, list | tuple) else []
    drawn = [own for own in several if isinstance(own, Drawn)]
    if drawn and len(drawn) < len(several):
        raise InputError("types must be Drawn for all followers or for none; a Drawn may return one of few numbers.")
    return (tuple(drawn), False) if drawn else None


def sample(cls: type, drawn: Sequence[Drawn], number: int, *, calls: bool) -> Sample:
    """The sample with this number, the one that a rule is learnt from being 0.

    Args:
        cls: the market's.
        drawn: how types are drawn, follower by follower.
        number: of the sample; types of different numbers are independent.
        calls: whether payoffs are plain Python, called for each, so that fewer are drawn.

    Raises:
        InputError: a function fails, or does not return a finite number or vector.
    """
    values = []
    for i, own in enumerate(drawn):
        rng = np.random.default_rng([number, i])
        with told(cls, f"the draw of a type in {cls.__name__} fails"):
            rows = [np.asarray(own.draw(rng), np.float64) for _ in range(_count(own, len(drawn), number, calls))]
        shapes = {row.shape for row in rows}
        if len(shapes) > 1 or max(map(len, shapes)) > 1 or not all(np.isfinite(row).all() for row in rows):
            raise InputError(
                f"the draw of a type in {cls.__name__} must return a finite number, or a vector of always as many; got "
                f"{rows[0].tolist()!r} and the like."
            )
        table = np.stack(rows)
        values.append(np.sort(table) if table.ndim == 1 else table)
    if len({table.shape[1:] for table in values}) > 1:
        raise InputError(f"the types of all followers of {cls.__name__} must have as many components.")
    return Sample(tuple(values), tuple(_named(table, own.word) for table, own in zip(values, drawn, strict=True)))


def _count(own: Drawn, n: int, number: int, calls: bool) -> int:
    """How many types of one of n followers are drawn."""
    most = _CALLED if calls else _LISTED if number == 0 else _ANEW if n == 1 else _PROFILES_ANEW
    usual = max(2, int(most ** (1 / n) + 1e-9))
    if own.count is None:
        return usual
    if type(own.count) is not int or own.count < 2:
        raise InputError(f"count of a Drawn must be a whole number of at least 2; got {own.count!r}.")
    return own.count if number == 0 else max(own.count, usual)


def _named(table: np.ndarray, word: str) -> Discrete:
    rows = table.reshape(len(table), -1).tolist()
    labels = [", ".join(f"{value:.6g}" for value in row) for row in rows]
    return Discrete(list(told_apart(labels)), word)


def in_words(values: np.ndarray, space: Discrete, acts: Discrete, table: Float[np.ndarray, "N actions"]) -> str:
    """What types that were drawn do, in one sentence without a full stop: from where to where each does the same."""
    most = table.argmax(axis=1)
    starts = [0, *(np.flatnonzero(np.diff(most)) + 1).tolist()]
    if values.ndim > 1 or len(starts) > _RUNS or table.max(axis=1).min() < 0.995:
        return f"over all types that were drawn: {acts.mixed(table.mean(axis=0))}"
    parts = []
    for start, end in zip(starts, [*starts[1:], len(most)], strict=True):
        low, high = values[start], values[end - 1]
        parts.append(f"{space.word} {low:.4g} to {high:.4g} {acts.labels[most[start]]}".strip())
    return "; ".join(parts)
