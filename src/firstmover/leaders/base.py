"""The contract of a leader: how its policy improves, from the rewards of adapted markets.

A learner is written for one seed; `init`, `update` and `tables` are vmapped over seeds by the caller. Its state is one
array pytree that holds everything: what is learnt, the optimiser, the step and the key. A checkpoint is that pytree.
"""

import abc
import inspect
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from firstmover.core.batching import in_parts
from firstmover.core.behaviours import ManyBehaviours, Over
from firstmover.core.commitment import Commitment, draw_table, table_of
from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import largest, sound
from firstmover.core.trees import LeaderState
from firstmover.errors import InputError
from firstmover.evaluators import Target
from firstmover.evaluators.aims import constraints
from firstmover.followers.base import Follower
from firstmover.followers.named import named_followers
from firstmover.games.base import Game
from firstmover.heads import Head
from firstmover.wording import constructed

Evaluation = Literal["greedy", "stochastic"]


class Metrics(NamedTuple):
    """What is recorded of every update of every seed, float32 scalars.

    Attributes:
        value: mean reward of the episodes of this update, drawn from the exploring policy, in the game's units (of
            the best restart, where a learner has several).
        best: the largest reward of an episode.
        entropy: mean entropy of the policy over observations, in nats; 0 where the policy is deterministic.
        env_steps: leader decisions whose payoff was consumed (see `Episode`).
        simulated_steps: leader decisions that were stepped.
        evaluated: reward of one more episode, with the rule as it would be committed to before or after this update
            (see `Leader.evaluated`), in the game's units; its steps are not counted.
        critic_loss: mean squared error of the critic over the update's minibatches, in squared units of the leader's
            payoff range; 0 where there is no critic.
    """

    value: Float[Array, ""]
    best: Float[Array, ""]
    entropy: Float[Array, ""]
    env_steps: Float[Array, ""]
    simulated_steps: Float[Array, ""]
    evaluated: Float[Array, ""]
    critic_loss: Float[Array, ""]


class Leader(abc.ABC):
    """A learner; subclasses are frozen dataclasses of their parameters.

    Attributes:
        name: the registered name.
        traced: parameters that a compiled update takes as arguments (see `core.traced`).
        updates: number of updates in a run.
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation.
        evaluation: how the rule to commit to is made of what was learnt.
        target: what an episode is rewarded for, see `StackelbergPOMDP`.
        behaviours: models of the followers, for `target` "behaviours".
        over: the worst of them or the mean.
        radius: of the priors that `target="robust"` is about.
        at_least: measures that must not fall short, "MEASURE=NUMBER" each (see `evaluators.aims`).

    Example:
        >>> from firstmover.leaders import CommitmentGradient, Leader
        >>> isinstance(CommitmentGradient(), Leader), CommitmentGradient().updates
        (True, 100)
    """

    name: ClassVar[str]
    traced: ClassVar[tuple[str, ...]] = ()
    updates: int
    reward_episodes: int
    evaluation: Evaluation = "greedy"
    target: Target = "learned"
    behaviours: str = ""
    over: Over = "worst"
    radius: float = 0.0
    at_least: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.__repr__ = Leader.__repr__  # type: ignore[method-assign]  # a dataclass would list all of its fields

    def __repr__(self) -> str:
        return constructed(type(self), {name: getattr(self, name) for name in inspect.signature(type(self)).parameters})

    def problem(self, game: Game, followers: Follower) -> StackelbergPOMDP:
        """The problem that this learner solves: in the game's standard units, so that those of its payoffs are nothing.

        Raises:
            InputError: the parts do not fit (see `StackelbergPOMDP`).
        """
        least = constraints((*game.at_least, *self.at_least))
        if self.target == "behaviours":
            if least:
                raise InputError("a design for several behaviours is not held to measures; leave out at_least.")
            models = named_followers(self.behaviours)
            asked = game.standardised, followers, self.reward_episodes, self.target
            return ManyBehaviours(*asked, behaviours=models, over=self.over)
        if self.behaviours:
            raise InputError("behaviours are for target=behaviours; add -l target=behaviours.")
        listed = not self.is_lazy(game)
        return StackelbergPOMDP(
            game.standardised,
            followers,
            self.reward_episodes,
            self.target,
            radius=self.radius,
            least=least,
            listed=listed,
        )

    def is_lazy(self, game: Game) -> bool:
        """Whether its rules of this game are never written out as tables (see `rules`)."""
        del game
        return False

    def rules(self, problem: StackelbergPOMDP, state: LeaderState) -> Commitment:
        """As `tables` for rules that are never written out: commitments, with a leading axis of candidates."""
        raise TypeError(f"{self.name} has its rules as tables.")

    @abc.abstractmethod
    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> LeaderState:
        """State before the first update."""

    @abc.abstractmethod
    def update(self, problem: StackelbergPOMDP, state: LeaderState) -> tuple[LeaderState, Metrics]:
        """One update."""

    @abc.abstractmethod
    def tables(self, problem: StackelbergPOMDP, state: LeaderState) -> Array:
        """The rules learnt so far as they would be committed to: actions [candidates, n_observations, ...].

        Learners with restarts have several candidates; the caller keeps the one that earns most.
        """

    def sound(self, state: LeaderState) -> Bool[Array, "candidates"]:
        """Which of the candidates have learnt numbers only; one that has learnt a NaN is not to be committed to."""
        return sound(state)[None]

    def evaluated(self, problem: StackelbergPOMDP, state: LeaderState) -> Float[Array, ""]:
        """What the best of the rules learnt so far earns in one episode, in the game's units.

        Every update of a seed is evaluated in the same episode: the key is that of the seed's evaluation stream.
        """
        key = stream(state.key, Stream.EVALUATION)
        play = in_parts(lambda actions: problem.episode(table_of(problem.game, actions), key).reward, problem.parts)
        return largest(play(self.tables(problem, state)))


def committed(
    problem: StackelbergPOMDP, head: Head, policy: Policy, evaluation: Evaluation, key: Key[Array, ""]
) -> Array:
    """The rule that a policy commits to, actions [n_observations, ...].

    The policy's mode at every observation (greedy), or one draw from it, made with the evaluation stream of the
    seed's key (stochastic).
    """
    game = problem.game
    observations = jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    shown = policy.at_all(observations)
    if evaluation == "greedy":
        raw = jax.vmap(head.mode)(shown, masks)
    else:
        raw = draw_table(head, shown, masks, observations, stream(key, Stream.EVALUATION))
    return jax.vmap(head.action)(raw)
