"""Rules that are networks: drawn when an observation is met, never written out, and judged by samples."""

import itertools
import json
import random
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from firstmover import verify
from firstmover.cli import printing
from firstmover.core.commitment import Greedy, Lazy, table_of
from firstmover.core.noise import address_uniform
from firstmover.core.plays import Stacked
from firstmover.core.policies import option_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import Query, answer
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.evaluation.matrix import evaluate
from firstmover.evaluators import judge_of
from firstmover.evaluators.at_size import Judging
from firstmover.followers import MultiplicativeWeights, SampledWeights
from firstmover.games import Game, Rewards, SequentialPrice, Turn
from firstmover.heads import Branches
from firstmover.jobs.certifications import certify
from firstmover.jobs.defaults import usual
from firstmover.jobs.designs import design, loaded, parts_for, resume
from firstmover.leaders import MAPPO, PPO, CommitmentGradient
from firstmover.leaders.actor_critic import ActorCritic
from firstmover.leaders.lazy import _updated, direct_credits, played, start
from firstmover.leaders.sights import Unlisted
from firstmover.rules import load
from firstmover.rules.exporting import exported
from firstmover.rules.networks import NetworkRule, read_network, stored
from firstmover.spaces import Discrete, Reals
from firstmover.spaces.observations import address_of

TINY = SequentialPrice(agents=3, items=1, messages=2, types=3, prices=3)


def _trained_like(game: Game, seed: int = 0) -> Any:
    """A network with weights as large as learnt ones."""
    game = game.standardised
    return jax.tree.map(
        lambda leaf: 2 * leaf + 0.1, option_policy(game, game.leader_space.head(), jax.random.key(seed))
    )


def _uniform_play(game: Game) -> Stacked:
    return Stacked(jnp.full((game.n_followers, game.n_types[0], game.n_actions[0]), 1 / game.n_actions[0]))


# Policies.


def _by_option(output: Branches) -> tuple[np.ndarray, np.ndarray]:
    """The scores of all options, and the outputs of the components of each."""
    parts = output.parts if output.kind is None else output.parts[output.kind]
    return np.asarray(output.logits), np.asarray(parts)


def test_what_permutes_the_options_permutes_the_policy() -> None:
    game = SequentialPrice(agents=4, items=2, messages=3, prices=5).standardised
    policy, n = _trained_like(game), 4
    obs = np.array([0, 2, 1, 2, 0, 3, 0, 0])
    for order in itertools.islice(itertools.permutations(range(n)), 0, None, 11):
        moved = np.concatenate([obs[:n][list(order)], obs[n:][list(order)]])
        one, other = (_by_option(policy(jnp.asarray(o))) for o in (obs, moved))
        for of_one, of_other in zip(one, other, strict=True):
            np.testing.assert_allclose(of_one[list(order)], of_other, atol=1e-5)


def test_agents_of_a_kind_are_looked_at_once() -> None:
    for history in ("sold", "left"):
        game = SequentialPrice(agents=5, items=2, messages=2, prices=3, units=(2, 1), history=history).standardised
        rng = np.random.default_rng(0)
        for _ in range(5):
            seen = rng.integers(0, np.array(game.leader_obs_sizes))
            waiting = np.asarray(seen[5:10] == 0)
            features, kind = game.option_kinds(jnp.asarray(seen))
            assert features.shape == (2, game.n_option_features) and kind is not None
            np.testing.assert_array_equal(features[kind][waiting], game.option_features(jnp.asarray(seen))[waiting])
    told_apart = {"values": [[[0], [1]]] * 2 + [[[0], [2]]], "probabilities": [[0.5, 0.5]] * 3}
    game = SequentialPrice(agents=3, messages=2, values=told_apart, prices=3)
    assert game.option_kinds(jnp.zeros(6, int))[1] is None


