"""Shallow trees over features with names: what a network does, as a list of cases that a person reads."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Feature(NamedTuple):
    """A feature, in words.

    Attributes:
        words: what it counts, or what holds of it.
        unit: the feature's value for one; 0 where it is a flag.
    """

    words: str
    unit: float


class Tree(NamedTuple):
    """A binary tree: from a node on to `low` where its feature is at most the threshold, else to `high`.

    Attributes:
        feature, threshold, low, high: of every node; a leaf goes on to itself.
        values: the mean target of every node.
        depth: steps from the root to the deepest leaf.
    """

    feature: Int[np.ndarray, "nodes"]
    threshold: Float[np.ndarray, "nodes"]
    low: Int[np.ndarray, "nodes"]
    high: Int[np.ndarray, "nodes"]
    values: Float[np.ndarray, "nodes targets"]
    depth: int


def grown(features: Float[np.ndarray, "rows n"], targets: Float[np.ndarray, "rows targets"], leaves: int) -> Tree:
    """The tree that splits best first, each time where the squared error falls most (CART, Breiman et al. 1984).

    Args:
        features: of every row.
        targets: what is to be told from them.
        leaves: at most so many, at least 1.
    """
    rows = [np.arange(len(features))]
    nodes: list[tuple[int, float, int, int]] = [(0, 0.0, 0, 0)]
    depths, splits = [0], [_split(features, targets)]
    for _ in range(leaves - 1):
        best = max(range(len(nodes)), key=lambda k: splits[k][0])
        gain, feature, threshold = splits[best]
        if gain <= 1e-9:
            break
        below = features[rows[best], feature] <= threshold
        first = len(nodes)
        for part in (rows[best][below], rows[best][~below]):
            rows.append(part)
            nodes.append((0, 0.0, len(nodes), len(nodes)))
            depths.append(depths[best] + 1)
            splits.append(_split(features[part], targets[part]))
        nodes[best], splits[best] = (feature, threshold, first, first + 1), (0.0, 0, 0.0)
    feature_, threshold_, low, high = (np.array(column) for column in zip(*nodes, strict=True))
    values = np.stack([targets[own].mean(axis=0) for own in rows])
    return Tree(feature_, threshold_.astype(float), low, high, values, max(depths))


def _split(features: np.ndarray, targets: np.ndarray) -> tuple[float, int, float]:
    """By how much the best split lowers the squared error, its feature and its threshold."""
    best = (0.0, 0, 0.0)
    total, count = targets.sum(axis=0), len(targets)
    for k, column in enumerate(features.T):
        values, at = np.unique(column, return_inverse=True)
        if len(values) < 2:
            continue
        sums = np.zeros((len(values), targets.shape[1]))
        np.add.at(sums, at, targets)
        below, n = np.cumsum(sums, axis=0)[:-1], np.cumsum(np.bincount(at))[:-1, None]
        gains = (below**2 / n + (total - below) ** 2 / (count - n)).sum(axis=1) - (total**2).sum() / count
        cut = int(np.argmax(gains))
        if gains[cut] > best[0]:
            best = (float(gains[cut]), k, float(values[cut] + values[cut + 1]) / 2)
    return best


def cases(tree: Tree, features: Sequence[Feature]) -> list[tuple[str, int]]:
    """Every leaf: when one comes to it, in words, and its node, from the lowest values of features on."""
    found: list[tuple[str, int]] = []

    def walk(node: int, bounds: dict[int, tuple[float, float]]) -> None:
        if tree.low[node] == node:
            found.append((" and ".join(_words(features[k], *own) for k, own in bounds.items()) or "always", node))
            return
        k, threshold = int(tree.feature[node]), float(tree.threshold[node])
        low, high = bounds.get(k, (-np.inf, np.inf))
        walk(int(tree.low[node]), bounds | {k: (low, min(high, threshold))})
        walk(int(tree.high[node]), bounds | {k: (max(low, threshold), high)})

    walk(0, {})
    return found


def _words(feature: Feature, low: float, high: float) -> str:
    if not feature.unit:
        return feature.words if low > -np.inf else f"not ({feature.words})"
    least = 0 if low == -np.inf else int(np.floor(low / feature.unit)) + 1
    most = None if high == np.inf else int(np.floor(high / feature.unit))
    if most is None:
        return f"at least {least} {feature.words}"
    return f"{least} {feature.words}" if least == most else f"{least} to {most} {feature.words}"
