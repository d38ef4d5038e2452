"""The tables of states agree with sub-episodes of the same game, and games without one say so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import ONCE, REGISTERED

from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.rollout import rollout
from firstmover.equilibria import play_values
from firstmover.equilibria.markov import joint_strategy
from firstmover.errors import InputError
from firstmover.games import Game, Patrol, Toll
from firstmover.solvers.registry import state_table

GAMES = {name: game for name, game in REGISTERED.items() if game.followers_act == "every step"}
GAMES = {name: game for name, game in GAMES.items() if not game.has_chance}  # of one play; see test_bullet_trade.py
GAMES |= {"patrol default": Patrol(), "toll default": Toll()}


def _strategies(game: Game, rng: np.random.Generator) -> list[np.ndarray]:
    """A possible action for every observation of every follower, as probabilities."""
    table, tables = state_table(game), []
    for i, (n_obs, n_actions) in enumerate(zip(game.n_obs, game.n_actions, strict=True)):
        own = table.possible.reshape(-1, *game.n_actions).any(
            axis=tuple(1 + j for j in range(game.n_followers) if j != i)
        )
        allowed = np.ones((n_obs, n_actions), bool)
        np.logical_and.at(allowed, table.follower_obs[i], own)
        tables.append(np.eye(n_actions)[[rng.choice(np.flatnonzero(row)) if row.any() else 0 for row in allowed]])
    return tables


@pytest.mark.parametrize("name", GAMES)
def test_tables_pay_what_sub_episodes_pay(name: str) -> None:
    game = GAMES[name]
    table, rng = state_table(game), np.random.default_rng(0)
    key, types = jax.random.key(0), jnp.zeros(game.n_followers, jnp.int32)
    play = jax.jit(lambda rule, tables: rollout(game, table_of(game, rule), Strategies(tables), None, types, key))
    paid = set()
    for _ in range(6):
        rule, tables = rng.integers(0, game.leader_space.n, game.n_observations), _strategies(game, rng)
        steps = play(jnp.asarray(rule), tuple(jnp.asarray(t, jnp.float32) for t in tables))
        values = play_values(table, rule, joint_strategy(table, tables))
        np.testing.assert_allclose(float(steps.leader_reward.sum()), values[0], atol=1e-4)
        np.testing.assert_allclose(np.asarray(steps.follower_rewards).sum(0), values[1:], atol=1e-4)
        paid.add(round(float(values[0]), 6))
    assert len(paid) > 1


@pytest.mark.parametrize("game", [Patrol(), Toll()], ids=lambda game: game.name)
def test_the_defaults_are_not_trivial(game: Game) -> None:
    table = state_table(game)
    assert table.reachable().sum() >= 20
    varied = np.unique(table.leader_obs[table.reachable()])
    assert table.next_states.shape[1] ** len(varied) >= 1_000


@pytest.mark.parametrize("name", ONCE)
def test_other_games_have_no_table(name: str) -> None:
    with pytest.raises(InputError, match="has no table of states"):
        state_table(ONCE[name])