def test_lots_decide_between_equal_options_anew_in_every_sub_episode() -> None:
    game = TINY.standardised
    rule, mask = Greedy(_trained_like(game), game.leader_space.head()), jnp.ones(3, bool)
    keys = jax.random.split(jax.random.key(0), 300)
    visited = jax.vmap(lambda key: rule(jnp.array([1, 1, 1, 0, 0, 0]), mask, key)[0])(keys)
    assert np.bincount(np.asarray(visited, int), minlength=3).min() > 70
    told_apart = jax.vmap(lambda key: rule(jnp.array([1, 0, 0, 0, 0, 0]), mask, key)[0])(keys)
    assert len(set(np.asarray(told_apart).tolist()) & {0}) in (0, 1) and len(set(np.asarray(told_apart).tolist())) < 3


def test_agents_that_are_not_alike_are_told_apart() -> None:
    values = {"values": [[[0], [1]], [[0], [2]]], "probabilities": [[0.5, 0.5]] * 2}
    game = SequentialPrice(agents=2, messages=2, values=values, prices=3)
    features = game.option_features(jnp.array([1, 1, 0, 0]))
    assert not game.alike and not np.array_equal(features[0], features[1])
    assert TINY.alike and features.shape == (2, game.n_option_features)


def test_a_rule_that_is_not_anonymous_tells_agents_of_the_same_values_apart() -> None:
    named = SequentialPrice(agents=3, messages=2, types=3, prices=3, anonymous=False)
    obs = jnp.array([1, 1, 1, 0, 0, 0])
    features = np.asarray(named.option_features(obs))
    assert len(np.unique(features, axis=0)) == 3 == len(named.option_feature_names()) - TINY.n_option_features
    assert named.option_kinds(obs)[1] is None
    fitting = usual(SequentialPrice(agents=4, items=2, messages=3, prices=5, anonymous=False))
    assert not fitting.followers_parameters["shared"] and fitting.leader_parameters["policy"] == "options"
    # What is paid does not depend on it.
    key = jax.random.key(0)
    one, other = (game.standardised.reset(jnp.array([0, 1, 1]), key) for game in (TINY, named))
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_real_observations_have_addresses_of_their_own() -> None:
    u = [address_uniform(jnp.array([1, 2], jnp.uint32), address_of(jnp.array([x])), 3) for x in (0.5, 0.25, 0.0, -0.0)]
    assert not np.array_equal(u[0], u[1]) and np.array_equal(u[2], u[3])


# Followers.


@pytest.mark.slow
def test_what_every_type_is_paid_is_what_it_is_paid_when_it_plays() -> None:
    game = SequentialPrice(agents=3, items=2, messages=2, types=3, prices=5).standardised
    commitment = Greedy(_trained_like(game), game.leader_space.head())
    types, acts = np.array([4, 7, 2]), jnp.array([0, 1, 1])
    for who in range(3):
        own = np.stack([np.where(np.arange(3) == who, t, types) for t in range(9)]).astype(np.int32)
        query = Query(jnp.asarray(own), _given(acts, 9), None, jnp.zeros(9, jnp.int32))
        outcome = answer(game, commitment, query, jax.random.key(0), keep_steps=True)
        steps = jax.tree.map(lambda leaf: leaf[0], outcome.steps)
        by_type = game.paid_by_type(steps.leader_obs, steps.leader_action, steps.leader_acts, jnp.int32(who))
        np.testing.assert_allclose(by_type, outcome.followers[:, who], atol=1e-6)
    assert np.ptp(outcome.followers) > 0


def _given(acts: Array, count: int) -> Any:
    from firstmover.core.plays import Actions

    return Actions(jnp.broadcast_to(acts, (count, len(acts))))


