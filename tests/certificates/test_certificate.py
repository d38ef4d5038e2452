"""Certificates against brute force, and sampled ones against exact ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import LISTABLE, Lottery, some_rule

from firstmover.certificates import certify_play, exact
from firstmover.core.plays import JointPlay, Strategies, TimedStrategies
from firstmover.equilibria.markov import joint_strategy
from firstmover.equilibria.markov_replies import best_response, play_values
from firstmover.equilibria.polytopes import regrets
from firstmover.errors import InputError
from firstmover.evaluators import choice as module
from firstmover.evaluators import induced_game, play_distribution, sampled_judge, value_of
from firstmover.games import Escape, IteratedMatrix, Maintain, MatrixDesign, SequentialPrice, SimpleAllocation, Toll
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import optimum, state_table

# A newsvendor's reply is one action, and has a gap that no table shows (games/test_newsvendor.py).
TABLES = {name: game for name, game in LISTABLE.items() if name != "newsvendor"}


def _play(game, seed=0):
    rng = np.random.default_rng(seed)
    tables = []
    for i, (o, a) in enumerate(zip(game.n_obs, game.n_actions, strict=True)):
        table = rng.dirichlet(np.ones(a), o)
        if game in LISTABLE.values():
            table = table * induced_game(game, some_rule(game)).allowed[i]
        tables.append(jnp.asarray(table / table.sum(1, keepdims=True), jnp.float32))
    return Strategies(tuple(tables))


@pytest.mark.parametrize("name", TABLES)
def test_exact_certificates_hold_together(name: str) -> None:
    game = LISTABLE[name]
    actions, play = some_rule(game), _play(game)
    found = certify_play(game, actions, play)
    assert found.exact
    finite, joint = induced_game(game, Rule(game, actions).as_told().actions), play_distribution(game, play)
    np.testing.assert_allclose(joint.reshape(len(joint), -1).sum(1), 1.0, atol=1e-14)
    # Play is rounded to 1e-12 before it is certified.
    assert found.value == pytest.approx(value_of(finite, joint), abs=1e-9)
    assert found.epsilon.most == pytest.approx(max(0.0, *regrets(finite, joint).values()), abs=1e-9)
    sets = {"bcce", "anf_cce"} if finite.has_types else {"cce"}
    assert set(found.leader_value_bounds) == set(found.leader_value_bounds_at_epsilon) == sets
    for which in sets:
        low, high = found.leader_value_bounds_at_epsilon[which]
        assert low - 1e-6 <= found.value <= high + 1e-6
        assert low <= found.leader_value_bounds[which][0] + 1e-6
    low, high = found.payoff_range.leader
    assert low <= found.value <= high
    if found.baseline.value is None:
        assert found.gain is None
        assert found.baseline.reason
    else:
        assert found.gain == pytest.approx(found.value - found.baseline.value)


@pytest.mark.parametrize("name", TABLES)
def test_fractions_and_floats_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same certificate with proofs, and by float64 and linear programs alone, as for larger games."""
    game = LISTABLE[name]
    actions, play = some_rule(game, 7), _play(game, 1)
    proved = certify_play(game, actions, play, epsilon=0.01).as_json()
    monkeypatch.setattr(exact, "MAX_PROFILES", 0)
    listed = certify_play(game, actions, play, epsilon=0.01).as_json()
    assert proved["proof"] is not None
    assert listed["proof"] is None
    assert "no proof is given" in listed["reason"]
    assert proved["bounds_epsilon"] == listed["bounds_epsilon"] == 0.01
    assert proved["sizes"] == listed["sizes"]
    for key in ("value", "welfare", "revenue", "gain"):
        assert proved[key] == (None if listed[key] is None else pytest.approx(listed[key], abs=1e-6)), key
    for key in ("leader_value_bounds", "leader_value_bounds_at_epsilon"):
        assert set(proved[key]) == set(listed[key])
        for which, ends in proved[key].items():
            assert ends == pytest.approx(listed[key][which], abs=1e-6), (key, which)


