"""From solve to certify: the reply that an optimum assumes, and rules that leave no tie."""

import json
from pathlib import Path

import numpy as np
import pytest

from firstmover.equilibria import FiniteGame, best_response, value_bounds
from firstmover.equilibria.margins import best_replies
from firstmover.errors import InputError
from firstmover.games import (
    BayesianNormalForm,
    Escape,
    Maintain,
    MatrixDesign,
    NormalForm,
    SecurityGame,
    SimpleAllocation,
    Toll,
)
from firstmover.jobs.build import game_from
from firstmover.jobs.certifications import certify
from firstmover.jobs.intended_replies import _alone
from firstmover.jobs.solutions import as_file, as_json, solve
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import linear_form, state_table

SECURITY5 = Path(__file__).parents[1] / "cases" / "security5.csv"


def _choice(game, entries):
    actions = Rule.read(game, entries).actions[0]
    size = len(linear_form(game).upper)
    if linear_form(game).pure:
        return np.eye(size)[int(actions)]
    return np.append(actions, np.ones(size - len(actions)))


def _random(rng: np.random.Generator, kind: str):
    commitment = "mixed" if "mixed" in kind else "deterministic"
    if kind == "security":
        n = int(rng.integers(2, 7))
        return SecurityGame(rng.integers(-9, 10, (n, 4)) / 2, float(rng.uniform(0.2, n)))
    if kind.startswith("bayesian"):
        shape = (2, *rng.integers(2, 5, 2))
        prior = tuple([0.25, 0.75] if rng.random() < 0.7 else [0.0, 1.0])
        return BayesianNormalForm(rng.integers(-3, 4, shape), rng.integers(-3, 4, shape), prior, commitment)
    shape = rng.integers(2, 5, 2)
    return NormalForm(rng.integers(-3, 4, shape), rng.integers(-2, 3, shape), commitment)


@pytest.mark.parametrize("ties", ["strong", "weak"])
@pytest.mark.parametrize("kind", ["mixed", "deterministic", "bayesian mixed", "bayesian deterministic", "security"])
def test_rules_with_a_margin_leave_no_tie(kind: str, ties: str) -> None:
    rng = np.random.default_rng(3)
    resting = 0
    for _ in range(25):
        game = _random(rng, kind)
        try:
            found = solve(game, ties=ties)
        except InputError as error:
            assert "too close to one another" in str(error)
            continue
        linear, scale = linear_form(game), game.follower_payoff_scale
        _, guaranteed = best_replies(linear, _choice(game, found.rule), 1e-3 * scale)
        if not found.rests_on_ties:
            assert found.margin is None
            assert guaranteed == pytest.approx(found.value, abs=1e-5)
            continue
        resting += 1
        assert guaranteed < found.value - 1e-10
        if found.margin is None:
            continue
        x = _choice(game, found.margin.rule)
        pays, earns = (np.einsum("m,kma->ka", x, table) for table in (linear.follower, linear.leader))
        intended = np.array(found.margin.reply[0]).argmax(axis=1)[np.unique(game.types.profiles[0][:, 0])]
        value = 0.0
        for k, reply in enumerate(intended):
            same = [a for a in range(pays.shape[1]) if np.all(linear.follower[k, :, a] == linear.follower[k, :, reply])]
            others = np.delete(pays[k], same)
            assert others.size == 0 or others.max() <= pays[k, reply] - 0.999 * found.margin.margin
            value += linear.prior[k] * earns[k, same].min()
            assert earns[k, reply] == pytest.approx(earns[k, same].min())
        assert found.margin.value == pytest.approx(value, abs=1e-7)
        assert found.margin.value <= found.value + 1e-7
    assert resting >= (0 if "deterministic" in kind or ties == "weak" else 5)


def test_no_rule_on_a_grid_with_the_margin_is_better() -> None:
    rng = np.random.default_rng(5)
    shares = np.linspace(0, 1, 2001)
    for _ in range(30):
        game = NormalForm(rng.integers(-5, 6, (2, 4)), rng.integers(-5, 6, (2, 4)), "mixed")
        found = solve(game, margin=0.2)
        if found.margin is None or found.margin.margin < 0.1999:
            continue
        best = -np.inf
        for share in shares:
            x = np.array([share, 1 - share])
            pays, earns = x @ game.follower_payoffs[0], x @ game.leader_payoffs
            reply = int(pays.argmax())
            others = [
                a for a in range(4) if np.any(game.follower_payoffs[0][:, a] != game.follower_payoffs[0][:, reply])
            ]
            if all(pays[a] <= pays[reply] - 0.2 for a in others):
                best = max(best, earns[[a for a in range(4) if a not in others]].min())
        assert best - 1e-9 <= found.margin.value <= best + 0.01


