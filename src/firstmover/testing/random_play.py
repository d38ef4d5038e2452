"""Sub-episodes of a game played at random, for what a game has to keep to however it is played."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from firstmover.core.commitment import table_of
from firstmover.core.noise import inverse_cdf
from firstmover.core.plays import Play
from firstmover.core.rollout import Query, Step, answer
from firstmover.errors import InputError
from firstmover.games.base import Game, Turn

PLAYED = 64  # sub-episodes
_RULES = 4


class Anything(Play):
    """Any possible action is as likely as any other, in every step."""

    def act(
        self, memory: PyTree, turn: Turn, time: Int[Array, ""] | int, noise: Float[Array, "n"]
    ) -> tuple[Int[Array, "n"], PyTree]:
        del time
        return jax.vmap(inverse_cdf)(turn.follower_mask.astype(float), noise), memory

    def begin(self, types: Int[Array, "n"]) -> PyTree:
        del types
        return ()


@functools.lru_cache(maxsize=4)
def played(game: Game) -> list[tuple[np.ndarray, PyTree]]:
    """Types and steps (a `rollout.Step` of NumPy's arrays) of sub-episodes played at random, in 64 bit.

    They are played under a few random rules.
    """
    rng, n = np.random.default_rng(0), game.n_followers
    try:
        support, _ = game.types.profiles
    except InputError:
        support = np.array([np.asarray(game.types.sample(u)) for u in rng.random((PLAYED, n))])
    types = support[rng.permutation(np.arange(PLAYED) % len(support))].astype(np.int32)
    noise = rng.random((_RULES, PLAYED, game.horizon, n))
    drawn = rng.random((_RULES, game.n_observations, game.leader_space.sample_size))

    @jax.jit
    def play(drawn: Float[Array, "observations sample"], noise: Float[Array, "episodes horizon n"]) -> Step:
        masks = jax.vmap(game.leader_mask)(jnp.asarray(game.observations()))
        rule = jax.vmap(game.leader_space.sample)(masks, drawn)
        query = Query(jnp.asarray(types), Anything(), noise, jnp.zeros(len(types), jnp.int32))
        steps = answer(game, table_of(game, rule), query, jax.random.key(0), keep_steps=True).steps
        assert steps is not None  # they were asked for
        return steps

    with jax.enable_x64(True):
        return [(types, jax.tree.map(np.asarray, play(*numbers))) for numbers in zip(drawn, noise, strict=True)]
