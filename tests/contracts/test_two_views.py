"""The two views of the Stackelberg POMDP agree, and lazy commitments agree with tables."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import LISTABLE, ONCE

from firstmover.commitment import Lazy, draw_table, table_of
from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    Logit,
    MultiplicativeWeights,
    QLearning,
    RegretMatching,
    SwapRegret,
)
from firstmover.policies import head_for, network_policy, outputs
from firstmover.pomdp import StackelbergPOMDP
from firstmover.step_level import StepLevel

FOLLOWERS = {
    "sampled, argmax": MultiplicativeWeights(rounds=7, epsilon=0.5, update="sampled", play="argmax"),
    "sampled, last": MultiplicativeWeights(rounds=7, epsilon=0.5, update="sampled"),
    "sampled, average": MultiplicativeWeights(rounds=5, epsilon=0.5, update="sampled", play="average"),
    "expected, last": MultiplicativeWeights(rounds=9, epsilon=0.5),
    "expected, argmax strong": MultiplicativeWeights(rounds=9, epsilon=0.5, play="argmax", ties="strong"),
    "best response": BestResponse("weak"),
    "exp3": Exp3(rounds=5),
    "fictitious play": FictitiousPlay(rounds=5, update="sampled", play="last", ties="strong"),
    "logit": Logit(rounds=5),
    "q-learning": QLearning(rounds=5, play="last"),
    "regret matching": RegretMatching(rounds=5, plus=True, certified=0.1, max_rounds=20),
    "swap regret": SwapRegret(rounds=5, update="sampled"),
}
# Every game with every kind of exchange; followers that differ only in what they make of it, with correlated types.
EVERYWHERE = {"sampled, last", "best response"}
ALIKE = {"escape", "maintain", "simple-allocation skewed", "agrawal"}  # to others that are here
CASES = [
    (game, name)
    for name, followers in FOLLOWERS.items()
    for game in (LISTABLE if followers.enumerates else ONCE)
    if (name in EVERYWHERE and game not in ALIKE) or game == "visits"
]


@pytest.mark.parametrize(("game_name", "follower_name"), CASES)
def test_step_level_and_commitment_level_agree(game_name: str, follower_name: str) -> None:
    game, followers = ONCE[game_name], FOLLOWERS[follower_name]
    problem = StackelbergPOMDP(game, followers, reward_episodes=6)
    env = StepLevel(problem)
    key = jax.random.key(3)
    head = head_for(game.leader_space)
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    # Outputs far apart, so that the observations get different actions.
    logits = jax.random.normal(jax.random.key(4), (game.n_observations, head.width))
    table = table_of(game, jax.vmap(head.action)(draw_table(head, logits, masks, observations, key)))

    def decide(carry, _):
        state, obs, total = carry
        state, obs, reward, done = env.step(state, table(obs.leader, obs.mask, key))
        return (state, obs, total + reward), (done, obs.critic, state.followers)

    @jax.jit
    def step_level():
        state, obs = env.reset(key)
        return jax.lax.scan(decide, (state, obs, jnp.float32(0)), None, length=env.max_decisions)

    (state, _, reward), (done, critic, _) = step_level()
    episode = jax.jit(problem.episode)(table, key)
    assert bool(done[-1])
    low, high = game.leader_payoff_range
    assert float(abs(reward - episode.reward)) <= 1e-5 * (high - low)
    strategy = followers.strategy(game, state.followers)
    for one, other in zip(jax.tree.leaves(strategy), jax.tree.leaves(episode.strategy), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    # As many decisions one by one as at once: that is what env_steps counts where nothing is consumed twice.
    decisions = 1 + int(np.argmax(np.asarray(done)))
    assert int(episode.simulated_steps) == decisions
    # The critic's last feature tells the phase, and turns once.
    phase = np.asarray(critic[:, -1])
    assert np.all(np.diff(phase) >= 0)
    assert set(phase.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("game_name", ONCE)
def test_lazy_commitments_draw_what_the_table_holds(game_name: str) -> None:
    game = ONCE[game_name]
    head = head_for(game.leader_space)
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    policy = network_policy(game.leader_obs_sizes, head, jax.random.key(0))

    @jax.jit
    def actions(lazy, table, key):
        drawn = jax.vmap(lambda obs, mask: lazy(obs, mask, key))(observations, masks)
        return drawn, jax.vmap(lambda obs, mask: table(obs, mask, key))(observations, masks)

    for seed in range(20):
        key = jax.random.key(seed)
        lazy = Lazy(policy, head, key)
        raw = draw_table(head, outputs(policy, observations), masks, observations, key)
        table = table_of(game, jax.vmap(head.action)(raw))
        # Equal to the bit where actions are discrete; a continuous one may differ in the last bit of a float32.
        np.testing.assert_allclose(*actions(lazy, table, key), rtol=0, atol=0 if raw.dtype == jnp.int32 else 1e-6)
    problem = StackelbergPOMDP(game, FOLLOWERS["sampled, last"], reward_episodes=6)
    one, other = (jax.jit(problem.episode)(commitment, key) for commitment in (lazy, table))
    assert float(one.reward) == pytest.approx(float(other.reward), abs=1e-6)
