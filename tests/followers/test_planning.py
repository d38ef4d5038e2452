"""Exact replies in every-step games, against enumeration in plain Python and against the exact solvers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tabled import Tabled
from tiny_games import REGISTERED, Copying

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import rollout
from firstmover.equilibria.markov import MarkovGame
from firstmover.equilibria.markov_replies import best_response, memoryless_response
from firstmover.errors import InputError
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.followers.planning import timed
from firstmover.games import IteratedMatrix, Rewards, Toll
from firstmover.solvers.enumeration import stepped_table
from firstmover.solvers.registry import state_table

pytestmark = pytest.mark.slow  # learning; `tests/contracts` and `tests/equilibria` hold the fast versions

KEY = jax.random.key(0)


class Listed(Copying):
    """`Copying` with a table of its states, in which it also matters to both what was played last."""

    def step(self, state, action, follower_actions, key):
        following, rewards = super().step(state, action, follower_actions, key)
        return following, Rewards(rewards.leader + (state.left == 1), rewards.followers + 1.5 * (state.left == 3))


@state_table.register(Listed)
def _table(game: Listed) -> MarkovGame:
    states = jax.vmap(lambda left: game.reset(jnp.zeros(1, jnp.int32), KEY)._replace(left=left))(jnp.arange(5))
    return stepped_table(game, states, lambda state: state.left)


GAMES = {
    "discounted": IteratedMatrix(
        leader_payoffs=[[1, 0], [0, 2]], follower_payoffs=[[1, 1], [3, 0]], steps=3, discount=0.5
    ),
    "copying": Listed(),
    **{name: REGISTERED[name] for name in ("iterated-matrix", "iterated-matrix 2x3", "patrol")},
}


def rules(game, limit: int = 32) -> np.ndarray:
    """All rules of the leader, or some drawn at random where there are more."""
    n, size = game.leader_space.n, game.n_observations
    if n**size <= limit:
        return np.array(list(itertools.product(range(n), repeat=size)))
    return np.random.default_rng(1).integers(0, n, (limit, size))


def earned(game, followers, tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the leader and the followers earn under each rule, as the game itself pays them."""
    problem = StackelbergPOMDP(game, followers, 0)

    def one(actions):
        table = table_of(game, actions)
        came = problem.episode(table, KEY)
        steps = rollout(game, table, came.strategy, None, jnp.zeros(game.n_followers, jnp.int32), KEY)
        return came.reward, steps.follower_rewards.sum(0)

    return jax.tree.map(np.asarray, jax.jit(jax.vmap(one))(jnp.asarray(tables)))


def _plays(game: MarkovGame, rule, state: int, time: int = 0):
    """The totals (leader, follower) of everything that a single follower can do from here."""
    if time == game.horizon:
        yield 0.0, 0.0
        return
    action = rule[game.leader_obs[state]]
    for own in np.flatnonzero(game.possible[state]):
        at, weight = (state, action, own), game.discount**time
        for leader, follower in _plays(game, rule, int(game.next_states[at]), time + 1):
            yield weight * game.leader[at] + leader, weight * game.followers[0][at] + follower


def _policy_plays(game: MarkovGame, rule, state: int):
    """The totals (leader, follower) of every table of one action per observation."""
    for policy in itertools.product(range(game.n_actions[0]), repeat=game.n_obs[0]):
        total, here = np.zeros(2), state
        for time in range(game.horizon):
            at = here, rule[game.leader_obs[here]], policy[game.follower_obs[0, here]]
            total += game.discount**time * game.rewards[:, *at]
            here = int(game.next_states[at])
        yield tuple(total)


def _best(plays, ties: str) -> tuple[float, float]:
    plays = list(plays)
    most = max(follower for _, follower in plays)
    leaders = [leader for leader, follower in plays if follower >= most - 1e-9]
    return (max if ties == "strong" else min)(leaders), most


@pytest.mark.parametrize("ties", ["strong", "weak"])
@pytest.mark.parametrize("name", GAMES)
def test_one_follower_does_what_enumeration_finds_best(name: str, ties: str) -> None:
    game, tables = GAMES[name], rules(GAMES[name])
    leader, follower = earned(game, BestResponse(ties), tables)
    markov = state_table(game)
    start = int(markov.start.argmax())
    expected = np.array([_best(_plays(markov, rule, start), ties) for rule in tables])
    np.testing.assert_allclose(np.stack([leader, follower[:, 0]], 1), expected, atol=1e-5)
    assert len(np.unique(expected, axis=0)) > 1


@pytest.mark.parametrize("ties", ["strong", "weak"])
@pytest.mark.parametrize("name", ["copying", "iterated-matrix", "discounted"])
def test_a_follower_without_memory_plays_its_best_table(name: str, ties: str) -> None:
    game, tables = GAMES[name], rules(GAMES[name])
    leader, follower = earned(game, BestResponse(ties, "memoryless"), tables)
    markov = state_table(game)
    start = int(markov.start.argmax())
    expected = np.array([_best(_policy_plays(markov, rule, start), ties) for rule in tables])
    np.testing.assert_allclose(np.stack([leader, follower[:, 0]], 1), expected, atol=1e-5)
    _, planned = earned(game, BestResponse(ties), tables)
    assert (planned >= follower - 1e-5).all()