def test_welfare_and_revenue() -> None:
    """Agent 0 buys at 0.25 whenever it is worth that; otherwise agent 1 is asked for 0.5."""
    game = SequentialPrice(types=3, messages=1, prices=5)
    entries = [
        {"when": {"remaining": [0, 1]}, "do": {"agent": 0, "prices": [0.25]}},
        {"do": {"agent": 1, "prices": [0.5]}},
    ]
    rule = Rule.read(game, entries)
    found = certify_play(rule.game, rule.actions, Strategies((jnp.ones((3, 1)), jnp.ones((3, 1)))))
    # Agent 0 is worth 0, 0.5, 1; after 0, agent 1 is worth 0, 0.5, 1 and buys in the last two.
    assert found.welfare == pytest.approx((0.5 + 1) / 3 + (0.5 + 1) / 9)
    assert found.revenue == pytest.approx(2 / 3 * 0.25 + 1 / 3 * 2 / 3 * 0.5)
    assert found.value == pytest.approx(found.welfare - 13 / 18)
    paid = MatrixDesign(rule="tau", objective="welfare-minus-payments")
    both = Strategies((jnp.array([[1.0, 0.0]]), jnp.array([[1.0, 0.0]])))
    found = certify_play(paid, np.array([2]), both)
    assert (found.welfare, found.revenue, found.value) == (6.0, -2.0, 4.0)
    with pytest.raises(InputError, match="epsilon must be a number of at least 0; got -1"):
        certify_play(paid, np.array([2]), both, epsilon=-1.0)


def _timed(game, seed: int) -> TimedStrategies:
    """Pure play by time and observation."""
    rng = np.random.default_rng(seed)
    sizes = zip(game.n_obs, game.n_actions, strict=True)
    return TimedStrategies(tuple(jnp.eye(a)[rng.integers(a, size=(game.horizon, o))] for o, a in sizes))


@pytest.mark.parametrize("objective", ["welfare", "revenue"])
@pytest.mark.parametrize("seed", range(3))
def test_money_of_a_markov_game_is_part_of_its_welfare(seed: int, objective: str) -> None:
    """The keeper of a toll road is paid what drivers have and pay, or what they pay: whatever rule and play."""
    game = Toll(drivers=2, levels=3, steps=4, tolls=(1.5, 2.0, -1.0), objective=objective)
    rule = np.random.default_rng(seed).integers(3, size=game.n_observations)
    play = _play(game, seed)
    joint = joint_strategy(state_table(game), [np.asarray(table, np.float64) for table in play.tables])
    followers = play_values(state_table(game), rule, joint)[1:].sum()
    assert certify_play(game, rule, play).welfare - certify_play(game, rule, play).revenue == pytest.approx(followers)
    for found in (certify_play(game, rule, play), certify_play(game, rule, _timed(game, seed))):
        assert found.revenue != 0
        assert found.value == pytest.approx(found.welfare if objective == "welfare" else found.revenue)


def test_the_toll_road_is_worth_its_welfare() -> None:
    game = Toll()
    rule = Rule.read(game, optimum(game, "strong").rule).actions
    reply = best_response(state_table(game), rule, "strong").play  # drivers observe the state
    drivers = np.unravel_index(reply, game.n_actions)
    found = certify_play(game, rule, TimedStrategies(tuple(jnp.eye(2)[own] for own in drivers)))
    assert (found.value, found.welfare) == (49.0, 49.0)
    assert found.revenue == 3.0


