"""Tolls: payoffs by hand, equilibria by deviations, the default's optimum, words."""

import dataclasses

import numpy as np
import pytest

from firstmover.equilibria import best_response, markov_commitment
from firstmover.errors import InputError
from firstmover.games import Toll
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline, optimum, state_table

TIES = ["strong", "weak"]


def test_payoffs_by_hand() -> None:
    game = Toll(drivers=2, levels=3, tolls=(0.0, 1.5), congestion=0.5, jam=0.25)
    table = state_table(game)
    assert len(table.start) == 9
    assert table.start[2 * 3 + 0] == 1
    at = 1 * 3 + 2  # condition 1 after two cars: a trip is worth 0.5 alone and 0 beside another
    np.testing.assert_allclose(table.leader[at], [[0, 0.5, 0.5, 0]] * 2)
    np.testing.assert_allclose(table.followers[0, at], [[0, 0, 0.5, 0], [0, 0, -1, -1.5]])
    np.testing.assert_allclose(table.followers[1, at], [[0, 0.5, 0, 0], [0, -1, 0, -1.5]])
    # Rest mends, one car keeps, two wear.
    assert table.next_states[at, 0].tolist() == [2 * 3 + 0, 1 * 3 + 1, 1 * 3 + 1, 0 * 3 + 2]
    assert table.next_states[2 * 3, 1].tolist() == [2 * 3, 2 * 3 + 1, 2 * 3 + 1, 1 * 3 + 2]
    assert table.next_states[0, 1].tolist() == [1 * 3, 0 * 3 + 1, 0 * 3 + 1, 0 * 3 + 2]
    np.testing.assert_allclose(table.transfers[at], [[0, 0, 0, 0], [0, 1.5, 1.5, 3]])


def test_what_the_keeper_sees() -> None:
    states = np.arange(6 * 4)
    for sight, seen in (("condition", states // 4), ("cars", states % 4), ("both", states)):
        np.testing.assert_array_equal(state_table(Toll(sight=sight)).leader_obs, seen)


@pytest.mark.parametrize("ties", TIES)
def test_no_driver_gains_by_deviating_anywhere(ties: str) -> None:
    """In every (time, state), given that roles are drawn anew; and of all such profiles it is the right one."""
    game = Toll(steps=6)
    table, n = state_table(game), game.n_followers
    chose = 0
    for seed in range(20):
        rule = np.random.default_rng(seed).integers(0, 4, game.n_observations)
        reply = best_response(table, rule, ties)
        keeper, driver = np.zeros((2, len(table.start)))
        for t in reversed(range(table.horizon)):
            now = np.zeros((2, len(table.start)))
            for s, a in enumerate(rule[table.leader_obs]):
                after = table.next_states[s, a]
                stage = table.followers[:, s, a] + driver[after]
                # The bits of a profile are the drivers, the last one least: a deviation flips one.
                stable = [
                    b
                    for b in range(2**n)
                    if all(stage[i, b] >= stage[i, b ^ 2 ** (n - 1 - i)] - 1e-9 for i in range(n))
                ]
                earns = table.leader[s, a] + keeper[after]
                best = (max if ties == "strong" else min)(earns[b] for b in stable)
                b = reply.play[t, s]
                assert b in stable
                assert earns[b] == pytest.approx(best)
                chose += len({round(earns[b], 9) for b in stable}) > 1
                now[:, s] = earns[b], stage[:, b].mean()
            keeper, driver = now
        assert reply.leader == pytest.approx(table.start @ keeper)
        np.testing.assert_allclose(reply.followers, table.start @ driver)
    assert chose


@pytest.mark.parametrize(
    ("ties", "value", "optimal", "without", "constant"), [("strong", 49, 400, 41.5, 47.5), ("weak", 47.5, 12, 30, 44)]
)
def test_the_optimum_of_the_default(ties: str, value: float, optimal: int, without: float, constant: float) -> None:
    game = Toll()
    table, solution = state_table(game), optimum(game, ties)
    assert solution.value == pytest.approx(value)
    assert f"4096 rules ({optimal} optimal)" in solution.method
    rule = Rule.read(game, solution.rule).actions
    assert best_response(table, rule, ties).leader == pytest.approx(value)
    name, same, naive = baseline(game)
    assert (name, same) == ("no toll", game)
    assert best_response(table, naive, ties).leader == pytest.approx(without)
    assert max(best_response(table, np.full(6, a), ties).leader for a in range(4)) == pytest.approx(constant)


def test_choosing_stage_by_stage_is_not_choosing_the_best_of_the_whole() -> None:
    road = Toll(jam=0.0)
    assert optimum(road, "strong").value == pytest.approx(50)
    assert optimum(road, "weak").value == pytest.approx(53)


def test_without_drawing_roles_anew_some_rules_leave_no_pure_equilibrium() -> None:
    fixed = dataclasses.replace(state_table(Toll(levels=5)), symmetric=False)
    with pytest.raises(InputError, match="844 of 1024 rules leave the followers a stage without a pure equilibrium"):
        markov_commitment(fixed, "strong")


def test_a_single_driver_is_a_dynamic_program() -> None:
    game = Toll(drivers=1, levels=4, steps=5)
    # Alone it wears nothing: it always uses the road, and welfare is lost to its own jam only, or by a toll above it.
    assert optimum(game, "weak").value == pytest.approx(5 * 3 - 4 * 0.5)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match=r"4\^20 rules of the leader over 10 steps are too many"):
        optimum(Toll(sight="both"), "strong")
    with pytest.raises(InputError, match="limited to 5000000 entries"):
        state_table(Toll(drivers=20))


def test_words() -> None:
    game = Toll(sight="both", tolls=(0.0, 2.5))
    entry = game.entry([3, 1], np.array(1))
    assert entry == {"when": {"condition": 3, "cars": 1}, "do": {"toll": 2.5}}
    assert game.sentence(entry) == "when the road is in condition 3 and 1 car(s) were on it, the toll is 2.5"
    assert game.play_sentence(1, 3 * 4 + 1, np.array([0.25, 0.75])) == (
        "driver 1 uses the road in condition 3 after 1 car(s): 75%"
    )
    assert game.decision({}, {"toll": 2.5}) == 1
    assert baseline(Toll(tolls=(1.0, 3.0)))[0] == "a toll of 1, always"
    for do, match in (
        ({"price": 1}, "'do' must have 'toll'"),
        ({"toll": 2}, "toll must be one of 0, 2.5; got 2"),
        ({"toll": "high"}, "got 'high'"),
    ):
        with pytest.raises(InputError, match=match):
            game.decision({}, do)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"drivers": 0}, "drivers must be at least 1"),
        ({"levels": 1}, "levels must be at least 2"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"tolls": (1.0, 1.0)}, r"different finite numbers; got \[1.0, 1.0\]"),
        ({"tolls": ()}, "different finite numbers"),
        ({"congestion": -1.0}, "congestion must be a number of at least 0; got -1"),
        ({"jam": float("nan")}, "jam must be"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Toll(**parameters)
