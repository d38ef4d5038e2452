"""Followers that are not quite rational: level-k, a share of irrational ones, those that do not notice a new rule."""

import numpy as np
import pytest

import firstmover
from firstmover.errors import InputError
from firstmover.followers import BestResponse, Follower, LevelK, PartlyRational, Unmoved
from firstmover.games import Agrawal, Maintain, NormalForm
from firstmover.jobs.certifications import respond
from firstmover.rules.rule import Rule

# Two followers guess a number from 0 to 4; the nearest to half of the other's wins.
GUESS = -np.abs(np.arange(5)[:, None] - np.arange(5)[None] / 2)


def _tables(game: NormalForm, rule: np.ndarray, followers: Follower) -> list[np.ndarray]:
    return [np.asarray(table) for table in respond(Rule(game, rule), followers).tables]


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_each_level_replies_best_to_the_level_below(level: int) -> None:
    game = NormalForm(np.zeros((1, 5, 5)), np.stack([GUESS[None], GUESS.T[None]]))
    own, other = _tables(game, np.zeros(1, int), LevelK(level))
    beliefs = np.full(5, 0.2)
    for _ in range(level):
        pays = GUESS @ beliefs
        beliefs = np.isclose(pays, pays.max()) / np.isclose(pays, pays.max()).sum()
    np.testing.assert_allclose(own[0], beliefs, atol=1e-9)
    np.testing.assert_allclose(other[0], beliefs, atol=1e-9)


def test_a_share_plays_at_random() -> None:
    game, mixture = Maintain("mixed"), np.array([[0.1, 0.9, 0.0]])
    (best,) = _tables(game, mixture, BestResponse())
    (mixed,) = _tables(game, mixture, PartlyRational(irrational=0.3))
    np.testing.assert_allclose(mixed, 0.7 * best + 0.3 / 3)


def test_the_unmoved_go_on_as_under_the_status_quo() -> None:
    # The status quo of Maintain in mixtures is row A, whose best reply is column A; of row C it would be column C.
    game = Maintain("mixed")
    (unmoved,) = _tables(game, np.array([[0.0, 0.0, 1.0]]), Unmoved())
    assert unmoved.tolist() == [[1, 0, 0]]
    found = firstmover.evaluate(rules={"C": Rule(game, np.eye(3)[[2]])}, followers=[Unmoved()], optimum_seconds=0)
    assert found.value[:, 0].tolist() == pytest.approx([0, 20])
    # Whoever leaves column C gives up 10 under row C.
    assert found.regret[0, 0] == pytest.approx(10)


def test_who_has_no_old_rule_to_go_on_with_is_refused() -> None:
    with pytest.raises(InputError, match="no rule of this very game"):
        Unmoved().check(Agrawal())


@pytest.mark.parametrize("make", [lambda: LevelK(-1), lambda: PartlyRational(irrational=1.5)])
def test_bad_parameters(make) -> None:
    with pytest.raises(InputError, match="must be"):
        make()