@pytest.mark.parametrize("objective", ["welfare", "revenue", 0.25])
def test_money_is_the_same_in_fractions_floats_and_samples(objective, monkeypatch: pytest.MonkeyPatch) -> None:
    game = SequentialPrice(types=3, messages=2, objective=objective)
    actions, play = some_rule(game), _play(game)
    proved = certify_play(game, actions, play)
    sampled = sampled_judge(game).means(Rule(game, actions).as_told().actions, play)
    monkeypatch.setattr(exact, "MAX_PROFILES", 0)
    listed = certify_play(game, actions, play)
    assert listed.proof is None
    assert proved.revenue > 0.05
    assert listed.revenue == pytest.approx(proved.revenue, abs=1e-9)
    assert listed.welfare == pytest.approx(proved.welfare, abs=1e-9)
    assert sampled[2] == pytest.approx(proved.revenue, abs=0.02)
    assert sampled[1] + sampled[2] == pytest.approx(proved.welfare, abs=0.02)
    if objective == "revenue":
        assert proved.revenue == pytest.approx(proved.value, abs=1e-12)


@pytest.mark.parametrize("name", ["visits", "simple-allocation skewed", "maintain mixed"])
def test_sampled_certificates_bound_the_exact_regret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = LISTABLE[name]
    actions, play = some_rule(game), _play(game)
    exact = certify_play(game, actions, play)

    def too_large(game):
        raise InputError("the game is too large to list")

    monkeypatch.setattr(module, "all_profiles", too_large)
    sampled = certify_play(game, actions, play, samples=20_000)
    assert not sampled.exact
    assert sampled.leader_value_bounds is None
    assert sampled.leader_value_bounds_at_epsilon is None
    assert "too large" in sampled.reason
    assert sampled.confidence == 0.95
    span = max(high - low for low, high in game.follower_payoff_ranges)
    for row, bounds in zip(exact.epsilon.by_follower, sampled.epsilon.by_follower, strict=True):
        for regret, bound in zip(row, bounds, strict=True):
            assert regret <= bound <= regret + 0.2 * span
    low, high = game.leader_payoff_range
    assert sampled.value == pytest.approx(exact.value, abs=0.05 * (high - low))
    assert sampled_judge(game).means(actions, play)[0] == pytest.approx(exact.value, abs=0.02 * (high - low))


def test_games_with_chance_are_certified_by_sampling() -> None:
    game = Lottery()
    # The leader makes side 1 win with probability P((u + v) / 2 < 0.6) = 1 - 2 * 0.4**2 = 0.68; the bet is on side 0.
    found = certify_play(game, np.array([1]), Strategies((jnp.array([[1.0, 0.0], [1.0, 0.0]]),)))
    assert not found.exact
    assert "chance" in found.reason
    assert found.value == pytest.approx(0.32, abs=0.01)
    assert 0.36 <= found.epsilon.most <= 0.40


