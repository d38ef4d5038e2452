"""Trees that tell in words what a network does."""

import numpy as np

from firstmover.rules.trees import Feature, Tree, cases, grown

NAMES = [Feature("it sent 1", 0), Feature("others waiting", 0.5), Feature("items left", 1.0)]
EVERY = np.array(np.meshgrid([0.0, 1.0], [0.0, 0.5, 1.0, 1.5], [0.0, 1.0])).reshape(3, -1).T


def _at(tree: Tree, x: np.ndarray) -> int:
    node = 0
    while tree.low[node] != node:
        node = int(tree.high[node] if x[tree.feature[node]] > tree.threshold[node] else tree.low[node])
    return node


def test_a_tree_that_is_deep_enough_says_what_it_was_grown_from() -> None:
    targets = np.stack([EVERY[:, 0] * (EVERY[:, 1] > 0.6), EVERY[:, 2]], axis=1)
    tree = grown(EVERY, targets, 20)
    np.testing.assert_allclose([tree.values[_at(tree, x)] for x in EVERY], targets)
    assert len(cases(tree, NAMES)) == len({_at(tree, x) for x in EVERY}) == 6 and tree.depth == 3


def test_splits_that_matter_most_come_first() -> None:
    targets = (10 * EVERY[:, 1] + EVERY[:, 0])[:, None]
    tree = grown(EVERY, targets, 2)
    assert [words for words, _ in cases(tree, NAMES)] == ["0 to 1 others waiting", "at least 2 others waiting"]
    np.testing.assert_allclose(tree.values[1:, 0], [3, 13])


def test_cases_are_told_in_counts_and_in_flags() -> None:
    targets = ((EVERY[:, 0] == 0) & (EVERY[:, 1] == 0.5))[:, None].astype(float)
    tree = grown(EVERY, targets, 8)
    words = {words for words, k in cases(tree, NAMES) if tree.values[k] == 1}
    assert len(words) == 1 and set(words.pop().split(" and ")) == {"not (it sent 1)", "1 others waiting"}


def test_what_is_the_same_everywhere_is_one_case() -> None:
    assert cases(grown(EVERY, np.ones((len(EVERY), 1)), 5), NAMES) == [("always", 0)]