def test_a_follower_without_memory_plays_the_same_in_64_bit() -> None:
    # As in the final response of a design.
    game, tables = GAMES["discounted"], rules(GAMES["discounted"])
    with jax.enable_x64(True):
        leader, _ = earned(game, BestResponse(policies="memoryless"), tables)
    expected = [memoryless_response(state_table(game), rule, "strong").leader for rule in tables]
    np.testing.assert_allclose(leader, expected, atol=1e-12)


def test_who_counts_the_steps_gains_by_it() -> None:
    # Against "copy what the follower did", cooperation pays until the last step, in which nothing follows.
    game, copy = IteratedMatrix("prisoners_dilemma", steps=4), np.array([[0, 0, 1, 0, 1]])
    _, planned = earned(game, BestResponse(), copy)
    _, table = earned(game, BestResponse(policies="memoryless"), copy)
    assert (planned[0, 0], table[0, 0]) == (3 * 0.5 + 1.5, 4 * 0.5)


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_several_followers_play_the_equilibria_of_the_exact_solver(ties: str) -> None:
    compared = 0
    for game in (Toll(drivers=2, levels=3, tolls=(0.0, 1.5), steps=3), *map(Tabled, range(4))):
        tables = rules(game)
        leader, followers = earned(game, BestResponse(ties), tables)
        for rule, own, others in zip(tables, leader, followers, strict=True):
            try:
                reply = best_response(state_table(game), rule, ties)
            except InputError:  # a stage without a pure equilibrium
                continue
            compared += isinstance(game, Tabled)
            assert own == pytest.approx(reply.leader, abs=1e-5)
            if state_table(game).symmetric:  # the solver draws roles anew in every step, which leaves the sum as it is
                others, expected = others.sum(), reply.followers.sum()
            else:
                expected = reply.followers
            np.testing.assert_allclose(others, expected, atol=1e-5)
    assert compared >= 8


def test_a_stage_without_a_pure_equilibrium_is_played_with_the_least_regret() -> None:
    # Matching pennies with one stake that is smaller: the first follower regrets least to lose that one.
    paid = np.zeros((3, 4, 2, 2, 3))
    paid[1, 0, :, :, :2] = [[1, -0.25], [-1, 1]]
    paid[2, 0, :, :, :2] = [[-1, 0.5], [1, -1]]
    paid[1:, 0, :, :, 2] = -10  # nobody wants the last action
    game = Tabled(0, payoffs=paid.reshape(3, 4, 2, 6), horizon=1)
    one, other = (table[0] for table in timed(game, jnp.zeros(2, int), "strong").tables)
    assert (int(one[0].argmax()), int(other[3].argmax())) == (0, 1)  # that is where they are, as each observes it


def test_what_is_asked_and_played_is_counted() -> None:
    game = IteratedMatrix("chicken", steps=4)
    for policies in ("timed", "memoryless"):
        came = StackelbergPOMDP(game, BestResponse(policies=policies), 0).episode(
            table_of(game, jnp.zeros(5, int)), KEY
        )
        assert int(came.env_steps) == int(came.simulated_steps) == 5 + 4
        assert bool(came.visited.all())


def test_both_precisions_and_nested_batches_agree() -> None:
    game, tables = GAMES["iterated-matrix 2x3"], jnp.asarray(rules(GAMES["iterated-matrix 2x3"], 6))
    problem = StackelbergPOMDP(game, BestResponse("weak"), 0)

    def strategy(actions):
        return problem.episode(table_of(game, actions), KEY).strategy.tables[0]

    nested = jax.jit(jax.vmap(jax.vmap(strategy)))(tables.reshape(2, 3, -1))
    with jax.enable_x64(True):
        doubled = jax.jit(jax.vmap(strategy))(tables)
    assert doubled.dtype == jnp.float64
    np.testing.assert_array_equal(nested.reshape(doubled.shape), doubled)


@pytest.mark.parametrize(
    ("game", "followers", "message"),
    [
        (Copying(), BestResponse(), "tiny has no table of states. 'q-learning' and 'policy-gradient' do without."),
        (Tabled(0, np.zeros((2, 4), int)), BestResponse(), "see too little. Use 'q-learning'"),
        (Tabled(0), BestResponse(policies="memoryless"), "for one follower; got 2 followers"),
        (GAMES["iterated-matrix 2x3"], BestResponse(policies="memoryless"), "tables .* tried; got 3.28e"),
        (Copying(), MultiplicativeWeights(), "'policy-gradient', 'contextual' and 'meta' can act in every step"),
    ],
)
def test_games_that_do_not_fit_are_refused(game, followers, message: str) -> None:
    with pytest.raises(InputError, match=message):
        StackelbergPOMDP(game, followers, 1)