def test_what_a_type_may_not_do_is_no_deviation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that would pay follower 1 of type 0 most, and that it cannot choose."""
    game, found = LISTABLE["visits"], {}
    table = np.array([int(np.flatnonzero(game.leader_mask(jnp.asarray(obs)))[-1]) for obs in game.observations()])
    honest = Strategies((jnp.eye(2), jnp.eye(3)))
    found["exact"] = certify_play(game, table, honest).epsilon.by_follower[1][0]
    played = game.step

    def step(state, action, follower_actions, key):
        after, rewards = played(state, action, follower_actions, key)
        tempting = (after.said[1] == 2) & (after.types[1] == 0) & (state.time == 0)
        return after, rewards._replace(followers=rewards.followers + jnp.array([0.0, 1.0]) * tempting)

    monkeypatch.setattr(game, "step", step)
    monkeypatch.setattr(module, "all_profiles", lambda game: (_ for _ in ()).throw(InputError("too large")))
    found["sampled"] = certify_play(game, table, honest, samples=20_000).epsilon.by_follower[1][0]
    assert found["exact"] <= found["sampled"] <= found["exact"] + 0.2


def test_joint_play_is_certified_as_it_is() -> None:
    game = SimpleAllocation(3, 2)
    joint = JointPlay(jnp.array([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]]))
    found = certify_play(game, np.array([0, 1]), joint)
    assert found.value == pytest.approx(2 / 3)
    assert found.epsilon.most == pytest.approx(0.0, abs=1e-12)
    worse = certify_play(game, np.array([0, 2]), joint)
    assert worse.epsilon.by_follower == [[0.0, 0.0, pytest.approx(0.25)]]


def test_known_intervals() -> None:
    escape = certify_play(Escape(), np.array([2]), Strategies((jnp.array([[0.0, 0.0, 1.0]]),)))
    assert escape.leader_value_bounds == {"cce": (30.0, 30.0)}
    assert escape.epsilon.most == 0.0
    # At the knife's edge of Maintain the follower is indifferent: the interval shows what the value hides.
    edge = certify_play(Maintain("mixed"), np.array([[0.25, 0.75, 0.0]]), Strategies((jnp.array([[1.0, 0.0, 0.0]]),)))
    assert edge.value == pytest.approx(27.5)
    assert edge.leader_value_bounds["cce"] == pytest.approx((7.5, 27.5))
    inside = certify_play(Maintain("mixed"), np.array([[0.26, 0.74, 0.0]]), Strategies((jnp.array([[1.0, 0, 0]]),)))
    assert inside.leader_value_bounds["cce"] == pytest.approx((27.4, 27.4))
    assert inside.gain == pytest.approx(7.4)


def test_followers_that_act_in_every_step() -> None:
    """The prisoner's dilemma under the rule that defects first and copies: worth 6 to whoever always cooperates."""
    game, rule = IteratedMatrix("prisoners_dilemma"), np.array([1, 0, 1, 0, 1])
    cooperate = Strategies((jnp.array([[1.0, 0.0]] * 5),))
    found = certify_play(game, rule, cooperate)
    # 4 - 2.5 once, then 0.5 in nine steps; the follower earns 1 - 2.5 once, and gains 1 by defecting in the last step.
    assert (found.value, found.welfare) == (pytest.approx(6.0), pytest.approx(3.0))
    assert (found.epsilon.by_follower, found.epsilon.most) == ([[pytest.approx(1.0)]], pytest.approx(1.0))
    assert found.leader_value_bounds == {"best_response": (pytest.approx(4.0), pytest.approx(4.0))}
    assert found.proof is None
    assert "no proof" in found.reason
    timed = TimedStrategies((jnp.tile(jnp.array([[1.0, 0.0]] * 5), (10, 1, 1)).at[9].set(jnp.array([0.0, 1.0])),))
    exact = certify_play(game, rule, timed)
    assert (exact.value, exact.epsilon.most) == (pytest.approx(4.0), pytest.approx(0.0, abs=1e-9))
    assert "From step 1 to 9" in exact.play_text
    assert "In step 10" in exact.play_text
    mixed = certify_play(game, rule, Strategies((jnp.full((5, 2), 0.5),)))
    assert mixed.epsilon.most > 1


def test_several_followers_that_act_in_every_step() -> None:
    game = Toll(levels=3, steps=3)
    play = Strategies(tuple(jnp.full((o, a), 1 / a) for o, a in zip(game.n_obs, game.n_actions, strict=True)))
    found = certify_play(game, np.zeros(game.n_observations, int), play)
    assert found.epsilon.most is None
    low, high = found.leader_value_bounds["stage_equilibrium"]
    assert low <= high
    assert "several followers" in found.reason


def test_what_cannot_be_certified_is_refused() -> None:
    with pytest.raises(InputError, match="samples"):
        certify_play(Lottery(), np.array([1]), Strategies((jnp.full((2, 2), 0.5),)), samples=1)


def test_certificates_do_not_depend_on_the_precision_mode() -> None:
    game, actions = Maintain("mixed"), np.array([[0.3, 0.7, 0.0]])
    play = Strategies((jnp.array([[0.9, 0.1, 0.0]]),))
    one = certify_play(game, actions, play).as_json()
    with jax.enable_x64(True):
        assert certify_play(game, actions, play).as_json() == one
