"""Games in which followers act in every step, without a table of states or with one that is too large."""

import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import Copying

from firstmover import certify, design
from firstmover.certificates import certify_play
from firstmover.cli.certified import certificate as printed
from firstmover.core.plays import Strategies
from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import InputError
from firstmover.evaluators import judge_of, sampled_judge
from firstmover.followers import QLearning
from firstmover.games import IteratedMatrix, Toll
from firstmover.jobs import build
from firstmover.leaders import CommitmentGradient, Reinforce
from firstmover.solvers.iterated_matrix import table_of_histories
from firstmover.solvers.registry import state_table

FOLLOWERS, LEADER = QLearning(rounds=3), CommitmentGradient(updates=2, episodes=10)


class Untabled(IteratedMatrix):
    """The same game, of which nobody has made a table."""


@state_table.register(Untabled)
def _nobody(game: Untabled) -> MarkovGame:
    raise InputError("nobody has made a table.")


@pytest.mark.parametrize("objective", ["welfare", "revenue"])
def test_samples_agree_with_the_table(objective: str) -> None:
    rng = np.random.default_rng(0)
    for game in (IteratedMatrix("chicken", steps=5), Toll(drivers=3, levels=3, steps=4, objective=objective)):
        actions = rng.integers(game.leader_space.n, size=game.n_observations)
        tables = tuple(
            jnp.asarray(rng.dirichlet(np.ones(n_actions), size=n_obs))
            for n_obs, n_actions in zip(game.n_obs, game.n_actions, strict=True)
        )
        exact = judge_of(game).measured(actions, Strategies(tables))
        sampled, *_ = sampled_judge(game).means(actions, Strategies(tables))
        low, high = game.leader_payoff_range
        assert sampled == pytest.approx(exact, abs=0.005 * (high - low))


def test_a_game_without_a_table_is_designed_certified_and_read_back(tmp_path) -> None:
    without, game = Untabled("chicken", steps=3), IteratedMatrix("chicken", steps=3)
    sampled, exact = (design(g, followers=FOLLOWERS, leader=LEADER, seeds=2) for g in (without, game))
    assert not sampled.certificate["exact"]
    assert sampled.certificate["epsilon"]["max"] is None
    assert sampled.certificate["leader_value_bounds"] is None
    assert "nobody has made a table" in sampled.certificate["reason"]
    # The play is pure and nothing is random: every sample is the value.
    np.testing.assert_array_equal(sampled.tables, exact.tables)
    np.testing.assert_allclose(sampled.values, exact.values)
    assert sampled.certificate["value"] == pytest.approx(exact.certificate["value"])
    assert "sampled sub-episodes" in printed(sampled.certificate)[0]


class Wrong(Untabled):
    """A game that says less than it pays."""

    @property
    def leader_payoff_range(self):
        return (0.0, 1.0)

    @leader_payoff_range.setter
    def leader_payoff_range(self, _):
        pass


class WrongWithTable(Wrong):
    """The same, with a table."""


state_table.register(WrongWithTable)(table_of_histories)


def test_a_game_that_is_not_what_it_declares_is_not_valued() -> None:
    for game in (Wrong("chicken", steps=3), WrongWithTable("chicken")):
        with pytest.raises(InputError, match="correct the declared range"):
            judge_of(game).measured(np.zeros(5, int), Strategies((jnp.full((5, 2), 0.5),)))


@pytest.mark.slow
def test_a_table_that_is_too_large_is_no_hindrance(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("firstmover.solvers.toll._MAX_ENTRIES", 100)
    game = build.game_from("toll", {"steps": "2"})
    with pytest.raises(InputError):
        state_table(game)
    leader = Reinforce(updates=1, steps=30, reward_episodes=1)
    done = design(game, followers=FOLLOWERS, leader=leader, seeds=2, out=tmp_path / "run")
    assert not done.certificate["exact"]
    assert done.certificate["revenue"] is not None
    assert certify(tmp_path / "run")["value"] == done.certificate["value"]


def test_games_with_chance_and_of_users_too() -> None:
    game = Copying()
    actions = np.array([0, 1, 0, 1, 0])
    always = Strategies((jnp.tile(jnp.array([0.25, 0.75]), (5, 1)),))
    found = certify_play(game, actions, always, samples=20_000)
    assert not found.exact
    assert found.value + found.welfare == pytest.approx(game.horizon, abs=1e-6)  # every step pays one of the two
