"""Iterated matrix games: published values, a plain brute force, observations, words."""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.rollout import rollout
from firstmover.equilibria import best_response
from firstmover.equilibria.markov_replies import memoryless_response
from firstmover.errors import InputError
from firstmover.games import IteratedMatrix
from firstmover.games.iterated_matrix import MATRICES
from firstmover.jobs import build
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline, memory_optimum, optimum, state_table

TIES = ["strong", "weak"]
# Ten steps, payoffs less 2.5: ten times the one-shot optimum; against an exact reply; against the best memory-1 table.
PUBLISHED = {
    "prisoners_dilemma": (-5, 4, 6),
    **dict.fromkeys(["stag_hunt", "assurance", "coordination", "mixedharmony", "harmony", "noconflict"], (15, 15, 15)),
    **dict.fromkeys(["deadlock", "prisoners_delight"], (5, 5, 5)),
    **dict.fromkeys(["hero", "battle", "chicken"], (15, 15, 15)),
}


@functools.cache
def named(name: str, memory: int = 1) -> IteratedMatrix:
    return IteratedMatrix(name, memory=memory)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", MATRICES)
def test_published_values(name: str, ties: str) -> None:
    game = named(name)
    once, exact, memory = PUBLISHED[name]
    assert optimum(game, ties).value == pytest.approx(exact)
    assert memory_optimum(game, ties).value == pytest.approx(memory)
    assert optimum(named(name, 0), ties).value == pytest.approx(once)
    _, same, table = baseline(game)
    assert same is game
    assert best_response(state_table(game), table, ties).leader == pytest.approx(once)


def test_the_dilemma_has_one_optimal_rule() -> None:
    game = IteratedMatrix()
    for solution in (optimum(game, "strong"), memory_optimum(game, "weak")):
        assert [entry["do"]["action"] for entry in solution.rule] == [1, 0, 1, 0, 1]
        assert "32 rules (1 optimal)" in solution.method
    assert Rule.read(game, optimum(game, "weak").rule).text == (
        "At the start, play action 1. After (0, 0), play action 0. After (0, 1), play action 1. "
        "After (1, 0), play action 0. After (1, 1), play action 1."
    )


def brute(name: str, rule: tuple[int, ...], ties: str, memory: bool) -> float:
    """What the leader gets under a rule, without arrays: all tables of the follower, or all that it can do in time."""
    cells, steps = MATRICES[name], 10

    def paid(a: int, b: int) -> tuple[float, float]:
        leader, follower = cells[a][b]
        return leader - 2.5, follower - 2.5

    def after(a: int, b: int) -> int:
        return 1 + 2 * a + b

    def choose(pairs: list[tuple[float, float]]) -> tuple[float, float]:
        most = max(own for _, own in pairs)
        return (max if ties == "strong" else min)(pair for pair in pairs if pair[1] == most)

    if memory:
        totals = []
        for table in itertools.product((0, 1), repeat=5):
            seen, leader, own = 0, 0.0, 0.0
            for _ in range(steps):
                a, b = rule[seen], table[seen]
                leader, own, seen = leader + paid(a, b)[0], own + paid(a, b)[1], after(a, b)
            totals.append((leader, own))
        return choose(totals)[0]

    @functools.cache
    def best(left: int, seen: int) -> tuple[float, float]:
        if left == 0:
            return 0.0, 0.0
        a = rule[seen]
        ahead = [(paid(a, b), best(left - 1, after(a, b))) for b in (0, 1)]
        return choose([(now[0] + later[0], now[1] + later[1]) for now, later in ahead])

    return best(steps, 0)[0]


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", MATRICES)
def test_optima_are_those_of_a_plain_brute_force(name: str, ties: str) -> None:
    game = named(name)
    for memory, solution in ((False, optimum(game, ties)), (True, memory_optimum(game, ties))):
        earned = {rule: brute(name, rule, ties, memory) for rule in itertools.product((0, 1), repeat=5)}
        assert solution.value == pytest.approx(max(earned.values()))
        count = sum(value == max(earned.values()) for value in earned.values())
        assert f"32 rules ({count} optimal)" in solution.method
        assert earned[tuple(entry["do"]["action"] for entry in solution.rule)] == max(earned.values())


