"""Random search: draw commitments at random, play an episode against each, keep the best.

Every entry of a commitment is drawn uniformly: over the actions that the observation allows, over the box, or over the
options that it allows and then over their components. The yardstick for every learner: what it finds, no learning was
needed for.

Source: the policy enumeration of Brero et al., "Stackelberg POMDP", by sampling. Also known as: policy enumeration.
Differs from the source: draws with replacement, so that games with many rules need no list of them.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from firstmover.core.batching import in_parts
from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average, best_of, largest, ranked
from firstmover.errors import require
from firstmover.leaders.base import Evaluation, Leader, Metrics


class _State(NamedTuple):
    best: Array  # actions [n_observations, ...]
    reward: Float[Array, ""]  # of its episode
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class RandomSearch(Leader):
    """Draw commitments at random and keep the best.

    Attributes:
        updates: batches of commitments, at least 1.
        episodes: commitments in a batch, at least 1.
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation. Of rewards that are sampled
            the luckiest is kept, not the best: take enough of them.
        evaluation: "greedy": the rule that is committed to is the best one found; "stochastic": it is drawn at
            random like the others, so that the value is that of no search at all.
        at_least: what measures must be at least under the followers' play, "MEASURE=NUMBER" each (needs a game that
            can be listed); see docs/constraints.md.

    Example:
        >>> from firstmover import design
        >>> from firstmover.games import Maintain
        >>> from firstmover.leaders import RandomSearch
        >>> design(Maintain(), leader=RandomSearch(updates=5), seeds=1).value
        20.0
    """

    updates: int = 100
    episodes: int = 32
    reward_episodes: int = 0
    evaluation: Evaluation = "greedy"
    at_least: tuple[str, ...] = ()

    name: ClassVar[str] = "random-search"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "episodes": 1, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        first = random_table(problem, stream(key, Stream.PARAMETERS))
        return _State(first, jnp.float32(-jnp.inf), jnp.int32(0), key)

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        def episode(key: Key[Array, ""]) -> tuple[Array, Array, Array, Array]:
            table = random_table(problem, stream(key, Stream.COMMITMENT))
            came = problem.episode(table_of(problem.game, table), key)
            return table, came.reward, came.env_steps, came.simulated_steps

        key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step)
        tables, rewards, env_steps, simulated = in_parts(episode, problem.parts)(jax.random.split(key, self.episodes))
        top, earned = best_of(rewards), ranked(rewards)
        better = earned[top] > state.reward
        best = jnp.where(better, tables[top], state.best)
        after = _State(best, jnp.maximum(state.reward, earned[top]), state.step + 1, state.key)
        metrics = Metrics(
            value=average(rewards),
            best=largest(rewards),
            entropy=jnp.float32(0),
            env_steps=env_steps.sum(),
            simulated_steps=simulated.sum(),
            evaluated=self.evaluated(problem, after),
            critic_loss=jnp.float32(0),
        )
        return after, metrics

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        if self.evaluation == "stochastic":
            return random_table(problem, stream(state.key, Stream.EVALUATION))[None]
        return state.best[None]


def random_table(problem: StackelbergPOMDP, key: Key[Array, ""]) -> Array:
    """A commitment drawn uniformly, actions [n_observations, ...]."""
    game = problem.game
    masks = jax.vmap(game.leader_mask)(jnp.asarray(game.observations()))
    u = jax.random.uniform(key, (game.n_observations, game.leader_space.sample_size), dtype=jnp.float32)
    return jax.vmap(game.leader_space.sample)(masks, u)