def test_many_sampled_rounds_come_to_what_expected_weights_come_to() -> None:
    game = SequentialPrice(agents=2, items=1, messages=2, types=3, prices=3).standardised
    table = np.zeros((game.n_observations, 2), np.int32)
    for row, obs in enumerate(game.observations()):
        table[row] = [int(obs[2] > 0), 1 + obs[int(obs[2] > 0)]]  # who says 1 pays all, who says 0 half
    commitment = table_of(game, jnp.asarray(table))
    plays = {}
    for followers in (SampledWeights(rounds=300, epsilon=1.0), MultiplicativeWeights(rounds=300, epsilon=1.0)):
        problem = StackelbergPOMDP(game, followers, reward_episodes=1)
        plays[followers.name] = jax.jit(problem.episode)(commitment, jax.random.key(1)).strategy
    for i in range(2):
        one = plays["sampled-weights"].table[i]
        np.testing.assert_allclose(one[2], plays["multiplicative-weights"].tables[i][2], atol=0.02)
        np.testing.assert_allclose(one[0], [0.5, 0.5], atol=1e-6)  # worth nothing, indifferent


def test_followers_that_differ_share_no_table() -> None:
    values = {"values": [[[0], [1]], [[0], [2]]], "probabilities": [[0.5, 0.5]] * 2}
    with pytest.raises(InputError, match="exchangeable"):
        SampledWeights(shared=True).check(SequentialPrice(agents=2, values=values))


# What decisions are credited with.


def test_a_decision_is_credited_with_the_payoffs_from_it_on() -> None:
    game = TINY.standardised
    problem = StackelbergPOMDP(game, SampledWeights(rounds=3, shared=True), reward_episodes=50)
    met = jax.jit(played, static_argnums=0)(
        problem, Greedy(_trained_like(TINY), game.leader_space.head()), jax.random.key(0)
    )
    paid = np.asarray(met.from_then_on, float).reshape(50, game.horizon)
    acted = np.asarray(met.acted).reshape(50, game.horizon)
    assert paid[:, 0].mean() == pytest.approx(float(met.reward), abs=1e-6) and paid.std() > 0.05
    own = paid - np.append(paid[:, 1:], np.zeros((50, 1)), axis=1)  # of each step
    assert np.all(own[~acted] == 0)
    np.testing.assert_allclose(paid[:, 0], paid[:, 1], atol=1e-6)  # in the first, agents talk


def test_credits_compare_episodes_at_the_same_step() -> None:
    rng = np.random.default_rng(0)
    paid, acted = rng.normal(size=(10, 7)), rng.random((10, 7)) < 0.8
    credits = np.asarray(direct_credits(jnp.asarray(paid), jnp.asarray(acted)))
    moved = np.asarray(direct_credits(jnp.asarray(3 * paid + 100 * rng.normal(size=7)), jnp.asarray(acted)))
    np.testing.assert_allclose(moved, credits, atol=1e-3)
    assert np.all(credits[~acted] == 0) and np.mean(credits[acted] ** 2) == pytest.approx(1, abs=1e-4)
    broken = np.where(np.arange(7) == 2, np.nan, paid)
    broken[3, 4] = np.inf
    rest = np.asarray(direct_credits(jnp.asarray(broken), jnp.asarray(acted)))
    assert np.all(np.isfinite(rest)) and np.all(rest[:, 2] == 0) and rest[3, 4] == 0
    assert np.all(rest[acted & (np.arange(7) != 2) & np.isfinite(broken)] != 0)
    assert np.all(np.asarray(direct_credits(jnp.ones((10, 7)), jnp.asarray(acted))) == 0)


# Judging.


def test_sampled_values_and_regrets_hold_the_exact_ones() -> None:
    policy, head = _trained_like(TINY, 3), TINY.standardised.leader_space.head()
    observations = jnp.asarray(TINY.observations())
    masks = jax.vmap(TINY.leader_mask)(observations)
    actions = np.asarray(jax.vmap(head.mode)(policy.at_all(observations), masks))
    rule = table_of(TINY.standardised, jnp.asarray(actions))
    play, judge, judging = _uniform_play(TINY), judge_of(TINY), Judging(TINY)
    found = judging.value(rule, play, jax.random.key(0), 20_000)
    exact = judge.measured(actions, play)
    margin = found.interval[1] - found.interval[0]
    assert abs(found.value - exact) < margin and 0 < margin < 0.02
    regrets, regret = judging.regrets(rule, play, jax.random.key(1), 20_000), judge.regret(actions, play)
    assert regret is not None and regret > 0.01
    assert regrets.estimated == pytest.approx(regret, abs=0.01)
    assert regret <= regrets.most < regret + 0.03