def test_observations_stand_for_the_last_joint_actions() -> None:
    game = IteratedMatrix(memory=2, steps=4)
    assert game.leader_obs_sizes == game.n_obs == (21,)
    assert game.histories[:6] == [(), ((0, 0),), ((0, 1),), ((1, 0),), ((1, 1),), ((0, 0), (0, 0))]
    following = state_table(game).next_states
    for seen, history in enumerate(game.histories):
        for a, b in itertools.product(range(2), repeat=2):
            assert game.histories[following[seen, a, b]] == (*history, (a, b))[-2:]
    assert IteratedMatrix(memory=0).leader_obs_sizes == (1,)
    tables = {"leader_payoffs": np.zeros((2, 3)), "follower_payoffs": np.eye(2, 3)}
    wide = IteratedMatrix(**tables)
    assert wide.leader_obs_sizes == (7,)
    assert wide.histories[1 + 3 * 1 + 2] == ((1, 2),)


def test_longer_memory_does_not_hurt_the_leader_of_a_short_game() -> None:
    values = [optimum(IteratedMatrix(steps=3, memory=memory), "weak").value for memory in (0, 1)]
    assert values[0] < values[1]


def test_payoffs_by_hand() -> None:
    game = IteratedMatrix("chicken", steps=3, discount=0.5)
    table = state_table(game)
    np.testing.assert_allclose(table.leader[0], [[0.5, -0.5], [1.5, -1.5]])
    np.testing.assert_allclose(table.followers[0, 4], [[0.5, 1.5], [-0.5, -1.5]])
    assert game.leader_payoff_range == (-1.5 * 1.75, 1.5 * 1.75)
    own = IteratedMatrix(leader_payoffs=[[1, 2]], follower_payoffs=[[3, 4]])
    assert own.offset == 0
    np.testing.assert_allclose(state_table(own).followers[0, 0], [[3, 4]])
    np.testing.assert_allclose(state_table(IteratedMatrix("hero", offset=0.0)).leader[0], [[1, 3], [4, 2]])
    # Always the second column: 10 times 2.
    assert optimum(own, "strong").value == pytest.approx(20)


def test_words() -> None:
    game = IteratedMatrix()
    assert game.entry([0], np.array(1)) == {"when": {"last": []}, "do": {"action": 1}}
    assert game.entry([2], np.array(0)) == {"when": {"last": [0, 1]}, "do": {"action": 0}}
    assert game.play_sentence(0, 3, np.array([0.25, 0.75])) == (
        "after (1, 0), the follower plays action 0 (25%) or action 1 (75%)"
    )
    two = IteratedMatrix(memory=2)
    entry = two.entry([two.histories.index(((0, 1), (1, 1)))], np.array(0))
    assert entry == {"when": {"last": [[0, 1], [1, 1]]}, "do": {"action": 0}}
    assert two.sentence(entry) == "after (0, 1) then (1, 1), play action 0"
    assert two.entry([1], np.array(0))["when"] == {"last": [[0, 0]]}
    assert two.sentence(two.entry([1], np.array(0))) == "after (0, 0), play action 0"
    none = IteratedMatrix(memory=0)
    assert none.entry([0], np.array(1)) == {"when": {}, "do": {"action": 1}}
    assert none.sentence(none.entry([0], np.array(1))) == "always play action 1"
    assert none.play_sentence(0, 0, np.array([0.0, 1.0])) == "the follower plays action 1 (100%)"


def test_rules_from_a_file() -> None:
    game = IteratedMatrix()
    # Copy, whatever the leader itself did; defect first.
    entries = [
        {"when": {"last": []}, "do": {"action": 1}},
        {"when": {"last": [None, 0]}, "do": {"action": 0}},
        {"do": {"action": 1}},
    ]
    assert Rule.read(game, entries).actions.tolist() == [1, 0, 1, 0, 1]
    with pytest.raises(InputError, match=r"'last' must not be null: write \[\] for the start"):
        Rule.read(game, [{"when": {"last": None}, "do": {"action": 1}}, {"do": {"action": 0}}])
    with pytest.raises(InputError, match="action must be a whole number from 0 to 1; got 2"):
        Rule.read(game, [{"do": {"action": 2}}])
    with pytest.raises(InputError, match=r"the rule says nothing for \{'last': \[1, 1\]\}"):
        Rule.read(game, [{"when": {"last": last}, "do": {"action": 0}} for last in ([], [0, None], [1, 0])])


