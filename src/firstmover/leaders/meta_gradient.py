"""Meta-gradient: the leader climbs its payoff after its followers have learnt, through all steps of their learning.

Inside the leader is a model of its followers: naive policy gradient. Each has a table of logits, uniform at first, and
takes `inner_steps` steps, all at once, up its own expected payoff under the leader's mixed rule:

    logits_i <- logits_i + inner_rate * gradient of (payoff_i / range of payoff_i) with respect to logits_i

The leader's policy is a table of logits too, drawn from anew in every step of play. Its payoff is that against the
followers at the end of these steps; its gradient goes back through all of them. Payoffs are exact expectations
(`followers.planning`): this leader knows the game and samples nothing.

What is committed to is the mixed rule itself in a game whose leader mixes (`iterated-matrix` with commitment=mixed),
else the likeliest action at every observation. The followers of the problem, who need not be naive, meet that. `value`
is what the mixed rule earns from the model, `evaluated` what the committed one earns from the followers of the problem.
A rule that mixes may be good and its likeliest actions bad: `firstmover reproduce related-work` shows both.

Source: Balaguer, Koster, Summerfield and Tacchetti 2022, "The Good Shepherd: An Oracle Agent for Mechanism Design";
Yang et al. 2021, "Adaptive Incentive Design with Multi-Agent Meta-Gradient Reinforcement Learning".
Differs from the sources: payoffs are expectations; the leader is paid at the end of the followers' learning, where the
first sums over all of it and the second looks one step ahead.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from firstmover.core.noise import Stream, stream
from firstmover.core.plays import Strategies
from firstmover.core.policies import TablePolicy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import OptState
from firstmover.errors import InputError, require
from firstmover.evaluators.backward import expected_payoffs
from firstmover.evaluators.forms import possible_actions, table_of_play
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.heads import CategoricalHead
from firstmover.leaders.base import Evaluation, Leader, Metrics, committed


class _State(NamedTuple):
    policy: TablePolicy
    optimiser: OptState
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class MetaGradient(Leader):
    """Gradient through naive policy-gradient followers' learning; for games whose payoffs can be put in a table.

    An exact expected payoff counts as one sub-episode: an update consumes `inner_steps` + 1 of them (`env_steps`) and
    steps none. A learner that samples would need many for each.

    Attributes:
        updates: steps of the leader, at least 1.
        learning_rate: Adam's, on the leader's logits, positive.
        inner_steps: steps of the modelled followers for every step of the leader, at least 1.
        inner_rate: length of their steps, positive, in logits per payoff; payoffs are shares of a follower's range.
        spread: standard deviation of the leader's first logits, at least 0. At 0 all seeds are alike.
        reward_episodes: reward sub-episodes of an episode of the metric `evaluated`; 0 for the exact expectation.
        evaluation: "greedy" commits to the likeliest action at every observation, "stochastic" to a draw; where the
            leader mixes, both commit to the mixtures.

    Example:
        >>> from firstmover.leaders import MetaGradient
        >>> MetaGradient(updates=100, inner_steps=2)
        MetaGradient(updates=100, inner_steps=2)
    """

    updates: int = 200
    learning_rate: float = 0.1
    inner_steps: int = 20
    inner_rate: float = 10.0
    spread: float = 1.0
    reward_episodes: int = 0
    evaluation: Evaluation = "greedy"

    name: ClassVar[str] = "meta-gradient"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "inner_rate", "spread")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "inner_steps": 1, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        for field in ("learning_rate", "inner_rate"):
            require(0 < getattr(self, field) < math.inf, f"{field} must be a positive number", getattr(self, field))
        require(0 <= self.spread < math.inf, "spread must be a number, not negative", self.spread)

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves.

        Raises:
            InputError: the parts do not fit, or expected payoffs cannot be computed from a table.
        """
        try:
            table_of_play(game)
        except InputError as error:
            raise InputError(f"meta-gradient needs a table of expected payoffs: {error} Use 'reinforce'.") from None
        return super().problem(game, followers)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        game = problem.game
        shape = game.n_observations, game.leader_space.mask_size
        logits = self.spread * jax.random.normal(stream(key, Stream.PARAMETERS), shape)
        policy = TablePolicy(logits, game.leader_obs_sizes)
        return _State(policy, optax.adam(self.learning_rate).init(policy), jnp.int32(0), key)

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        game = problem.game
        masks = jax.vmap(game.leader_mask)(jnp.asarray(game.observations()))
        loss, gradient = jax.value_and_grad(lambda policy: -self.earned(game, policy.outputs))(state.policy)
        change, optimiser = optax.adam(self.learning_rate).update(gradient, state.optimiser)
        after = _State(optax.apply_updates(state.policy, change), optimiser, state.step + 1, state.key)
        metrics = Metrics(
            value=-loss,
            best=-loss,
            entropy=jax.vmap(CategoricalHead(masks.shape[1]).entropy)(state.policy.outputs, masks).mean(),
            env_steps=jnp.float32((self.inner_steps + 1) * game.max_leader_decisions),
            simulated_steps=jnp.float32(0),
            evaluated=self.evaluated(problem, after),
            critic_loss=jnp.float32(0),
        )
        return after, metrics

    def earned(self, game: Game, logits: Float[Array, "observations actions"]) -> Float[Array, ""]:
        """What a mixed rule earns from the modelled followers after their steps, in the game's units."""
        masks = jax.vmap(game.leader_mask)(jnp.asarray(game.observations()))
        leader = jax.nn.softmax(jnp.where(masks, logits, -jnp.inf))
        return expected_payoffs(table_of_play(game), leader, Strategies(self.learnt(game, leader)))[0]

    def learnt(
        self, game: Game, leader: Float[Array, "observations actions"]
    ) -> tuple[Float[Array, "_observations _actions"], ...]:
        """The modelled followers' probabilities after their steps against a mixed rule."""
        table, possible = table_of_play(game), [jnp.asarray(mask) for mask in possible_actions(game)]
        ranges = [(high - low) or 1.0 for low, high in game.follower_payoff_ranges]

        def mixed(logits: tuple[Array, ...]) -> tuple[Array, ...]:
            return tuple(jax.nn.softmax(jnp.where(m, own, -jnp.inf)) for m, own in zip(possible, logits, strict=True))

        def step(logits: tuple[Array, ...], _: None) -> tuple[tuple[Array, ...], None]:
            def slope(i: int) -> Array:
                def paid(own: Array) -> Array:
                    others = mixed((*logits[:i], own, *logits[i + 1 :]))
                    return expected_payoffs(table, leader, Strategies(others))[1 + i]

                return jax.grad(paid)(logits[i])

            return tuple(own + self.inner_rate / ranges[i] * slope(i) for i, own in enumerate(logits)), None

        start = tuple(jnp.zeros(mask.shape) for mask in possible)
        logits, _ = jax.lax.scan(step, start, None, length=self.inner_steps)
        return mixed(logits)

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        if problem.game.leader_space.continuous:
            return jax.nn.softmax(state.policy.outputs)[None]
        head = problem.game.leader_space.head()
        return committed(problem, head, state.policy, self.evaluation, state.key)[None]
