"""Patrols: payoffs by hand, the default's optimum, what leading is worth, words."""

import itertools
import warnings

import jax
import jax.numpy as jnp
import nashpy
import numpy as np
import pytest

from firstmover.equilibria import best_response
from firstmover.errors import InputError
from firstmover.games import Patrol
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline, optimum, state_table


def test_payoffs_by_hand() -> None:
    game = Patrol((2.0, 1.0, 3.0), (1.0, 4.0, 2.0), length=2, guards=2, penalty=5.0, bounty=7.0)
    assert game.covers == [[0, 1], [0, 2], [1, 2]]
    table = state_table(game)
    assert len(table.start) == 7
    assert table.start[1] == 1
    # From the middle of row 0, by cover and by move (left, straight, right).
    np.testing.assert_array_equal(table.leader[1], [[7, 7, -2], [7, -4, 7], [-1, 7, 7]])
    np.testing.assert_array_equal(table.followers[0, 1], [[-5, -5, 3], [-5, 1, -5], [2, -5, -5]])
    np.testing.assert_array_equal(table.next_states[1], [[3, 4, 5]] * 3)
    np.testing.assert_array_equal(table.next_states[4], [[6, 6, 6]] * 3)
    # Behind the last row nothing is paid; beside the grid there is no lane.
    assert not table.leader[6].any()
    assert not table.followers[:, 6].any()
    np.testing.assert_array_equal(table.possible[3:6], [[False, True, True], [True] * 3, [True, True, False]])
    assert game.leader_payoff_range == (-8, 14)
    assert game.follower_payoff_ranges == ((-10, 6),)


@pytest.mark.parametrize(("sight", "seen"), [("lane", [2]), ("row", [1]), ("both", [1, 2])])
def test_the_patroller_sees_what_it_is_said_to_see(sight: str, seen: list[int]) -> None:
    game = Patrol(length=3, entry=1, sight=sight)
    key = jax.random.key(0)
    state = game.reset(jnp.zeros(1, jnp.int32), key)
    state, _ = game.step(state, jnp.array(0), jnp.array([2], jnp.int32), key)
    assert np.asarray(game.observe(state).leader_obs).tolist() == seen
    assert int(game.observe(state).follower_obs[0]) == 1 * 5 + 2


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_the_best_rule_of_the_default_is_worth_leading_for(ties: str) -> None:
    game = Patrol()
    solution = optimum(game, ties)
    assert solution.value == pytest.approx(-4)
    assert "3125 rules (1 optimal)" in solution.method
    rule = Rule.read(game, solution.rule).actions
    assert rule.tolist() == [0, 0, 3, 4, 4]
    table = state_table(game)
    assert best_response(table, rule, ties).leader == pytest.approx(-4)
    name, same, naive = baseline(game)
    assert (name, same) == ("always the dearest lanes", game)
    assert best_response(table, naive, ties).leader == pytest.approx(-26)
    assert max(best_response(table, np.full(5, a), ties).leader for a in range(5)) == pytest.approx(-26)
    # A schedule by rows, that does not look at the crosser, earns less than a rule that does.
    assert optimum(Patrol(sight="row"), ties).value == pytest.approx(-14)


def test_the_best_rule_beats_every_equilibrium_of_simultaneous_play() -> None:
    """From the end, in every place: the Nash equilibria of the stage that nashpy finds, mixed ones included."""
    table = state_table(Patrol())
    values, several = np.zeros((2, len(table.start))), 0
    for row in reversed(range(table.horizon)):
        for s in np.flatnonzero(table.reachable()[5 * row : 5 * row + 5]) + 5 * row:
            moves = np.flatnonzero(table.possible[s])
            after = values[:, table.next_states[s][:, moves]]
            patroller, crosser = table.leader[s][:, moves] + after[0], table.followers[0, s][:, moves] + after[1]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # nashpy warns where a game may be degenerate
                stage = nashpy.Game(patroller, crosser)
                found = [*stage.support_enumeration(), *stage.vertex_enumeration()]  # one finds what the other misses
            paid = [(x @ patroller @ y, x @ crosser @ y) for x, y in found if np.isfinite([*x, *y]).all()]
            several += len({tuple(np.round(pair, 6)) for pair in paid}) > 1
            values[:, s] = max(paid)
    assert values[0] @ table.start == pytest.approx(-7.205903, abs=1e-5)
    assert not several  # so that the best of each stage is the only one found


def test_more_rules_than_can_be_tried_are_refused() -> None:
    with pytest.raises(InputError, match=r"5\^24 rules of the leader over 6 steps are too many"):
        optimum(Patrol(sight="both"), "strong")
    with pytest.raises(InputError, match="limited to 100000 states"):
        state_table(Patrol((1.0,) * 100, (1.0,) * 100, length=1_000))


def test_words() -> None:
    game = Patrol((1.0, 2.0, 3.0), (1.0, 2.0, 3.0), length=2, guards=2, sight="both")
    entry = game.entry([1, 2], np.array(1))
    assert entry == {"when": {"row": 1, "lane": 2}, "do": {"cover": [0, 2]}}
    assert game.sentence(entry) == "when row 1 is next and the crosser is in lane 2, cover lanes 0 and 2"
    assert Patrol().sentence(Patrol().entry([3], np.array(4))) == "when the crosser is in lane 3, cover lane 4"
    assert game.play_sentence(0, 4, np.array([0.5, 0.0, 0.5])) == (
        "from lane 1 the crosser enters row 1 in lane 0 (50%) or lane 2 (50%)"
    )
    for action, lanes in itertools.product(range(3), (lambda x: x, reversed)):
        asked = list(lanes(game.covers[action]))
        assert game.decision({}, {"cover": asked}) == action


@pytest.mark.parametrize(
    ("do", "match"),
    [
        ({"guard": [0]}, "'do' must have 'cover'"),
        ({"cover": 1}, "list of lanes; got 1"),
        ({"cover": ["a"]}, "list of lanes"),
        ({"cover": [5]}, r"1 different lane\(s\) from 0 to 4; got \[5\]"),
        ({"cover": [0, 1]}, "1 different"),
    ],
)
def test_rules_that_are_impossible_are_refused(do, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Patrol().decision({}, do)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"values": (1.0, 2.0)}, "one number for each of two lanes or more; got 2 and 5"),
        ({"values": (1.0,), "losses": (1.0,)}, "two lanes or more"),
        ({"penalty": float("inf")}, "finite numbers"),
        ({"length": 0}, "length must be at least 1"),
        ({"guards": 5}, "fewer than the 5 lanes; got 5"),
        ({"entry": 5}, "a lane from 0 to 4; got 5"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Patrol(**parameters)
