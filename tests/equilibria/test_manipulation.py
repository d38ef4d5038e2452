"""The loss to manipulation: equal to brute force over all maps of replies, and the published instances."""

import itertools

import numpy as np
import pytest

from firstmover.equilibria.manipulation import loss_to_manipulation
from firstmover.errors import InputError


def _by_brute_force(leader: np.ndarray, follower: np.ndarray) -> tuple[float, float]:
    """What leader and follower are paid under the map of replies that is best for the follower, of all maps.

    The leader plays its best row; maps that leave it a tie are not counted.
    """
    maps = np.array(list(itertools.product(range(leader.shape[1]), repeat=len(leader))))
    rows = np.arange(len(leader))
    earned, own = leader[rows, maps], follower[rows, maps]
    order = np.sort(earned, axis=1)
    chosen = earned.argmax(axis=1)
    k = np.arange(len(maps))
    gains = np.where(order[:, -1] > order[:, -2], own[k, chosen], -np.inf)
    best = gains == gains.max()
    return float(earned[k, chosen][best].max()), float(gains.max())


def _family() -> list[tuple[np.ndarray, np.ndarray]]:
    return [tuple(np.random.default_rng(s).random((2, 5, 5))) for s in range(25)]  # type: ignore[misc]


def test_the_best_manipulation_is_the_best_of_all_maps_of_replies() -> None:
    found = [loss_to_manipulation(leader, follower) for leader, follower in _family()]
    for (leader, follower), one in zip(_family(), found, strict=True):
        assert (one.manipulated.leader, one.manipulated.follower) == _by_brute_force(leader, follower)
        assert leader[np.arange(5), one.manipulated.replies].argmax() == one.manipulated.row
    assert sum(one.manipulated.follower > one.honest.follower for one in found) > 10
    means = np.mean([[*one.honest[:2], *one.manipulated[:2]] for one in found], axis=0)
    assert means == pytest.approx([0.775906, 0.835824, 0.603275, 0.937555], abs=1e-6)


def test_best_replies_are_those_of_the_definition() -> None:
    for leader, follower in _family():
        replies = follower.argmax(axis=1)
        row = max(range(5), key=lambda a: leader[a, replies[a]])
        honest = loss_to_manipulation(leader, follower).honest
        assert (honest.leader, honest.follower) == (leader[row, replies[row]], follower[row, replies[row]])


def test_the_published_tables() -> None:
    first = loss_to_manipulation(np.array([[0.3, 0.1], [0.2, 0.3]]), np.array([[0.1, 0.05], [1, 0.1]])).as_json()
    assert first == {"se": [0.3, 0.1], "fbm": [0.2, 1.0], "loss": pytest.approx(0.1)}
    second = loss_to_manipulation(np.array([[0.95, 0.9], [1, 0]]), np.array([[0.3, 0.2], [0.8, 0.79]])).as_json()
    assert second == {"se": [1.0, 0.8], "fbm": [1.0, 0.8], "loss": 0.0}


def test_a_leader_that_does_not_care_cannot_be_manipulated() -> None:
    found = loss_to_manipulation(np.ones((2, 2)), np.array([[0.0, 1.0], [2.0, 3.0]]))
    assert found.manipulated == found.honest and found.as_json()["loss"] == 0


def test_a_manipulation_that_pays_both_is_a_negative_loss() -> None:
    leader, follower = np.array([[0.0, 0.8], [0.2, 0.2]]), np.array([[0.6, 0.5], [0.1, 0.0]])
    assert loss_to_manipulation(leader, follower).as_json() == {
        "se": [0.2, 0.1],
        "fbm": [0.8, 0.5],
        "loss": pytest.approx(-0.6),
    }


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one shape"):
        loss_to_manipulation(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(InputError, match="finite"):
        loss_to_manipulation(np.array([[np.nan]]), np.ones((1, 1)))
