"""Whether joint play lies in a set, and the words and numbers for why it does not."""

import itertools

import numpy as np
import pytest
from games_at_random import random_game
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.equilibria import FiniteGame, extreme, joint_play, violation
from firstmover.errors import InputError

DILEMMA = FiniteGame.without_types(np.zeros((2, 2)), [[[3, 0], [5, 1]], [[3, 5], [0, 1]]])


def _at(*profile: int) -> np.ndarray:
    joint = np.zeros((1, 2, 2))
    joint[(0, *profile)] = 1
    return joint


def test_the_dilemma() -> None:
    assert violation(DILEMMA, "ce", _at(1, 1)) is None
    found = violation(DILEMMA, "cce", _at(0, 1))
    assert found[:1] + found[2:] == ("deviation", 0, 0, None, 1, 1.0)
    assert found.text == "follower 0 gains 1 by action 1 whatever it is told"
    found = violation(DILEMMA, "ce", 0.5 * (_at(1, 0) + _at(1, 1)), epsilon=0.25)
    assert found[:1] + found[2:] == ("deviation", 1, 0, 0, 1, 0.5)
    assert found.text == "follower 1 gains 0.5 by action 1 whenever it is told action 0, more than the 0.25 allowed"
    assert violation(DILEMMA, "ce", 0.5 * (_at(1, 0) + _at(1, 1)), epsilon=0.5) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["bcce", "bce"]), st.sampled_from(["real", "forbidden"]))
def test_the_greatest_gain_by_loops(seed: int, which: str, kind: str) -> None:
    arrays = random_game(seed, kind, types=True, most=100)
    game = arrays.game
    joint = np.random.default_rng(seed).dirichlet(np.ones(int(np.prod(game.n_actions))), len(game.support))
    joint = joint.reshape(game.leader.shape) * game.possible()
    joint /= joint.sum(axis=tuple(range(1, joint.ndim)), keepdims=True)
    gained = {}
    for i, t in arrays.pairs:
        rows = [(row, p) for row, p in enumerate(arrays.profiles) if p[i] == t]
        chance = sum(arrays.prior[p] for _, p in rows)
        for told, instead in itertools.product(arrays.choices(i, t), repeat=2):
            gain = 0.0
            for row, p in rows:
                for a in np.ndindex(*arrays.actions):
                    if which == "bcce" or a[i] == told:
                        moved = (*a[:i], instead, *a[i + 1 :])
                        gain += (
                            (arrays.prior[p] / chance)
                            * joint[(row, *a)]
                            * (arrays.followers[(i, *p, *moved)] - arrays.followers[(i, *p, *a)])
                        )
            gained[i, t, None if which == "bcce" else told, instead] = gain
    found = violation(game, which, joint)
    if max(gained.values()) <= 1e-9:
        assert found is None
    else:
        assert found.kind == "deviation"
        key = found.follower, found.type, found.told, found.deviation
        assert found.gain == pytest.approx(gained[key], abs=1e-12)
        # Of types with different payoffs it is the one that gains the greatest share of what is at stake for it.
        assert found.gain >= max(gain for other, gain in gained.items() if other[:2] == key[:2]) - 1e-12
        left = violation(game, which, joint, epsilon=found.gain)
        assert left is None or ((left.follower, left.type) != key[:2] and left.gain > found.gain)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["bcce", "bce", "anf_cce", "anf_ce"]))
def test_between_vertices_is_inside_and_beyond_a_facet_is_not(seed: int, which: str) -> None:
    game = random_game(seed, "real", types=True, most=100).game
    ends = [extreme(game, which, sense) for sense in ("least", "greatest")]
    low, high = (joint_play(game, which, end.plays, end.weights) for end in ends)
    assert violation(game, which, 0.3 * low + 0.7 * high, tolerance=1e-8) is None
    # Step from the far end past the near one: outside, as no point of the set has a lower value.
    beyond = low + 0.5 * (low - high)
    if beyond.min() >= 0 and ends[1].value - ends[0].value > 1e-6:
        assert violation(game, which, beyond) is not None


