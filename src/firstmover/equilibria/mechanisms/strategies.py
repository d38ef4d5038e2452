"""Messaging strategies of one agent up to the names of the messages, as restricted growth strings.

A strategy parts the types into blocks, one for each message that is used. The first type sends message 0, and every
other either a message that an earlier type sends or the next new one: so each partition is listed once.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction


def n_partitions(types: int, blocks: int) -> int:
    """The number of partitions of the types into exactly this many blocks (a Stirling number of the second kind)."""
    signed = ((-1) ** (blocks - k) * math.comb(blocks, k) * k**types for k in range(blocks + 1))
    return sum(signed) // math.factorial(blocks)


def partitions(types: int, blocks: int) -> Iterator[tuple[int, ...]]:
    """Every partition of the types into exactly this many blocks, as the block of every type."""
    yield from _grown((), 0, types, blocks)


def _grown(sent: tuple[int, ...], used: int, types: int, blocks: int) -> Iterator[tuple[int, ...]]:
    left = types - len(sent)
    if left == 0:
        yield sent
        return
    if left > blocks - used:  # enough types remain to open the missing blocks
        for message in range(used):
            yield from _grown((*sent, message), used, types, blocks)
    if used < blocks:
        yield from _grown((*sent, used), used + 1, types, blocks)


def threshold_partitions(values: Sequence[Fraction], blocks: int) -> Iterator[tuple[int, ...]]:
    """The partitions into exactly this many blocks in which every block is an interval of values.

    Types of equal value may be in different blocks, so that both may end at it.
    """
    if len(set(values)) == len(values):
        order = sorted(range(len(values)), key=values.__getitem__)
        for cuts in itertools.combinations(range(1, len(values)), blocks - 1):
            block = {t: sum(rank >= cut for cut in cuts) for rank, t in enumerate(order)}
            yield _renamed([block[t] for t in range(len(values))])
        return
    for sent in partitions(len(values), blocks):
        held = [[v for v, m in zip(values, sent, strict=True) if m == block] for block in range(blocks)]
        held.sort(key=lambda block: (min(block), max(block)))
        if all(max(low) <= min(high) for low, high in itertools.pairwise(held)):
            yield sent


def _renamed(sent: list[int]) -> tuple[int, ...]:
    """The same blocks with messages in the order of their first types."""
    names = {m: k for k, m in enumerate(dict.fromkeys(sent))}
    return tuple(names[m] for m in sent)