@pytest.mark.slow
def test_one_of_exchangeable_followers_stands_for_all() -> None:
    rule, play = Greedy(_trained_like(TINY, 3), TINY.standardised.leader_space.head()), _uniform_play(TINY)
    told_apart = Stacked(play.table.at[0].add(jnp.array([1e-7, -1e-7])))
    judging = Judging(TINY)
    one, every = (judging.regrets(rule, own, jax.random.key(1), 4_000) for own in (play, told_apart))
    assert one.estimated > 0.01 and one.estimated == pytest.approx(every.estimated, abs=0.02)
    assert len({str(bounds) for bounds in one.by_follower}) == 1 < len({str(bounds) for bounds in every.by_follower})
    assert len(one.by_follower) == len(every.by_follower) == 3
    np.testing.assert_allclose(one.by_follower[0], every.by_follower[0], atol=0.02)


# Designs.


def test_defaults_go_by_the_size_of_the_market() -> None:
    small, large = usual(SequentialPrice()), usual(SequentialPrice(agents=4, items=2, messages=3, prices=5))
    assert (small.followers, small.leader_parameters, small.why) == ("multiplicative-weights", {}, None)
    assert large.followers == "sampled-weights" and large.leader_parameters["policy"] == "options"
    assert large.why is not None and "5.31e+05 profiles" in large.why
    followers, leader, _ = parts_for(
        SequentialPrice(agents=4, items=2, messages=3), None, None, {"rounds": "7"}, {"updates": "3"}
    )
    assert (followers.rounds, followers.shared, leader.updates, leader.policy) == (7, True, 3, "options")


def _equations(jaxpr: Any) -> int:
    """How many equations a program has, with those of the loops in it."""
    inner = [
        part for eqn in jaxpr.eqns for value in eqn.params.values() for part in jax.tree.leaves(value, is_leaf=_is)
    ]
    return len(jaxpr.eqns) + sum(_equations(getattr(part, "jaxpr", part)) for part in inner if _is(part))


def _is(part: Any) -> bool:
    return hasattr(getattr(part, "jaxpr", part), "eqns")