def test_play_that_needs_to_know_others_types() -> None:
    """Nobody is paid; follower 1 follows the type of follower 0, which it cannot know, with probability 1 or 3/4."""
    prior = np.full((2, 1), 0.5)
    game = FiniteGame.with_types(prior, np.zeros((2, 1, 1, 2)), np.zeros((2, 2, 1, 1, 2)))
    known = np.eye(2)[:, None, :]
    assert violation(game, "bce", known) is None
    found = violation(game, "anf_ce", known)
    assert found.kind == "unplayable"
    assert found.gain == pytest.approx(1.0)
    assert found[2:6] == (None, None, None, None)
    found = violation(game, "anf_cce", 0.75 * known + 0.25 * known[::-1])
    assert found.kind == "unplayable"
    assert found.gain == pytest.approx(0.5)
    assert found.text == "0.5 of the play needs a follower to know the types of others"
    assert violation(game, "anf_cce", 0.5 * known + 0.5 * known[::-1]) is None


def test_types_may_be_correlated_through_others_play_without_being_known() -> None:
    """Play by shared randomness is playable, though at each type profile it is correlated."""
    prior = np.full((2, 2), 0.25)
    game = FiniteGame.with_types(prior, np.zeros((2, 2, 2, 2)), np.zeros((2, 2, 2, 2, 2)))
    # A coin decides whether both play their type or both the other action.
    joint = np.zeros((2, 2, 2, 2))
    for s, t, coin in itertools.product(range(2), repeat=3):
        joint[s, t, s ^ coin, t ^ coin] += 0.5
    assert violation(game, "anf_ce", joint.reshape(4, 2, 2)) is None
    # The two always differ unless both are of type 1: what no shared coin can do (Clauser et al. 1969: 3/4 at most).
    for s, t in itertools.product(range(2), repeat=2):
        joint[s, t] = 0.5 * (np.eye(2) if s == t == 1 else 1 - np.eye(2))
    found = violation(game, "anf_ce", joint.reshape(4, 2, 2))
    assert found.kind == "unplayable"


def test_forbidden_actions() -> None:
    game = FiniteGame.with_types([0.5, 0.5], np.zeros((2, 2)), np.zeros((1, 2, 2)), [[[True, False], [True, True]]])
    found = violation(game, "bcce", [[0.75, 0.25], [0, 1]])
    assert found[:1] + found[2:] == ("forbidden", 0, 0, 1, None, 0.25)
    assert violation(game, "bcce", [[1, 0], [0, 1]]) is None


@pytest.mark.parametrize(
    ("joint", "message"),
    [
        (np.full((1, 2, 2), 0.3), "the joint play must sum to 1 at every type profile; got 1.2"),
        (np.full((2, 2), 0.25), r"the joint play must have shape \(1, 2, 2\); got \(2, 2\)"),
        ([[[1.5, -0.5], [0, 0]]], "probabilities must be at least 0; got -0.5"),
        (np.full((1, 2, 2), np.nan), "the joint play must be finite numbers"),
    ],
)
def test_joint_play_that_is_none_is_refused(joint, message: str) -> None:
    with pytest.raises(InputError, match=message):
        violation(DILEMMA, "cce", joint)


def test_too_many_maps_to_see_what_is_playable() -> None:
    n = 20
    game = FiniteGame.with_types(np.full((n, 1), 1 / n), np.zeros((n, 1, 2, 2)), np.zeros((2, n, 1, 2, 2)))
    assert violation(game, "bce", np.full((n, 2, 2), 0.25)) is None
    with pytest.raises(InputError, match=r"anf_ce has 2.1e\+06 variables, more than 50000"):
        violation(game, "anf_ce", np.full((n, 2, 2), 0.25))
