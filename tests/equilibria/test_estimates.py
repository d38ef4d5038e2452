"""Choices when payoffs are estimates, against loops over draws and over all corners of the errors."""

import itertools

import numpy as np
import pytest

from firstmover.equilibria.estimates import Bounds, Draws, best_choice, guaranteed, values
from firstmover.equilibria.margins import LinearGame, mixtures

LEADER = np.array([[4.0, 1.0], [-2.0, 3.0]])
FOLLOWER = np.array([[1.0, 2.0], [3.0, -1.0]])
BY = 0.1


def _game(leader: np.ndarray, follower: np.ndarray, *, pure: bool = False) -> LinearGame:
    return mixtures(leader[None], follower[None], np.ones(1), pure=pure)


def _reply(x: np.ndarray, leader: np.ndarray, follower: np.ndarray, ties: str = "weak") -> float:
    paid = x @ follower
    best = [k for k in range(len(paid)) if paid[k] >= paid.max() - 1e-12]
    return (max if ties == "strong" else min)((x @ leader)[k] for k in best)


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return tuple(table * rng.uniform(1 - BY, 1 + BY, (300, 2, 2)) for table in (LEADER, FOLLOWER))


def test_values_are_those_of_a_best_reply_in_every_draw(drawn) -> None:
    draws = Draws(drawn[0][:, None], drawn[1][:, None], np.ones(1))
    x = np.array([[0.3, 0.7], [0.57, 0.43]])
    for row, found in zip(x, values(draws, x), strict=True):
        np.testing.assert_allclose(found, [_reply(row, *pair) for pair in zip(*drawn, strict=True)])
    # Where the follower is indifferent the tie rule decides.
    tie = np.array([[0.8, 0.2]])
    one = Draws(LEADER[None, None], FOLLOWER[None, None], np.ones(1))
    for ties in ("strong", "weak"):
        assert values(one, tie, ties)[0, 0] == pytest.approx(_reply(tie[0], LEADER, FOLLOWER, ties))


def test_what_is_guaranteed_is_the_worst_of_all_corners_of_the_errors() -> None:
    ends = [(LEADER + sign * BY * abs(LEADER), FOLLOWER + sign * BY * abs(FOLLOWER)) for sign in (-1, 1)]
    bounds = Bounds(*(_game(*pair) for pair in ends))
    signs = np.array(list(itertools.product((1 - BY, 1 + BY), repeat=4))).reshape(-1, 2, 2)
    for x in np.linspace(0, 1, 21):
        choice = np.array([x, 1 - x])
        worst = min(_reply(choice, LEADER * own, FOLLOWER * other) for own in signs for other in signs)
        # Between corners a tie may make way for the worse reply: only there may less be guaranteed.
        least = guaranteed(bounds, choice[None])[0]
        assert least <= worst + 1e-9
        assert least == pytest.approx(worst) or np.ptp(choice @ FOLLOWER) < 2 * BY * 3


def test_the_best_mixture_on_average_beats_every_mixture_of_a_fine_grid(drawn) -> None:
    draws, form = Draws(drawn[0][:, None], drawn[1][:, None], np.ones(1)), _game(LEADER, FOLLOWER)
    x = best_choice(form, lambda x: values(draws, x).mean(axis=1), np.array([[1.0, 0.0]]))
    grid = np.stack([np.linspace(0, 1, 4001), 1 - np.linspace(0, 1, 4001)], axis=1)
    assert x.min() >= 0
    assert x.sum() == pytest.approx(1)
    assert values(draws, x[None]).mean() >= values(draws, grid).mean(axis=1).max() - 1e-9


def test_pure_choices_are_gone_through(drawn) -> None:
    draws, form = Draws(drawn[0][:, None], drawn[1][:, None], np.ones(1)), _game(LEADER, FOLLOWER, pure=True)
    x = best_choice(form, lambda x: values(draws, x).mean(axis=1), np.zeros((0, 2)))
    assert x.tolist() == np.eye(2)[values(draws, np.eye(2)).mean(axis=1).argmax()].tolist()
