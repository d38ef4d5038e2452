"""Evolution: a population of policies, each committed to; the search distribution moves towards those that earn most.

Every individual is a policy whose greedy rule (the mode at every observation) plays one episode; its fitness is the
reward. All individuals of an update play with the same randomness, so that they are told apart by their rules alone.
The distribution is the Gaussian of separable CMA-ES, which adapts its width in every coordinate; it ranks rewards, so
that their scale does not matter. The rule that is committed to is that of the distribution's mean.

Source: Ros and Hansen 2008 (sep-CMA-ES), as implemented in evosax (Lange 2022), with its settings but the first width.
"""

import importlib.util
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key, PyTree

from firstmover.core.batching import in_parts
from firstmover.core.commitment import table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy, network_policy, table_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average, largest, ranked
from firstmover.core.trees import Tree
from firstmover.errors import InputError, require
from firstmover.leaders.base import Evaluation, Leader, Metrics, committed

_Search: TypeAlias = PyTree  # evosax's state


class _State(NamedTuple):
    policy: Policy  # the one whose greedy rule would be committed to now
    search: _Search
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class Evolution(Leader):
    """Evolution strategy on the policy's parameters (separable CMA-ES; needs the extra "evolution").

    Attributes:
        updates: generations, at least 1.
        population: policies in a generation, at least 4.
        width: standard deviation of the first generation, positive, in logits, or in units of the box.
        policy: "table" or "network" (64-64 tanh).
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation.
        evaluation: "greedy": the rule that is committed to is the mode of the mean policy at every observation;
            "stochastic": it is the rule of one individual drawn from the search distribution.
        at_least: what measures must be at least under the followers' play, "MEASURE=NUMBER" each (needs a game that
            can be listed); see docs/constraints.md.

    Example:
        >>> from firstmover.leaders import Evolution
        >>> Evolution(updates=20, population=8)
        Evolution(updates=20, population=8)
    """

    updates: int = 100
    population: int = 32
    width: float = 0.3
    policy: Literal["table", "network"] = "table"
    reward_episodes: int = 0
    evaluation: Evaluation = "greedy"
    at_least: tuple[str, ...] = ()

    name: ClassVar[str] = "evolution"
    traced: ClassVar[tuple[str, ...]] = ("width",)

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range, or evosax is not installed.
        """
        for field, least in {"updates": 1, "population": 4, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(0 < self.width < math.inf, "width must be a positive number", self.width)
        if importlib.util.find_spec("evosax") is None:
            raise InputError("the leader evolution needs evosax: pip install 'firstmover[evolution]'.")

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        game, head = problem.game, problem.game.leader_space.head()
        key_parameters = stream(key, Stream.PARAMETERS)
        table = self.policy == "table"
        policy = (
            table_policy(game.leader_obs_sizes, head) if table else network_policy(game.observed, head, key_parameters)
        )
        strategy, settings = self._strategy(policy)
        search = _strong(strategy.init(key_parameters, policy, settings))
        return _State(self._chosen(strategy, settings, search, key), search, jnp.int32(0), key)

    def _strategy(self, policy: Policy) -> tuple[Any, Any]:
        """The strategy for policies like this one, and its settings, as evosax has them."""
        from evosax.algorithms import Sep_CMA_ES

        strategy = Sep_CMA_ES(population_size=self.population, solution=policy)
        return strategy, strategy.default_params.replace(std_init=self.width)

    def _chosen(self, strategy: Any, settings: Any, search: _Search, key: Key[Array, ""]) -> Policy:
        """The policy to commit to: the mean of the search distribution, or one drawn from it."""
        if self.evaluation == "greedy":
            return strategy.get_mean(search)
        population, _ = strategy.ask(stream(key, Stream.EVALUATION), search, settings)
        return jax.tree.map(lambda leaf: leaf[0], population)

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        strategy, settings = self._strategy(state.policy)
        key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step)
        population, search = strategy.ask(stream(key, Stream.PARAMETERS), state.search, settings)

        def play(policy: Policy) -> tuple[Array, Array, Array]:
            came = problem.episode(table_of(problem.game, self._greedy(problem, policy)), key)
            return came.reward, came.env_steps, came.simulated_steps

        rewards, env_steps, simulated = in_parts(play, problem.parts)(population)
        # evosax minimises.
        losses = -ranked(rewards)
        search, _ = strategy.tell(stream(key, Stream.MINIBATCH), population, losses, search, settings)
        search = _strong(search)
        after = _State(self._chosen(strategy, settings, search, state.key), search, state.step + 1, state.key)
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

    def _greedy(self, problem: StackelbergPOMDP, policy: Policy) -> Array:
        head = problem.game.leader_space.head()
        return committed(problem, head, policy, "greedy", jax.random.key(0))

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        return self._greedy(problem, state.policy)[None]


def _strong(tree: Tree) -> Tree:
    """Arrays of the types that they have: what evosax starts from Python numbers would be of weaker ones."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), tree)
