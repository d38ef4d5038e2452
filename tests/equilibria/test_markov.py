"""Markov games against plain Python that goes through every policy."""

import dataclasses
import itertools

import numpy as np
import pytest

from firstmover.equilibria import MarkovGame, best_response, markov_commitment, memoryless_response, play_values
from firstmover.equilibria.markov import joint_strategy
from firstmover.equilibria.markov_replies import memoryless_policies
from firstmover.errors import InputError

TIES = ["strong", "weak"]


def random_game(
    seed: int,
    n_actions: tuple[int, ...] = (2,),
    states: int = 3,
    horizon: int = 2,
    integers: bool = True,
    branches: int = 0,
) -> MarkovGame:
    """Whole payoffs from a small range, so that there are ties; two starts, a discount, a state with a mask."""
    rng = np.random.default_rng(seed)
    joint, n = int(np.prod(n_actions)), len(n_actions)
    shape = (states, 2, joint)
    draw = (lambda size: rng.integers(0, 4, size).astype(float)) if integers else rng.normal
    possible = np.ones((states, joint), bool)
    if n == 1:
        possible[states - 1, 0] = False
    leader, followers = (draw(size=size) for size in (shape, (n, *shape)))
    start = np.zeros(states)
    start[:2] = 0.25, 0.75
    return MarkovGame(
        start=start,
        leader_obs=np.minimum(np.arange(states), 1),
        # The follower tells the state with a mask from the others.
        follower_obs=np.tile(np.r_[np.arange(states - 1) // 2, states - 1], (n, 1)),
        next_states=rng.integers(0, states, (branches, *shape) if branches else shape),
        leader=leader,
        followers=followers,
        possible=possible,
        n_actions=n_actions,
        n_observations=2,
        n_obs=(states,) * n,
        horizon=horizon,
        discount=0.5,
        chance=rng.dirichlet(np.ones(branches), states).T if branches else None,
    )


def played(game: MarkovGame, rule: np.ndarray, policy) -> tuple[float, ...]:
    """Expected totals by recursion, for `policy(time, state)` a joint action or a mixture of them."""

    def value(time: int, state: int) -> np.ndarray:
        if time == game.horizon:
            return np.zeros(1 + len(game.n_actions))
        leader, joint = rule[game.leader_obs[state]], policy(time, state)
        total = np.zeros(1 + len(game.n_actions))
        for (a, p), (b, q) in itertools.product(_mixture(leader), _mixture(joint)):
            now = np.array([game.leader[state, a, b], *game.followers[:, state, a, b]])
            follows, likely = game.branches
            later = sum(c * value(time + 1, int(follows[k, state, a, b])) for k, c in enumerate(likely[:, state]))
            total += p * q * (now + game.discount * later)
        return total

    return tuple(sum(p * value(0, s) for s, p in enumerate(game.start) if p > 0))


def _mixture(decided) -> list[tuple[int, float]]:
    return list(enumerate(decided)) if np.ndim(decided) else [(int(decided), 1.0)]


def policies_in_time(game: MarkovGame):
    """Every way to play: a possible joint action for every time and state."""
    choices = [np.flatnonzero(row).tolist() for row in game.possible] * game.horizon
    for flat in itertools.product(*choices):
        yield lambda t, s, flat=flat: flat[t * len(game.start) + s]


def tables(game: MarkovGame):
    """Every possible table of the only follower, one action for every observation."""
    for flat in itertools.product(range(game.n_actions[0]), repeat=game.n_obs[0]):
        if all(game.possible[s, flat[o]] for s, o in enumerate(game.follower_obs[0])):
            yield lambda t, s, flat=flat: flat[game.follower_obs[0, s]]


def best_of(game: MarkovGame, rule: np.ndarray, policies, ties: str) -> tuple[float, float]:
    """(leader, follower) at the best of these policies for the follower, ties as said."""
    paid = [played(game, rule, policy) for policy in policies(game)]
    most = max(own for _, own in paid)
    tied = [leader for leader, own in paid if own >= most - 1e-9]
    return (max if ties == "strong" else min)(tied), most


RULES = [np.array([0, 1]), np.array([1, 1]), np.array([[0.25, 0.75], [1.0, 0.0]])]


@pytest.mark.parametrize("ties", TIES)
def test_replies_are_the_best_of_all_policies(ties: str) -> None:
    apart = 0
    for seed, rule in itertools.product(range(6), RULES):
        game = random_game(seed)
        for respond, policies in ((best_response, policies_in_time), (memoryless_response, tables)):
            found = respond(game, rule, ties)
            leader, own = best_of(game, rule, policies, ties)
            assert found.followers[0] == pytest.approx(own)
            assert found.leader == pytest.approx(leader)
            np.testing.assert_allclose(play_values(game, rule, found.play), [leader, own])
            assert all(game.possible[s, b] for row in found.play for s, b in enumerate(row))
            apart += best_of(game, rule, policies, "strong")[0] > best_of(game, rule, policies, "weak")[0] + 1e-9
    assert apart  # somewhere the tie rule matters


@pytest.mark.parametrize("ties", TIES)
def test_replies_to_chance_are_the_best_of_all_policies(ties: str) -> None:
    moved = 0.0
    for seed, rule in itertools.product(range(3), RULES):
        game = random_game(seed, branches=2)
        found = best_response(game, rule, ties)
        leader, own = best_of(game, rule, policies_in_time, ties)
        assert (found.leader, found.followers[0]) == pytest.approx((leader, own))
        np.testing.assert_allclose(play_values(game, rule, found.play), [leader, own])
        mixed = np.full((1, game.n_obs[0], 2), 0.5)
        expected = played(game, rule, lambda t, s: np.array([0.5, 0.5]))
        np.testing.assert_allclose(play_values(game, rule, joint_strategy(game, list(mixed))), expected)
        sure = dataclasses.replace(game, next_states=game.next_states[0], chance=None)
        moved += abs(found.followers[0] - best_response(sure, rule, ties).followers[0])
        with pytest.raises(InputError, match="memoryless replies"):
            markov_commitment(game, ties, "memoryless")
    assert moved > 0.1  # the other branch matters


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chance": None}, "without chance one state follows"),
        ({"chance": np.full((2, 3), 0.4)}, "must sum to 1"),
    ],
)
def test_tables_with_chance_that_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataclasses.replace(random_game(0, branches=2), **change)