def test_known_costs() -> None:
    # Maintain: (1/4, 3/4) leaves A and B tied; B more in A's favour by 0.015 moves 0.00075 of the mixture: 10 each.
    found = solve(Maintain("mixed"))
    assert found.value == pytest.approx(27.5)
    assert found.reply == [[[1, 0, 0]]]
    assert found.rests_on_ties
    assert found.margin.value == pytest.approx(27.4925)
    assert found.margin.margin == pytest.approx(0.015)
    wide = solve(Maintain("mixed"), margin=1.0).margin
    assert (wide.value, wide.margin) == (pytest.approx(27.0), pytest.approx(1.0))
    none = solve(Maintain("mixed"), margin=0.0)
    assert none.rests_on_ties
    assert none.margin is None
    assert not solve(Escape("mixed")).rests_on_ties
    with pytest.raises(InputError, match="the margin must be a number of at least 0; got -1"):
        solve(Maintain("mixed"), margin=-1.0)


def test_the_widest_margin_stands_in_for_one_that_there_is_not() -> None:
    game = NormalForm([[2.0, 0.0], [3.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], "mixed")
    found = solve(game, margin=5.0)
    assert found.value == pytest.approx(2.5)
    assert found.margin.margin == pytest.approx(1.0, abs=1e-5)
    assert found.margin.value == pytest.approx(2.0, abs=1e-5)


def test_a_follower_that_is_always_indifferent_has_no_margin() -> None:
    game = NormalForm([[0.0, 5.0], [1.0, 3.0]], np.ones((2, 2)), "mixed")
    found = solve(game)
    assert (found.value, found.reply) == (5.0, [[[0, 1]]])
    assert found.margin is not None  # replies that are always the same are one reply, the worst
    assert found.margin.value == pytest.approx(1.0)
    assert found.margin.reply == [[[1, 0]]]


def test_of_rules_that_earn_the_same_the_one_that_guarantees_it_is_shown() -> None:
    rows = NormalForm([[3.0, 0.0], [3.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]])
    found = solve(rows)
    assert (found.value, found.rule[0]["do"]["action"], found.rests_on_ties) == (3.0, 1, False)
    mixed = solve(NormalForm([[3.0, 0.0], [3.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]], "mixed"))
    assert (mixed.value, mixed.rests_on_ties) == (pytest.approx(3.0), False)


def test_what_solve_writes_is_worth_what_it_says(tmp_path: Path) -> None:
    game = game_from("security", {"targets": str(SECURITY5), "resources": "2"})
    found = solve(game)
    assert found.value == pytest.approx(-2.1459796, abs=1e-7)
    told = as_json(game, found, "strong")
    assert told["rests_on_ties"]
    assert told["margin"] == pytest.approx(0.023, rel=1e-3)
    assert -2.18 < told["margin_value"] < told["optimum"]
    assert "attacks office" in told["reply_text"]
    path = tmp_path / "best.json"
    for solution, value in ((found, told["margin_value"]), (solve(game, margin=0.0), told["optimum"])):
        path.write_text(json.dumps(as_file(game, solution)))
        certificate = certify(path)
        assert certificate["value"] == pytest.approx(value, abs=1e-9)
        assert certificate["epsilon"]["max"] <= 1e-12
        assert certificate["reason"] is None
        assert set(certificate["leader_value_bounds"]) == {"cce"}
    path.write_text(json.dumps(as_file(game, found)))
    assert certify(path)["leader_value_bounds"]["cce"] == [pytest.approx(told["margin_value"])] * 2
    assert certify(path, followers="multiplicative-weights")["followers"]["name"] == "multiplicative-weights"


def test_replies_of_several_followers_and_by_step() -> None:
    assert solve(MatrixDesign(rule="tau", objective="welfare-minus-payments")).reply is not None
    found = solve(Toll(drivers=1, levels=3, steps=4))
    assert [len(own) for own in found.reply] == [4]
    assert "takes action" in as_json(Toll(drivers=1, levels=3, steps=4), found, "strong")["reply_text"]


def test_whether_an_optimum_rests_on_ties_is_said_of_other_games_too() -> None:
    road = Toll(drivers=2, levels=3, steps=3)
    for ties in ("strong", "weak"):
        rule = Rule.read(road, solve(road, ties=ties).rule).actions
        ends = [best_response(state_table(road), rule, which).leader for which in ("strong", "weak")]
        assert solve(road, ties=ties).rests_on_ties == (ends[0] != ends[1])
    # Message 0 or 1 for the third item: whatever it sends, the follower is not served, and the leader is not paid less.
    assert solve(SimpleAllocation(items=3, messages=2)).rests_on_ties is False
    idle = MatrixDesign(np.zeros((2, 2, 2)), rule="tau", objective="different")
    assert solve(idle).rests_on_ties is True


@pytest.mark.parametrize("ties", ["strong", "weak"])
@pytest.mark.parametrize("seed", range(20))
def test_one_followers_reply_is_an_end_of_its_equilibria(seed: int, ties: str) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 4)), int(rng.integers(2, 5)))
    prior = rng.dirichlet(np.ones(shape[0]))
    leader, follower = rng.integers(0, 3, (2, *shape)).astype(float)  # few values, so that there are ties
    finite = FiniteGame.with_types(prior, leader, follower[None])
    (table,), rests = _alone(finite, ties)
    least, greatest = value_bounds(finite, "bcce")
    played = np.array(table)
    assert float(prior @ (played * leader).sum(1)) == pytest.approx(greatest if ties == "strong" else least, abs=1e-7)
    assert ((played * follower).sum(1) == follower.max(1)).all()
    assert rests == (greatest - least > 1e-6)