def test_tables_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("3,1\n4,2\n")
    (tmp_path / "B.csv").write_text("3,4\n1,2\n")
    files = {"leader_payoffs": str(tmp_path / "A.csv"), "follower_payoffs": str(tmp_path / "B.csv"), "offset": "5/2"}
    own, named = build.build("game", "iterated-matrix", files), IteratedMatrix()
    assert optimum(own, "strong").rule == optimum(named, "strong").rule
    assert optimum(own, "strong").value == pytest.approx(4)
    chicken = build.build("game", "iterated-matrix", {"game": "chicken", "memory": "0", "steps": "3"})
    expected = {"game": "chicken", "steps": 3, "memory": 0, "discount": 1.0, "offset": 2.5}
    assert chicken.parameters() == expected | {"commitment": "deterministic"}


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"leader_payoffs": [[1]]}, "both leader_payoffs and follower_payoffs"),
        ({"game": "hero", "leader_payoffs": [[1]], "follower_payoffs": [[1]]}, "the name of a game or its payoffs"),
        ({"leader_payoffs": [[1, 2]], "follower_payoffs": [[1], [2]]}, r"has \(1, 2\), follower_payoffs \(2, 1\)"),
        ({"leader_payoffs": [[1, 2], [3]], "follower_payoffs": [[1]]}, "rows of one length"),
        ({"leader_payoffs": [[float("nan")]], "follower_payoffs": [[1]]}, "NaN"),
        ({"steps": 0}, "steps must be at least 1; got 0"),
        ({"memory": 3}, "memory must be 0, 1 or 2; got 3"),
        ({"discount": 0.0}, "discount must be more than 0"),
        ({"offset": float("nan")}, "offset must be a finite number"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        IteratedMatrix(**parameters)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match=r"game must be one of prisoners_dilemma, .*; got 'chess'"):
        build.build("game", "iterated-matrix", {"game": "chess"})


# Leaders that mix.


def test_a_mixed_rule_is_told_and_read_back() -> None:
    game = IteratedMatrix("chicken", commitment="mixed")
    rule = Rule(game, np.array([[1, 3], [0, 0], [1, 1], [1, 0], [0.2, 0.8]]))
    assert rule.entries[0] == {"when": {"last": []}, "do": {"mixture": [0.25, 0.75]}}
    assert rule.entries[1]["do"] == {"mixture": [0.5, 0.5]}  # nothing to go by: all are as likely
    again = Rule.read(game, rule.entries)
    np.testing.assert_allclose(again([0]), [0.25, 0.75])
    assert "At the start, play action 0 with probability 0.2500, action 1 with probability 0.7500." in rule.text


def test_a_leader_that_mixes_draws_its_actions() -> None:
    """The share of steps in which it plays its second action, against the mixture."""
    game = IteratedMatrix(leader_payoffs=[[0.0], [1.0]], follower_payoffs=[[0.0], [0.0]], steps=500, commitment="mixed")
    rule = table_of(game, jnp.tile(jnp.array([0.3, 0.7]), (game.n_observations, 1)))
    play = Strategies((jnp.ones((game.n_observations, 1)),))
    steps = rollout(game, rule, play, None, jnp.zeros(1, jnp.int32), jax.random.key(0))
    assert abs(float(steps.leader_reward.mean()) - 0.7) < 4 * np.sqrt(0.21 / 500)


@pytest.mark.parametrize("solve", [optimum, memory_optimum])
def test_no_exact_optimum_is_claimed_for_rules_that_mix(solve: Callable) -> None:
    with pytest.raises(InputError, match="no exact method is known for rules that mix"):
        solve(IteratedMatrix("chicken", commitment="mixed"), "strong")


def test_mixing_is_worth_more_in_the_dilemma() -> None:
    """A rule found by hand: defect first, forgive a little; safe under weak ties."""
    game = IteratedMatrix("prisoners_dilemma", commitment="mixed")
    second = np.array([1, 0.29, 1, 0.59, 1])
    rule = np.stack([1 - second, second], axis=1)
    pure = game.pure
    assert memoryless_response(state_table(game), rule, "weak").leader > 9.9 > memory_optimum(pure, "strong").value
    assert best_response(state_table(game), rule, "weak").leader > 7.9 > optimum(pure, "strong").value


def test_the_names_of_a_table_come_back(tmp_path) -> None:
    for name, text in {"A.csv": ",share,take\nshare,3,0\ntake,5,1\n", "B.csv": "3,5\n0,1\n"}.items():
        (tmp_path / name).write_text(text)
    given = {"leader_payoffs": str(tmp_path / "A.csv"), "follower_payoffs": str(tmp_path / "B.csv")}
    game = build.build("game", "iterated-matrix", given)
    assert game.sentence({"when": {"last": [0, 1]}, "do": {"action": 1}}) == "after (share, take), play take"
    assert game.play_sentence(0, 0, np.array([1.0, 0.0])) == "at the start, the follower plays share (100%)"
    assert build.build("game", "iterated-matrix", game.parameters()).parameters() == game.parameters()