def test_no_memoryless_policy_pays_more_than_an_exact_reply() -> None:
    short = 0
    for seed in range(10):
        game = random_game(seed, (3,), states=5, horizon=6, integers=False)
        rule = np.array([seed % 2, 1])
        exact = best_response(game, rule, "strong").followers[0]
        for policy in memoryless_policies(game):
            play = np.tile(policy[game.follower_obs[0]], (6, 1))
            assert play_values(game, rule, play)[1] <= exact + 1e-9
        short += memoryless_response(game, rule, "strong").followers[0] < exact - 1e-6
    assert short  # and somewhere all pay less


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("reply", ["exact", "memoryless"])
def test_the_best_rule_is_the_best_of_all_rules(reply: str, ties: str) -> None:
    policies = policies_in_time if reply == "exact" else tables
    for seed in range(8):
        game = random_game(seed)
        earned = [best_of(game, np.array(rule), policies, ties)[0] for rule in itertools.product(range(2), repeat=2)]
        found = markov_commitment(game, ties, reply)
        assert found.value == pytest.approx(max(earned))
        best = [k for k, value in enumerate(earned) if value >= max(earned) - 1e-9]
        assert (found.n_optimal, found.n_rules) == (len(best), 4)
        assert found.rule.tolist() == [best[0] // 2, best[0] % 2]


def test_observations_that_no_play_comes_to_are_not_enumerated() -> None:
    game = random_game(0)
    away = dataclasses.replace(game, start=np.array([1.0, 0, 0]), next_states=np.zeros_like(game.next_states))
    found = markov_commitment(away, "strong")
    assert found.n_rules == 2
    assert found.rule[1] == 0
    np.testing.assert_array_equal(away.reachable(), [True, False, False])
    assert markov_commitment(game, "strong").n_rules == 4


def test_mixed_play_is_paid_in_expectation() -> None:
    game = random_game(1, (2, 3), horizon=3, integers=False)
    rng = np.random.default_rng(0)
    mixed = [rng.dirichlet(np.ones(a), size=o) for o, a in zip(game.n_obs, game.n_actions, strict=True)]
    joint = joint_strategy(game, mixed)
    for s, (o, p) in enumerate(zip(*game.follower_obs, strict=True)):
        np.testing.assert_allclose(joint[s], np.outer(mixed[0][o], mixed[1][p]).ravel())
    rule = np.array([[0.3, 0.7], [0.6, 0.4]])
    np.testing.assert_allclose(play_values(game, rule, joint), played(game, rule, lambda t, s: joint[s]))


@pytest.mark.parametrize("ties", TIES)
def test_several_followers_are_in_equilibrium(ties: str) -> None:
    """No follower gains by any policy of its own, whatever it does when, against the others' play."""
    solved = 0
    for seed in range(12):
        game = random_game(seed, (2, 2))
        try:
            found = best_response(game, np.array([0, 1]), ties)
        except InputError as error:
            assert "without a pure equilibrium" in str(error)
            continue
        solved += 1
        np.testing.assert_allclose(play_values(game, np.array([0, 1]), found.play), [found.leader, *found.followers])
        for follower, own in itertools.product(range(2), itertools.product(range(2), repeat=6)):

            def deviating(t: int, s: int, follower: int = follower, own=own, play=found.play) -> int:
                joint = list(divmod(int(play[t, s]), 2))
                joint[follower] = own[3 * t + s]
                return 2 * joint[0] + joint[1]

            assert played(game, np.array([0, 1]), deviating)[1 + follower] <= found.followers[follower] + 1e-9
    assert 1 < solved < 12


def one_stage(leader, first, second, **others) -> MarkovGame:
    """Two followers with two actions each, once, whatever the leader does."""
    return MarkovGame(
        start=np.ones(1),
        leader_obs=np.zeros(1, int),
        follower_obs=np.zeros((2, 1), int),
        next_states=np.zeros((1, 1, 4), int),
        leader=np.reshape(leader, (1, 1, 4)).astype(float),
        followers=np.reshape([first, second], (2, 1, 1, 4)).astype(float),
        possible=np.ones((1, 4), bool),
        n_actions=(2, 2),
        n_observations=1,
        n_obs=(1, 1),
        horizon=1,
        **others,
    )


def test_equilibria_are_chosen_by_ties_and_refused_where_there_is_none() -> None:
    rule = np.zeros(1, int)
    coordination = one_stage([[5, 9], [9, 2]], [[1, 0], [0, 3]], [[1, 0], [0, 3]])
    for ties, value in (("strong", 5), ("weak", 2)):
        assert best_response(coordination, rule, ties).leader == value
        assert markov_commitment(coordination, ties).value == value
    pennies = one_stage([[1, 2], [3, 4]], [[1, 0], [0, 1]], [[0, 1], [1, 0]])
    with pytest.raises(InputError, match="a stage without a pure equilibrium"):
        best_response(pennies, rule, "strong")
    with pytest.raises(InputError, match="1 of 1 rules leave the followers a stage without a pure equilibrium"):
        markov_commitment(pennies, "weak")
    with pytest.raises(InputError, match="for one follower; got 2 followers"):
        markov_commitment(coordination, "weak", "memoryless")


@pytest.mark.parametrize("ties", TIES)
def test_interchangeable_followers_always_have_a_pure_equilibrium(ties: str) -> None:
    """Payments to users and others that depend on how many use, at random: the theorem in the module."""
    alone = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n, states = 3, 4
        use = np.indices((2,) * n).reshape(n, -1)
        users = use.sum(axis=0)
        by_count = rng.normal(size=(states, 2, 2, n + 1))  # [state, leader action, whether it uses, users]
        paid = by_count[:, :, use, users]  # [state, leader action, follower, joint]
        game = MarkovGame(
            start=np.eye(states)[0],
            leader_obs=np.arange(states),
            follower_obs=np.tile(np.arange(states), (n, 1)),
            next_states=rng.integers(0, states, (states, 2, n + 1))[:, :, users],
            leader=rng.normal(size=(states, 2, n + 1))[:, :, users],
            followers=np.moveaxis(paid, 2, 0),
            possible=np.ones((states, 2**n), bool),
            n_actions=(2,) * n,
            n_observations=states,
            n_obs=(states,) * n,
            horizon=6,
            symmetric=True,
        )
        found = markov_commitment(game, ties)
        assert np.isfinite(found.value)
        reply = best_response(game, found.rule, ties)
        assert reply.leader == pytest.approx(found.value)
        np.testing.assert_allclose(reply.followers, reply.followers[0])
        # What the leader gets, and what they get together, does not depend on who uses when.
        values = play_values(game, found.rule, reply.play)
        np.testing.assert_allclose([values[0], values[1:].sum()], [reply.leader, reply.followers.sum()])
        try:
            markov_commitment(dataclasses.replace(game, symmetric=False), ties)
        except InputError:
            alone += 1
    assert alone  # fixed roles do not always have one


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"n_obs": (3, 3)}, "shapes that fit"),
        ({"next_states": np.full((3, 2, 2), 3)}, "next states must be from 0 to 2"),
        ({"leader_obs": np.array([0, 1, 2])}, "below their number"),
        ({"leader": np.full((3, 2, 2), np.nan)}, "finite"),
        ({"start": np.array([0.5, 0.2, 0.2])}, "must sum to 1"),
        ({"possible": np.zeros((3, 2), bool)}, "possible in every state"),
        ({"horizon": 0}, "needs a step"),
        ({"discount": 1.5}, "at most 1; got 1.5"),
    ],
)
def test_tables_that_do_not_fit_are_refused(change, match: str) -> None:
    with pytest.raises(InputError, match=match):
        dataclasses.replace(random_game(0), **change)


def test_what_is_too_large_is_refused() -> None:
    states = 60
    game = dataclasses.replace(
        random_game(0, states=states),
        leader_obs=np.arange(states),
        follower_obs=np.arange(states)[None],
        n_observations=states,
        next_states=np.broadcast_to(((np.arange(states) + 1) % states)[:, None, None], (states, 2, 2)),
        horizon=states,
    )
    with pytest.raises(InputError, match=r"2\^60 rules of the leader over 60 steps are too many"):
        markov_commitment(game, "strong")
    with pytest.raises(InputError, match="policies of the follower over 60 steps are too many"):
        memoryless_response(game, np.zeros(states, int), "strong")
    with pytest.raises(InputError, match="a rule needs 60 actions; got 2"):
        best_response(game, np.zeros(2, int), "strong")
    assert np.isfinite(best_response(game, np.zeros(states, int), "strong").leader)