@pytest.mark.slow
def test_what_is_compiled_does_not_grow_with_the_agents() -> None:
    sizes = []
    for agents in (20, 40):
        game = SequentialPrice(agents=agents, items=2, messages=2, prices=5)
        followers, leader, _ = parts_for(game, None, None, {}, {})
        problem = leader.problem(game, followers)
        key = jax.random.key(0)
        policy, optimiser = start(leader.policy, problem, key)
        program = partial(
            _updated, leader, problem, key=key, seed_key=key, progress=jnp.float32(0), width=jnp.float32(0)
        )
        sizes.append(_equations(jax.make_jaxpr(lambda p, o, run=program: run(p, o))(policy, optimiser).jaxpr))
    assert 500 < sizes[1] < 1.1 * sizes[0]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a network, without the design that it comes of."""
    file = tmp_path_factory.mktemp("networks") / "network.npz"
    layers = [(np.asarray(layer.weight), np.asarray(layer.bias)) for layer in _trained_like(TINY).network.layers]
    with file.open("wb") as target:
        np.savez(target, **stored(TINY.network_words(), layers))
    return file


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("runs") / "one"
    leader = CommitmentGradient(updates=3, episodes=10, policy="options", reward_episodes=8, restarts=2)
    return design(TINY, followers=SampledWeights(rounds=3, shared=True), leader=leader, seeds=2, out=path)


@pytest.mark.slow
def test_a_run_is_read_back_and_resumed_with_the_same_numbers(run: Any) -> None:
    again = loaded(run.run)
    assert again.as_json() == run.as_json() and again.best == run.best
    for one, other in zip(jax.tree.leaves(again.commitments), jax.tree.leaves(run.commitments), strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("result.json", "certificate.json", "network.npz", "outcome.npz"):
        (run.run / name).unlink()
    resumed = resume(run.run).as_json()
    first = run.as_json()
    assert {k: v for k, v in resumed.items() if k != "seconds"} == {k: v for k, v in first.items() if k != "seconds"}


@pytest.mark.slow
def test_a_run_is_laid_out_for_a_person(run: Any) -> None:
    text = printing.design(run.as_json())
    assert "A network scores the options that are left" in text and "from a sample, with 95% confidence" in text
    assert "no messages: the best prices and order" in text


def test_the_network_acts_without_jax_as_it_does_with_it(network: Path) -> None:
    act = read_network(network)
    assert isinstance(act, NetworkRule)
    game, keys = TINY.standardised, jax.random.split(jax.random.key(0), 8)
    commitment = Greedy(_trained_like(TINY), game.leader_space.head())
    observations = jnp.asarray(game.observations())
    masks, outputs = jax.vmap(game.leader_mask)(observations), jax.vmap(commitment.policy)(observations)
    every = np.asarray(jax.vmap(lambda key: jax.vmap(lambda o, m: commitment(o, m, key))(observations, masks))(keys))
    looked_at = 0
    for row, obs in enumerate(game.observations()):
        remaining, left = TINY.situation(obs.tolist())
        if not any(remaining) or min(left) < 0 or not any(left):
            continue
        scores, prices = act.outputs(obs[:3], np.array(remaining, bool), np.array(left))
        asked = np.flatnonzero(remaining)  # of agents that are gone, outputs say nothing
        expected = _by_option(jax.tree.map(lambda leaf, row=row: leaf[row], outputs))
        np.testing.assert_allclose(scores[asked], expected[0][asked], atol=1e-5)
        np.testing.assert_allclose(prices[asked], expected[1].reshape(prices.shape)[asked], atol=1e-5)
        told = act({"messages": obs[:3], "remaining": np.flatnonzero(remaining), "items": left}, random.Random(0))
        drawn = set(map(tuple, every[:, row].tolist()))
        assert (told["agent"], told["prices"][0] * 2) in drawn
        looked_at += 1
    assert looked_at > 40


def test_a_network_is_loaded_as_any_rule_is_and_not_written_out(network: Path) -> None:
    situation = {"messages": [0, 1, 1], "remaining": [0], "items": [1]}
    assert load(network)(situation) == read_network(network)(situation)
    for form in ("csv", "latex"):
        with pytest.raises(InputError, match="network"):
            exported(network, form)


@pytest.mark.slow
def test_the_certificate_of_a_network_is_incomplete_and_not_refuted(run: Any) -> None:
    written = (run.run / "certificate.json").read_text()
    claims = verify.check(verify.read(written))
    assert verify.verdict(claims) == "incomplete"
    assert {claim.claim for claim in claims if claim.verdict == "unchecked"} >= {"the rule", "the proof"}
    forged = json.dumps(json.loads(written) | {"rule": [{"when": {}, "do": {"agent": 99}}]})
    assert verify.verdict(verify.check(verify.read(forged))) == "refuted"


@pytest.mark.slow
def test_a_network_is_certified_as_the_design_was(run: Any) -> None:
    before = json.loads((run.run / "certificate.json").read_text())
    after = certify(run.run)
    same = set(before) & set(after)
    assert len(same) > 15 and {key: after[key] for key in same} == {key: before[key] for key in same}
    assert loaded(run.run).value == run.value
    assert after["leader_value_bounds"] is None and not after["exact"] and after["confidence"] == 0.95
    with pytest.raises(InputError, match="samples of its own"):
        certify(run.run, robust=0.1)


@pytest.mark.slow
def test_a_network_is_told_in_words_which_are_a_rule_of_their_own(run: Any) -> None:
    told = run.as_json()["distilled"]
    assert 1 <= len(told["pick"]) <= 12 and 1 <= len(told["then"]) <= 12
    assert told["lost"] == run.value - told["value"] and told["regret_bound"] < 0.2
    low, high = told["value_interval"]
    assert low < told["value"] < high and high - low < 0.05
    assert load(run.run).conditions == ("messages", "remaining", "items")
    text = exported(run.run, "markdown")
    assert all(case["when"] in text for case in told["pick"] + told["then"])


@pytest.mark.slow
def test_networks_are_evaluated_under_models_that_learn_from_samples(run: Any) -> None:
    found = evaluate(run.run, run, followers=["sampled-weights", "exp3"], seeds=3)
    assert (
        found.value.shape == (2, 2)
        and np.isfinite(found.regret[:, 0]).all()
        and np.isfinite(found.as_json()["worst"]).all()
    )
    np.testing.assert_array_equal(found.value[0], found.value[1])  # the same rule twice
    assert abs(found.value[0, 0] - run.value) < 0.1
    with pytest.raises(InputError, match="listed game"):
        evaluate(run.run, followers=["logit"], seeds=1)
    with pytest.raises(InputError, match="compared with each other only"):
        evaluate(run.run, TINY)


@pytest.mark.parametrize(
    "situation",
    [{}, {"messages": [0, 1, 5], "remaining": [0], "items": [1]}, {"messages": 1, "remaining": [], "items": 1}],
)
def test_situations_that_are_none_are_refused(network: Path, situation: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        read_network(network)(situation)


def test_a_network_that_was_cut_off_is_refused(network: Path, tmp_path: Path) -> None:
    file = tmp_path / "network.npz"
    file.write_bytes(network.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged"):
        read_network(file)


class _State(NamedTuple):
    time: Array
    seen: Array
    types: Array
    said: Array


class Sight(Game):
    """The leader sees a real number, or many whole ones, and picks the side on which it is; nobody else decides."""

    name = "sight"
    horizon = 1
    has_chance = True
    leader_space = Discrete(2, "side")
    leader_payoff_range = (0.0, 1.0)
    follower_payoff_ranges = ((0.0, 1.0),)
    acts = (Discrete(1, "wait"),)
    n_obs = (1,)

    def __init__(self, real: bool):
        self.types = TypeDistribution.independent([[1.0]])
        self.real = real
        self.leader_obs_sizes = () if real else (100,) * 4
        self.leader_sees = Reals(-1.0, 1.0, (2,)) if real else None

    def parameters(self) -> dict[str, Any]:
        return {"real": self.real}

    def reset(self, types: Array, key: Array) -> _State:
        drawn = jax.random.uniform(key, (2 if self.real else 4,), minval=-1)
        seen = drawn if self.real else ((drawn + 1) * 50).astype(jnp.int32)
        return _State(jnp.int32(0), seen, types, jnp.int32(0))

    def observe(self, state: _State) -> Turn:
        first = jnp.ones(1, bool)
        return Turn(state.seen, state.time == 0, state.types, first & (state.time == 0), jnp.ones((1, 1), bool))

    def step(self, state: _State, action: Array, follower_actions: Array, key: Array) -> tuple[_State, Rewards]:
        middle = 0.0 if self.real else 50
        right = (action == (state.seen[0] >= middle)) & (state.time == 0)
        return state._replace(time=state.time + 1), Rewards(right.astype(float), jnp.zeros(1))


@pytest.mark.parametrize("real", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_observations_that_cannot_be_listed_are_learnt_from(real: bool) -> None:
    game = Sight(real)
    assert not game.observed.listed
    with pytest.raises(InputError, match="policy=network"):
        CommitmentGradient(reward_episodes=8).problem(game, SampledWeights(rounds=1))
    leader = CommitmentGradient(updates=60, episodes=32, policy="network", reward_episodes=32, entropy=0.0)
    found = design(game, followers=SampledWeights(rounds=1), leader=leader, seeds=1, optimum=False)
    assert found.value > 0.85  # half by guessing
    drawn = Lazy(found.commitment.policy, game.leader_space.head(), jax.random.key(0))
    obs = game.reset(jnp.zeros(1, jnp.int32), jax.random.key(3)).seen
    acts = [int(drawn(obs, jnp.ones(2, bool), jax.random.key(k))) for k in range(2)]
    assert acts[0] == acts[1]


@pytest.mark.parametrize(("kind", "real"), [(PPO, True), pytest.param(MAPPO, False, marks=pytest.mark.slow)])
def test_step_level_learners_take_observations_that_cannot_be_listed(kind: type[ActorCritic], real: bool) -> None:
    leader = kind(updates=40 if real else 100, steps=512, reward_episodes=1, learning_rate=3e-3)
    found = design(Sight(real), followers=SampledWeights(rounds=1), leader=leader, seeds=1, optimum=False)
    assert found.value > 0.85  # half by guessing


@pytest.mark.slow
def test_step_level_learners_score_options_and_their_runs_are_read_back(tmp_path: Path) -> None:
    leader = PPO(updates=2, steps=64, reward_episodes=2, policy="options")
    followers = SampledWeights(rounds=2, shared=True, asked=2)
    done = design(TINY, followers=followers, leader=leader, seeds=2, optimum=False, out=tmp_path / "run")
    again = loaded(tmp_path / "run")
    assert again.value == done.value
    obs = jnp.array([1, 0, 1, 0, 0, 0, 0])[: len(TINY.leader_obs_sizes)]
    acts = [one.commitment(obs, jnp.ones(3, bool), jax.random.key(1)) for one in (done, again)]
    np.testing.assert_array_equal(*acts)
    assert load(tmp_path / "run") is not None


def test_a_phase_beside_what_cannot_be_listed_is_refused() -> None:
    with pytest.raises(InputError, match="phase_visible"):
        PPO(phase_visible=True).problem(Sight(real=True), SampledWeights(rounds=1))
    with pytest.raises(InputError, match="policy=options"):
        PPO(policy="options").problem(Sight(real=True), SampledWeights(rounds=1))


def test_minibatches_of_seen_observations_are_those_of_their_rows() -> None:
    """The same transitions, held as rows of a list and as they were seen, teach the same."""
    game = SequentialPrice(agents=2, items=1, messages=2, types=2, prices=3)
    leader = MAPPO(steps=64, reward_episodes=2)
    problem = leader.problem(game, SampledWeights(rounds=2))
    state = leader.init(problem, jax.random.key(0))
    standard, env = problem.game, leader.env(problem)
    collect = jax.jit(jax.vmap(lambda key: leader.collect(env, state.parameters, key)[0]))
    batch = collect(jax.random.split(jax.random.key(1), 3))
    seen = batch.obs.leader.reshape(-1, batch.obs.leader.shape[-1])
    listed, unlisted = leader.sights(standard), Unlisted(standard)
    for sights in (listed, unlisted):
        rows = jax.vmap(sights.row)(seen)
        np.testing.assert_array_equal(sights.seen(rows), seen)
        np.testing.assert_array_equal(sights.possible(rows), batch.obs.mask.reshape(len(seen), -1))
        expected = jax.vmap(state.parameters.actor)(seen)
        np.testing.assert_allclose(sights.outputs(state.parameters.actor, rows), expected, atol=1e-6)


@pytest.mark.slow
def test_the_program_does_not_grow_with_the_number_of_agents() -> None:
    seconds = {n: _compile_seconds(n) for n in (8, 128)}
    assert seconds[128] < 3 * seconds[8] + 1


def _compile_seconds(n: int) -> float:
    import time

    game = SequentialPrice(agents=n, items=1, units=(4,), messages=2, prices=5)
    followers, leader, _ = parts_for(game)
    problem = leader.problem(game, followers)
    state = jax.eval_shape(lambda: leader.init(problem, jax.random.key(0)))
    lowered = jax.jit(lambda state: leader.update(problem, state)).lower(state)
    began = time.perf_counter()
    lowered.compile()
    return time.perf_counter() - began
