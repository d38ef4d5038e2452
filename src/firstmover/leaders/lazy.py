"""Commitment gradient where nothing is listed: draws are made when an observation is met, and learnt from where it was.

An update draws `episodes` commitments lazily (`core.commitment.Lazy`), plays one episode against each, and takes
`epochs` steps on PPO's clipped surrogate over the decisions of its reward sub-episodes, each on a part of them. All
episodes of an update share the types, the noise of their followers and the chance, so that they differ in the
commitment only.

A decision has two effects, and both are credited. What it does through the followers' response to the whole commitment
is in the mean payoff of the episode: whether that is among the best. What it does in the sub-episode where it is taken
is in the payoffs from it on, less their mean over the episodes at the same step of the same sub-episode, where the same
types met. Their sum leans to the second (which the first includes, with the noise of all other sub-episodes): at equal
weight it tells what to do with messages long before the first would, at four times the weight it plays on what messages
meant in the last update, and meanings run away from it.

Where a table counts every entry that an episode has visited once, here every visit counts: observations weigh as often
as they come up. What was drawn at one is not kept, it is drawn again from its address.

Episodes are played as many at a time as the compiled program has memory for (`jobs.memory`).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.custom_batching import sequential_vmap
from jaxtyping import Array, Bool, Float, Key

from firstmover.core.adam import Adam
from firstmover.core.batching import in_parts
from firstmover.core.commitment import Commitment, Greedy, Lazy, episode_noise
from firstmover.core.noise import Stream, stream
from firstmover.core.policies import Policy, network_policy, option_policy
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import average, best_share, largest
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.core.trees import OptState
from firstmover.evaluators import View
from firstmover.evaluators.sampled import Sampled
from firstmover.games.base import Game
from firstmover.heads import Head, clipped_gain, likelihood_ratio
from firstmover.leaders.base import Evaluation, Metrics

if TYPE_CHECKING:
    from firstmover.leaders.commitment_gradient import CommitmentGradient

_ELITE = 0.125
_CLIP = 0.2
_PARTS = 4  # of the sub-episodes of an update, of which an epoch takes one
_ROWS = 2**20  # (observation, option) pairs that an epoch holds gradients of
_ADAM = Adam()
_Updated: TypeAlias = tuple[Policy, OptState, Metrics]


class Met(NamedTuple):
    """What came of an episode against one lazily drawn commitment.

    Attributes:
        reward: the leader's mean payoff in the reward sub-episodes.
        observations: what the leader saw in them, [rows, ...].
        acted: whether it decided then.
        from_then_on: its payoffs from that step to the end of the sub-episode.
        decisions: of the leader, in the whole episode.
    """

    reward: Float[Array, ""]
    observations: Array
    acted: Bool[Array, "rows"]
    from_then_on: Float[Array, "rows"]
    decisions: Float[Array, ""]


def played(problem: StackelbergPOMDP, commitment: Commitment, key: Key[Array, ""]) -> Met:
    """One episode, as `StackelbergPOMDP.episode` with sampled rewards, and the decisions of its reward phase."""
    game, followers = problem.game, problem.followers
    view = View(game, commitment, key)
    response = followers.respond(view, problem.response_noise(key))
    play = followers.strategy(game, response.state)
    sampled = Sampled(game, problem.reward_episodes)
    query = sampled.query(play, sampled.noise(key), followers.position(game, response.state))
    outcome = view.outcome(query, followers.asks(game), keep_steps=True)
    steps = outcome.steps
    assert steps is not None
    seen = steps.leader_obs.reshape(-1, *steps.leader_obs.shape[2:])
    acted = steps.leader_acts.ravel()
    from_then_on = jax.lax.cumsum(steps.leader_reward, axis=1, reverse=True).ravel()
    return Met(outcome.leader.mean(), seen, acted, from_then_on, response.env_steps + acted.sum())


def start(kind: str, problem: StackelbergPOMDP, key: Key[Array, ""]) -> tuple[Policy, OptState]:
    """A policy of this kind and its optimiser."""
    game, head = problem.game, problem.game.leader_space.head()
    policy = option_policy(game, head, key) if kind == "options" else network_policy(game.observed, head, key)
    return policy, _ADAM.init(policy)


def updated(
    learner: "CommitmentGradient",
    problem: StackelbergPOMDP,
    policy: Policy,
    optimiser: OptState,
    key: Key[Array, ""],
    seed_key: Key[Array, ""],
    progress: Float[Array, ""],
    width: Float[Array, ""],
) -> _Updated:
    """One update of one policy; seeds and restarts are worked off one by one, so that matrix products are large."""

    # Traced numbers are arguments too: what a custom rule of vmap closes over must be constant.
    @sequential_vmap
    def one(
        policy: Policy,
        optimiser: OptState,
        numbers: tuple[Numbers, Numbers],
        seeds: tuple[Array, Array],
        at: tuple[Array, Array],
    ) -> _Updated:
        own, of_seed = jax.random.wrap_key_data(seeds[0]), jax.random.wrap_key_data(seeds[1])
        leader, followers = with_numbers(learner, numbers[0]), with_numbers(problem.followers, numbers[1])
        return _updated(leader, replace(problem, followers=followers), policy, optimiser, own, of_seed, *at)

    numbers = jax.tree.map(jnp.asarray, (numbers_of(learner), numbers_of(problem.followers)))
    seeds = jax.random.key_data(key), jax.random.key_data(seed_key)
    result: _Updated = one(policy, optimiser, numbers, seeds, (progress, width))
    return result


def _updated(
    learner: "CommitmentGradient",
    problem: StackelbergPOMDP,
    policy: Policy,
    optimiser: OptState,
    key: Key[Array, ""],
    seed_key: Key[Array, ""],
    progress: Float[Array, ""],
    width: Float[Array, ""],
) -> _Updated:
    game, head = problem.game, problem.game.leader_space.head(width)
    common = jax.random.fold_in(key, learner.episodes)
    keys = jax.random.split(key, learner.episodes)
    # The rule as it stands is one more episode in the same batch.
    keys = jnp.concatenate([keys, stream(seed_key, Stream.EVALUATION)[None]])
    as_it_stands = jnp.arange(learner.episodes + 1) == learner.episodes
    greedy = as_it_stands & (learner.evaluation == "greedy")
    play = in_parts(lambda own, greedy: played(problem, Lazy(policy, head, own, greedy), common), problem.parts)
    met = play(keys, greedy)
    evaluated, drawn = met.reward[-1], jax.tree.map(lambda leaf: leaf[:-1], met)

    advantages = best_share(drawn.reward, _ELITE)[:, None] + direct_credits(drawn.from_then_on, drawn.acted)
    entropy_weight = learner.entropy * jnp.maximum(1 - progress / 0.8, 0)
    rate = learner.learning_rate * head.rates.min() / 30
    old_policy, part = policy, _part(game, drawn.observations.shape, learner.reward_episodes)
    parts = drawn.observations.shape[1] // part

    def epoch(carry: tuple[Policy, OptState], k: Array) -> tuple[tuple[Policy, OptState], Array]:
        """A step on one part of the sub-episodes of every episode, part after part."""
        policy, optimiser = carry
        observations = jax.lax.dynamic_slice_in_dim(drawn.observations, k % parts * part, part, axis=1)
        acted = jax.lax.dynamic_slice_in_dim(drawn.acted, k % parts * part, part, axis=1).ravel()
        gains = jax.lax.dynamic_slice_in_dim(advantages, k % parts * part, part, axis=1).reshape(-1, 1)
        noise = jax.vmap(jax.vmap(lambda own, obs: episode_noise(head, own, obs), (None, 0)))(keys[:-1], observations)
        observations = observations.reshape(-1, *observations.shape[2:])
        weights = acted / jnp.maximum(acted.sum(), 1)
        masks = jax.vmap(game.leader_mask)(observations)
        old = jax.vmap(old_policy)(observations)
        raw = jax.vmap(head.draw)(old, masks, noise.reshape(len(observations), -1))
        old_log_p = jax.vmap(head.log_probabilities)(old, masks, raw)

        def loss(policy: Policy) -> tuple[Array, Array]:
            new = jax.vmap(policy)(observations)
            ratio = likelihood_ratio(jax.vmap(head.log_probabilities)(new, masks, raw), old_log_p)
            gain = clipped_gain(ratio, gains, _CLIP).sum(axis=1)
            entropy = jax.vmap(head.entropy)(new, masks)
            return -jnp.sum(weights * (gain + entropy_weight * entropy)), jnp.sum(weights * entropy)

        gradient, entropy = jax.grad(loss, has_aux=True)(policy)
        step, optimiser = _ADAM.update(gradient, optimiser)
        return (jax.tree.map(lambda p, s: p - rate * s, policy, step), optimiser), entropy

    (policy, optimiser), entropies = jax.lax.scan(epoch, (policy, optimiser), jnp.arange(learner.epochs))
    steps = drawn.decisions.sum()
    metrics = Metrics(
        average(drawn.reward), largest(drawn.reward), entropies[0], steps, steps, evaluated, jnp.float32(0)
    )
    return policy, optimiser, metrics


def direct_credits(
    paid: Float[Array, "episodes rows"], acted: Bool[Array, "episodes rows"]
) -> Float[Array, "episodes rows"]:
    """By how much the payoffs from every decision on exceed their mean over episodes, in standard deviations.

    What is not finite gives no credit.
    """
    above = paid - average(paid, axis=0)
    above = jnp.where(acted & jnp.isfinite(above), above, 0)
    return above / (jnp.sqrt(jnp.sum(above**2) / jnp.maximum(acted.sum(), 1)) + 1e-8)


def _part(game: Game, shape: tuple[int, ...], sub_episodes: int) -> int:
    """Steps of each episode that an epoch learns from: of a quarter of its sub-episodes, or fewer where memory ends."""
    episodes, steps = shape[:2]
    length = steps // sub_episodes
    fitting = _ROWS // (episodes * length * game.leader_space.mask_size)
    return max(1, min(-(-sub_episodes // _PARTS), fitting)) * length


def rule_of(policy: Policy, head: Head, evaluation: Evaluation, key: Key[Array, ""]) -> Commitment:
    """The rule that a policy commits to: its likeliest action at every observation, or one draw of everything."""
    if evaluation == "greedy":
        return Greedy(policy, head)
    return Lazy(policy, head, stream(key, Stream.EVALUATION))
