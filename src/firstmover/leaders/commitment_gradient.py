"""Commitment gradient: draw whole commitments, see what each earns, make the better ones likelier.

Within an episode the leader is frozen, so its only decisions are the entries of its commitment. An update draws
`episodes` commitments from the policy, plays one episode against each, and takes `epochs` steps on PPO's clipped
surrogate over the entries that the episode visited, each counted once: the gradient of the likelihood of the
commitment. No critic is needed, and nothing grows with the length of the response.

The advantage of an episode is its membership in the best tenth, centred: the best tenth goes up, the rest slightly
down. With discrete decisions an entropy bonus falls to zero over the first four fifths of a run; with continuous ones
the width of the Gaussian is annealed, never learnt (a learnt width collapses over the cliffs of posted prices and of
indifferent followers). In the last fifth of a run, where decisions are continuous and an episode has no noise, the rule
becomes the best draw whenever that earned more: a Gaussian keeps its centre off a cliff by about its width, and creeps
along one that lies aslant.

Source: ours; the surrogate is that of Schulman et al. 2017 (PPO), the choice of the best tenth is that of the
cross-entropy method (Rubinstein 1999).
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.adam import Adam
from firstmover.core.batching import in_parts
from firstmover.core.behaviours import Over
from firstmover.core.commitment import Commitment, draw_table, table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy, TablePolicy, check_policy, network_policy, table_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average, best_of, best_share, largest, sound
from firstmover.core.trees import OptState
from firstmover.errors import InputError, require
from firstmover.evaluators import Target
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.leaders import lazy
from firstmover.leaders.base import Evaluation, Leader, Metrics, committed
from firstmover.solvers.registry import baseline_actions

_ADAM = Adam()
_ELITE = 0.1
_CLIP = 0.2
_POLISH = 0.2  # share of a run, its last, in which the best draw is kept
# Of a Gaussian, in units of the box: a wide one finds the region that pays most at large, a narrow one climbs where it
# starts, in a region too small for the wide one to see. All end at the last width, near enough to a cliff.
_WIDE, _NARROW, _LAST = 0.3, 0.1, 0.001


class _State(NamedTuple):
    policies: Policy  # leading axis: restarts
    optimisers: OptState
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class CommitmentGradient(Leader):
    """Policy gradient on whole commitments.

    Attributes:
        updates: updates of the policy, at least 1.
        episodes: commitments drawn in an update, at least 10.
        learning_rate: Adam's, positive, on the logits of a table (times the Gaussian's width for continuous decisions;
            a thirtieth of it for networks).
        epochs: steps on the surrogate per update, at least 1.
        entropy: first weight of the entropy bonus, at least 0.
        policy: "table", "network" (64-64 tanh, on the features of any observation), or "options" (a small network that
            scores options which are like each other, such as agents to visit).
        restarts: independent copies learnt side by side within one seed; the one whose final rule earns most is kept.
            0 stands for 1 where nothing is listed, else 4 with discrete decisions and 16 with continuous ones (of which
            all but the first start from random places, and every other one narrow: the best region of mixtures or
            prices may be small). Beside several tables one more starts from the game's baseline, where that is a rule
            of the same game.
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation, which needs a listed game.
        evaluation: "greedy" commits to the likeliest action at every observation, "stochastic" to a draw.
        target: "learned" rewards the value at the response that the followers learn, "worst" a lower bound on the
            value over all coarse correlated equilibria of the agent normal form (needs a small game), "robust" the
            value under the worst prior within `radius`, "behaviours" what the models of `behaviours` leave, all of them
            in every episode.
        radius: total-variation distance within which the prior may be off, for target=robust; in [0, 1].
        at_least: what measures must be at least under the followers' play, "MEASURE=NUMBER" each (needs a game that
            can be listed); see docs/constraints.md.
        behaviours: with target=behaviours the models, between commas, each with its parameters behind colons, such as
            best-response,logit:rationality=3,exp3.
        over: "worst" designs for the worst of them (a hundredth of the weight is on the mean, which decides between
            rules that are equal in it), "mean" for the mean.

    Example:
        >>> from firstmover import design
        >>> from firstmover.games import Maintain
        >>> from firstmover.leaders import CommitmentGradient
        >>> design(Maintain(), leader=CommitmentGradient(updates=20), seeds=2)
        <Design of Maintain(): value 20 (optimum 20), best of 2 seeds>
    """

    updates: int = 100
    episodes: int = 32
    learning_rate: float = 0.1
    epochs: int = 4
    entropy: float = 0.05
    policy: Literal["table", "network", "options"] = "table"
    restarts: int = 0
    reward_episodes: int = 0
    evaluation: Evaluation = "greedy"
    target: Target = "learned"
    behaviours: str = ""
    over: Over = "worst"
    radius: float = 0.0
    at_least: tuple[str, ...] = ()

    name: ClassVar[str] = "commitment-gradient"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "entropy")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "episodes": 10, "epochs": 1, "restarts": 0, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(0 < self.learning_rate < math.inf, "learning_rate must be a positive number", self.learning_rate)
        require(0 <= self.entropy < math.inf, "entropy must be a number, not negative", self.entropy)

    def is_lazy(self, game: Game) -> bool:
        return self.policy == "options" or (self.policy == "network" and not game.observed.listed)

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        check_policy(self.policy, game)
        if self.is_lazy(game) and (self.reward_episodes < 1 or self.target != "learned" or self.at_least):
            raise InputError(
                f"a rule that is never written out ({self.policy} policy in {game.name}) is rewarded by samples: "
                "reward_episodes must be at least 1, with target=learned and without at_least."
            )
        return super().problem(game, followers)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        head, sizes = problem.game.leader_space.head(), problem.game.leader_obs_sizes
        restarts = self._n_restarts(problem)
        if not problem.listed:
            keys = jax.random.split(stream(key, Stream.PARAMETERS), restarts)
            policies, optimisers = jax.vmap(lambda key: lazy.start(self.policy, problem, key))(keys)
            return _State(policies, optimisers, jnp.int32(0), key)
        baseline = baseline_actions(problem.game)

        def one(restart: Array, key: Key[Array, ""]) -> tuple[Policy, OptState]:
            policy: Policy
            if self.policy == "network":
                policy = network_policy(problem.game.observed, head, key)
            else:
                policy = table_policy(sizes, head)
                if problem.game.leader_space.continuous:
                    start = jax.random.uniform(key, policy.outputs.shape, minval=-0.5, maxval=0.5)
                    policy = TablePolicy(jnp.where(restart == 0, 0, start), sizes)
                if baseline is not None and restarts > 1:
                    known = jax.vmap(head.around)(jnp.asarray(baseline)).astype(policy.outputs.dtype)
                    policy = TablePolicy(jnp.where(restart == restarts - 1, known, policy.outputs), sizes)
            return policy, _ADAM.init(policy)

        keys = jax.random.split(stream(key, Stream.PARAMETERS), restarts)
        policies, optimisers = jax.vmap(one)(jnp.arange(restarts), keys)
        return _State(policies, optimisers, jnp.int32(0), key)

    def _n_restarts(self, problem: StackelbergPOMDP) -> int:
        if not problem.listed:
            return self.restarts or 1
        drawn = self.restarts or problem.game.restarts or (16 if problem.game.leader_space.continuous else 4)
        known = drawn > 1 and self.policy == "table" and baseline_actions(problem.game) is not None
        return drawn + known

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step)
        progress = state.step / self.updates

        def one(
            policy: Policy, optimiser: OptState, key: Key[Array, ""], width: Array
        ) -> tuple[Policy, OptState, Metrics]:
            update = self._update if problem.listed else partial(lazy.updated, self)
            return update(problem, policy, optimiser, key, state.key, progress, width)

        restarts = self._n_restarts(problem)
        keys = jax.random.split(key, restarts)
        learn = in_parts(one, problem.parts)
        policies, optimisers, metrics = learn(state.policies, state.optimisers, keys, _widths(restarts, progress))
        merged = Metrics(
            largest(metrics.value),
            largest(metrics.best),
            average(metrics.entropy),
            metrics.env_steps.sum(),
            metrics.simulated_steps.sum(),
            largest(metrics.evaluated),
            jnp.float32(0),
        )
        return _State(policies, optimisers, state.step + 1, state.key), merged

    def _update(
        self,
        problem: StackelbergPOMDP,
        policy: Policy,
        optimiser: OptState,
        key: Key[Array, ""],
        seed_key: Key[Array, ""],
        progress: Array,
        width: Float[Array, ""],
    ) -> tuple[Policy, OptState, Metrics]:
        game = problem.game
        observations = jnp.asarray(game.observations())
        masks = jax.vmap(game.leader_mask)(observations)
        head = game.leader_space.head(width)
        old = policy.at_all(observations)

        keys = jax.random.split(key, self.episodes)
        raw = jax.vmap(lambda key: draw_table(head, old, masks, observations, key))(keys)
        # The rule as it stands is one more episode in the same batch: evaluating it costs no compiling of its own.
        rule = committed(problem, head, policy, self.evaluation, seed_key)
        actions = jnp.concatenate([jax.vmap(jax.vmap(head.action))(raw), rule[None]])
        keys = jnp.concatenate([keys, stream(seed_key, Stream.EVALUATION)[None]])
        play = in_parts(
            lambda actions, key: problem.episode(table_of(game, actions), key),
            math.ceil(problem.parts / self._n_restarts(problem)),
        )
        came = play(actions, keys)
        evaluated, drawn = came.reward[-1], jax.tree.map(lambda leaf: leaf[:-1], came)
        reward, visited = drawn.reward, drawn.visited
        entropy_weight = self.entropy * jnp.maximum(1 - progress / 0.8, 0)
        advantages = best_share(reward, _ELITE)[:, None] * visited
        statistics = jax.vmap(head.statistics, (1, 1))(raw, advantages)

        def loss(policy: Policy) -> Array:
            new = policy.at_all(observations)
            gain = jax.vmap(head.surrogate, (0, 0, 0, 0, None))(new, old, masks, statistics, _CLIP)
            bonus = jax.vmap(head.entropy)(new, masks)
            return -jnp.sum(gain / self.episodes + entropy_weight * bonus)

        rate = self.learning_rate * (head.rates if self.policy == "table" else head.rates.min() / 30)

        def epoch(carry: tuple[Policy, OptState], _: None) -> tuple[tuple[Policy, OptState], None]:
            policy, optimiser = carry
            gradient = jax.grad(loss)(policy)
            step, optimiser = _ADAM.update(gradient, optimiser)
            return (jax.tree.map(lambda p, s: p - rate * s, policy, step), optimiser), None

        (policy, optimiser), _ = jax.lax.scan(epoch, (policy, optimiser), None, length=self.epochs)
        entropy = jax.vmap(head.entropy)(old, masks).mean()
        steps = drawn.env_steps.sum(), drawn.simulated_steps.sum()
        metrics = Metrics(average(reward), largest(reward), entropy, *steps, evaluated, jnp.float32(0))
        if self._polishes(problem):
            best = best_of(reward)
            better = jnp.where(reward[best] > evaluated, actions[best], rule)
            kept = jax.vmap(head.around)(better)
            late = progress >= 1 - _POLISH
            policy = jax.tree.map(lambda now: jnp.where(late, kept.astype(now.dtype), now), policy)  # the table
        return policy, optimiser, metrics

    def _polishes(self, problem: StackelbergPOMDP) -> bool:
        """Whether the last updates keep the best draw: what it earned is what it will earn again."""
        return self.policy == "table" and problem.game.leader_space.continuous and problem.noiseless

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        head = problem.game.leader_space.head()
        return jax.vmap(lambda policy: committed(problem, head, policy, self.evaluation, state.key))(state.policies)

    def rules(self, problem: StackelbergPOMDP, state: _State) -> Commitment:
        head = problem.game.leader_space.head()
        return jax.vmap(lambda policy: lazy.rule_of(policy, head, self.evaluation, state.key))(state.policies)

    def sound(self, state: _State) -> Bool[Array, "candidates"]:
        return sound((state.policies, state.optimisers), 1)


def _widths(restarts: int, progress: Array) -> Float[Array, "restarts"]:
    """The widths of the Gaussians at this share of a run: every other copy begins narrow."""
    first = jnp.where(jnp.arange(restarts) % 2 == 0, _WIDE, _NARROW)
    return first * (_LAST / first) ** progress
