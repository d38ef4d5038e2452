"""Every number of a certificate against plain play: many sub-episodes, added up by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import LISTABLE, REGISTERED, Lottery, some_rule

from firstmover.certificates import certify_play
from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.rollout import answer
from firstmover.errors import InputError
from firstmover.evaluators import choice as module
from firstmover.evaluators.forms import play_noise_size, play_query
from firstmover.games import Game

MARKOV = [name for name, game in REGISTERED.items() if game.followers_act == "every step"]
EPISODES = 20_000


def _play(game: Game, seed: int = 0) -> Strategies:
    rng = np.random.default_rng(seed)
    sizes = zip(game.n_obs, game.n_actions, strict=True)
    return Strategies(tuple(jnp.asarray(rng.dirichlet(np.ones(a), o)) for o, a in sizes))


def _mean(game: Game, rule: np.ndarray, play: Strategies) -> tuple[np.ndarray, np.ndarray]:
    """Mean payoffs, the leader's first, and five standard errors of each."""

    @jax.jit
    def paid(key):
        query = play_query(game, play, jax.random.uniform(key, (EPISODES, play_noise_size(game))))
        outcome = answer(game, table_of(game, jnp.asarray(rule)), query, jax.random.fold_in(key, 1))
        return jnp.column_stack([outcome.leader, outcome.followers])

    payoffs = np.asarray(paid(jax.random.key(0)), np.float64)
    return payoffs.mean(0), 5 * payoffs.std(0) / np.sqrt(EPISODES) + 1e-5


@pytest.mark.parametrize("name", MARKOV)
def test_value_and_welfare_of_markov_games_are_what_play_earns(name: str) -> None:
    game = REGISTERED[name]
    rule, play = some_rule(game, 11), _play(game)
    found, (mean, error) = certify_play(game, rule, play), _mean(game, rule, play)
    assert found.value == pytest.approx(mean[0], abs=error[0])
    # What is paid to nobody who plays belongs to welfare too: the tolls, if they are told.
    assert found.welfare - (found.revenue or 0.0) == pytest.approx(mean[1:].sum(), abs=error[1:].sum())
    assert abs(mean[1:].sum()) > error[1:].sum()  # it is not about zero
    if found.revenue is not None and game.objective == "the tolls paid":
        assert found.revenue == pytest.approx(mean[0], abs=error[0])


@pytest.mark.parametrize("name", MARKOV)
def test_the_bounds_of_markov_games_are_the_least_and_the_greatest(name: str) -> None:
    """They hold the value of a rule whatever best reply is played: the worst end is not above the best one."""
    game = REGISTERED[name]
    spreads = []
    for seed in range(6):
        found = certify_play(game, some_rule(game, seed), _play(game, seed))
        for low, high in found.leader_value_bounds.values():
            assert low <= high + 1e-9
            spreads.append(high - low)
    assert found.gain == pytest.approx(found.value - found.baseline.value)


@pytest.mark.parametrize("name", ["matrix-design per-follower", "sequential-price", "visits"])
def test_a_sample_tells_what_the_list_tells(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = LISTABLE[name]
    rule = some_rule(game, 5)
    tables = [table * mask for table, mask in zip(_play(game).tables, _possible(game, rule), strict=True)]
    play = Strategies(tuple(table / table.sum(1, keepdims=True) for table in tables))
    listed = certify_play(game, rule, play)

    def too_large(game):
        raise InputError("the game is too large to list")

    monkeypatch.setattr(module, "all_profiles", too_large)
    sampled = certify_play(game, rule, play, samples=EPISODES, seed=3)
    assert not sampled.exact
    spread = sum(high - low for low, high in (game.leader_payoff_range, *game.follower_payoff_ranges))
    assert sampled.value == pytest.approx(listed.value, abs=0.02 * spread)
    assert sampled.welfare == pytest.approx(listed.welfare, abs=0.02 * spread)
    assert (sampled.revenue is None) == (listed.revenue is None)
    if listed.revenue is not None:
        assert sampled.revenue == pytest.approx(listed.revenue, abs=0.02 * spread)
        assert abs(listed.revenue) > 0.05 * spread


def _possible(game: Game, rule: np.ndarray) -> tuple[np.ndarray, ...]:
    from firstmover.evaluators import induced_game

    return induced_game(game, rule).allowed


def test_the_welfare_of_a_sampled_game_is_what_the_followers_are_paid() -> None:
    found = certify_play(Lottery(), np.array([1]), Strategies((jnp.array([[1.0, 0.0], [1.0, 0.0]]),)))
    # The leader and its one follower are paid the same.
    assert found.welfare == pytest.approx(found.value, abs=1e-9)
    assert found.value == pytest.approx(0.32, abs=0.01)
