"""Meta-learnt followers: a recurrent network that adapts to an unknown leader within a few sub-episodes.

The followers ask nothing. They play a few sub-episodes against the leader, at random, and a recurrent network of each
follower reads what it saw there, step by step: its observation, its action, its payment, and whether an episode began.
What the network makes of it is a table of logits over its own observations, which it plays from then on. The weights
are trained over random leader policies (`pretraining`) and then frozen: what is learnt of one leader is in the memory.

Sources: Duan et al., "RL^2: fast reinforcement learning via slow reinforcement learning" (2016); Gerstgrasser and
Parkes, "Oracles & Followers" (ICML 2023), section 4. Unlike RL^2, play while adapting is random, not learnt.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from firstmover.core.mlp import MLP, tanh_network
from firstmover.core.modules import Module
from firstmover.core.plays import Strategies
from firstmover.core.recurrent import GatedUnit, gated_unit
from firstmover.core.rollout import Outcome, Query
from firstmover.errors import require
from firstmover.evaluators.forms import play_noise_size, play_query, possible_actions
from firstmover.followers.trained import Logits, Networks, Trained
from firstmover.games.base import Game

_WIDTH = 64  # of the memory


class Memory(NamedTuple):
    """What was seen while adapting, sub-episode by sub-episode: [episodes, steps, followers]."""

    observations: Int[Array, "E L n"]
    actions: Int[Array, "E L n"]
    payments: Float[Array, "E L n"]
    episode: Int[Array, ""]


class Reader(Module):
    """A gated recurrent unit over steps, and a network from its memory to logits."""

    cell: GatedUnit
    head: MLP


@dataclass(frozen=True)
class Meta(Trained):
    """A recurrent network, trained once over random leader policies, adapts to a leader within a few sub-episodes.

    Attributes:
        episodes: sub-episodes in which the followers adapt, at least 1.

    Example:
        >>> from firstmover.followers import Meta
        >>> Meta(episodes=4)
        Meta()
    """

    episodes: int = 4

    name: ClassVar[str] = "meta"
    needs_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            InputError: there is no sub-episode to adapt in.
        """
        require(self.episodes >= 1, "episodes must be at least 1", self.episodes)

    @property
    def training(self) -> dict[str, int]:
        return {"updates": 150, "contexts": 32, "passes": 8}

    def untrained(self, game: Game, key: Key[Array, ""]) -> Networks:
        networks = []
        for i, (n_obs, n_actions) in enumerate(zip(game.n_obs, game.n_actions, strict=True)):
            keys = jax.random.split(jax.random.fold_in(key, i))
            cell = gated_unit(n_obs + n_actions + 2, _WIDTH, keys[0])
            networks.append(Reader(cell, tanh_network(_WIDTH, n_obs * n_actions, keys[1])))
        return tuple(networks)

    def outputs(self, game: Game, networks: Networks, state: Memory) -> Logits:
        return tuple(self._read(game, i, network, state) for i, network in enumerate(networks))

    def _read(self, game: Game, i: int, network: Reader, memory: Memory) -> Float[Array, "_observations _actions"]:
        low, high = game.follower_payoff_ranges[i]
        scale = max(high - low, 1e-9) / game.horizon
        seen = jnp.concatenate(
            [
                jax.nn.one_hot(memory.observations[..., i], game.n_obs[i]),
                jax.nn.one_hot(memory.actions[..., i], game.n_actions[i]),
                memory.payments[..., i, None] / scale,
                jnp.zeros_like(memory.payments[..., i, None]).at[:, 0].set(1.0),
            ],
            axis=-1,
        )

        def step(hidden: Array, row: Array) -> tuple[Array, None]:
            return network.cell(row, hidden), None

        hidden, _ = jax.lax.scan(step, jnp.zeros(_WIDTH), seen.reshape(-1, seen.shape[-1]))
        return network.head(hidden).reshape(game.n_obs[i], game.n_actions[i])

    def asks(self, game: Game) -> int:
        return self.episodes

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def noise_size(self, game: Game) -> int:
        return play_noise_size(game)

    def init(self, game: Game) -> Memory:
        shape = (self.episodes, game.horizon, game.n_followers)
        return Memory(jnp.zeros(shape, jnp.int32), jnp.zeros(shape, jnp.int32), jnp.zeros(shape), jnp.int32(0))

    def ask(self, game: Game, state: Memory, noise: Float[Array, "u"]) -> Query:
        """A sub-episode of random play."""
        masks = [jnp.asarray(mask, float) for mask in possible_actions(game)]
        random = Strategies(tuple(mask / mask.sum(axis=1, keepdims=True) for mask in masks))
        return play_query(game, random, noise[None])._replace(chance=state.episode[None])

    def tell(self, game: Game, state: Memory, query: Query, outcome: Outcome) -> Memory:
        assert outcome.steps is not None
        at, steps = state.episode, outcome.steps
        return Memory(
            state.observations.at[at].set(steps.follower_obs[0]),
            state.actions.at[at].set(steps.follower_actions[0]),
            state.payments.at[at].set(steps.follower_rewards[0]),
            at + 1,
        )

    def features(self, game: Game, state: Memory) -> Float[Array, "F"]:
        """How far adaptation is."""
        return (state.episode / self.episodes)[None]
