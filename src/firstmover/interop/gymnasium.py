"""The Stackelberg POMDP as Gymnasium environments: a leader's decisions for learners of other libraries.

An episode is a response of the followers, then reward sub-episodes; every decision of the leader is a step. What is
paid falls in the reward phase, in the game's units, and sums to the leader's mean payoff in it.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.step_level import StepLevel
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.interop.decisions import Decisions, Episode, Paid
from firstmover.jobs import build
from firstmover.rules.rule import Rule

try:
    import gymnasium
    from gymnasium.envs.registration import EnvSpec
    from gymnasium.utils import seeding
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space

    from firstmover.interop.gymnasium_spaces import Layout, Observation, Policy
except ModuleNotFoundError:
    raise InputError("firstmover.interop.gymnasium needs gymnasium: pip install 'firstmover[interop]'.") from None

_SEEDS = 2**32


class _Problem:
    """What one environment and many have in common.

    Attributes:
        game: what is played, as it was given.
        followers: how they respond.
        problem: what is stepped: the game in standardised units.
        layout: its decisions and observations in Gymnasium's spaces.
    """

    def __init__(self, game: Game, followers: Follower | str | None, reward_episodes: int, action_map: bool):
        if reward_episodes < 1:
            raise InputError(f"reward_episodes must be at least 1; got {reward_episodes}.")
        named = game.usual_followers if followers is None else followers
        self.game = game
        self.followers: Follower = build.item_from("followers", named, {}) if isinstance(named, str) else named
        self.layout = Layout.of(game)
        self.problem = StackelbergPOMDP(game.standardised, self.followers, reward_episodes)
        self.decisions = Decisions(StepLevel(self.problem), action_map)

    def rewards(self, paid: Paid) -> np.ndarray | np.floating:
        """What was paid, float64, in the game's units."""
        units = self.problem.game.payoff_units
        reward = np.asarray(paid.reward, np.float64)
        if units is not None:
            # Payoffs start elsewhere in the game than in its copy: a constant for every sub-episode that is over.
            reward = reward * units.scales[0] + units.offsets[0] * np.asarray(paid.over)
        return reward / self.problem.reward_episodes

    def info(self, episode: Episode) -> dict[str, Any]:
        """What is said beside an observation."""
        obs = jax.tree.map(np.asarray, episode.obs)  # operations of JAX one by one would cost as much as the step
        return {
            "action_mask": self.layout.mask(obs.mask).astype(np.int8),
            "critic": obs.critic[..., :-1].copy(),
            "phase": (obs.critic[..., -1] > 0).astype(np.int64),
        }

    def rule(self, policy: Policy | object) -> Rule:
        """The rule of a policy.

        Args:
            policy: a function of an observation and its mask that returns an action; or the actions at all
                observations, in the order of `Game.observations`, as the batched action space has them.

        Raises:
            InputError: an action is not in the space, or there is not one for each observation.
        """
        observations = self.game.observations()
        if callable(policy):
            masks = self.layout.mask(jax.vmap(self.game.leader_mask)(jnp.asarray(observations)))
            each = [
                self.layout.decided(policy(self.layout.observation(seen), mask))
                for seen, mask in zip(observations, masks, strict=True)
            ]
            decided = jax.tree.map(lambda *rows: jnp.stack(rows), *each)
        else:
            decided = self.layout.decided(policy, (len(observations),))
        return Rule(self.game, self.game.own_actions(np.asarray(self.decisions.actions(decided))))


class StackelbergEnv(gymnasium.Env[Observation, Any]):
    """A problem decision by decision.

    `info` has the `action_mask` (int8, the masks of all whole numbers of an action one after the other), what a
    centralised critic may see (`critic`), the `phase` (1 in the reward phase, before it 0) and after a step the
    `action` that was taken: the next possible one in place of one that the mask forbids, and with the
    observation-action map the first one of the episode at an observation.

    Attributes:
        game: what is played.
        followers: how they respond.
        episode_seed: of the episode under way: `StackelbergPOMDP.episode` with `jax.random.key(episode_seed)` is the
            same episode.

    Example:
        >>> from firstmover.games import SimpleAllocation
        >>> env = StackelbergEnv(SimpleAllocation(items=3, messages=2), reward_episodes=1)
        >>> observation, info = env.reset(seed=0)
        >>> env.action_space, env.observation_space, info["action_mask"]
        (Discrete(3), Discrete(2), array([1, 1, 1], dtype=int8))
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        game: Game,
        followers: Follower | str | None = None,
        *,
        reward_episodes: int = 30,
        action_map: bool = True,
    ):
        """The problem of a leader in a game.

        Args:
            game: what is played.
            followers: a model, or the name of one; the game's usual ones if not given.
            reward_episodes: reward sub-episodes of an episode.
            action_map: whether an observation that comes up again in an episode gets the action that it got before.

        Raises:
            InputError: the parts do not fit, or the game's decisions have no counterpart in Gymnasium.
        """
        self._problem = _Problem(game, followers, reward_episodes, action_map)
        self.game, self.followers = self._problem.game, self._problem.followers
        self.action_space = self._problem.layout.action_space
        self.observation_space = self._problem.layout.observation_space
        asked = {"game": game, "followers": followers, "reward_episodes": reward_episodes, "action_map": action_map}
        self.spec = EnvSpec("firstmover/Stackelberg-v0", entry_point=f"{__name__}:StackelbergEnv", kwargs=asked)
        self._reset, self._step = jax.jit(self._problem.decisions.reset), jax.jit(self._problem.decisions.step)
        self._episode: Episode | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; the same ones follow from the same seed."""
        super().reset(seed=seed)
        self.episode_seed = int(self.np_random.integers(_SEEDS))
        self._episode = self._reset(np.uint32(self.episode_seed))
        return self._problem.layout.observation(self._episode.obs.leader), self._problem.info(self._episode)

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take a decision.

        Raises:
            InputError: the action is not in the space, or no episode has begun.
        """
        if self._episode is None:
            raise InputError("an environment must be reset before its first step.")
        layout = self._problem.layout
        self._episode, paid = self._step(self._episode, layout.decided(action))
        info = self._problem.info(self._episode) | {"action": layout.action(paid.taken)}
        observation = layout.observation(self._episode.obs.leader)
        return observation, float(self._problem.rewards(paid)), bool(paid.done), False, info

    def action_masks(self) -> Bool[np.ndarray, "values"]:
        """What is possible now, as `info["action_mask"]`: what sb3-contrib's MaskablePPO asks for.

        Raises:
            InputError: no episode has begun.
        """
        if self._episode is None:
            raise InputError("an environment must be reset before its masks are known.")
        return self._problem.layout.mask(self._episode.obs.mask)

    def rule(self, policy: Policy | object) -> Rule:
        """The rule of a policy that was learnt elsewhere, to be certified, told in words or stored.

        Args:
            policy: a function of an observation and its mask (bool) that returns an action; or the actions at all
                observations, in the order of `Game.observations`, as an array (where an action has both kinds of
                numbers: a dict of two).

        Raises:
            InputError: an action is not in the space, or there is not one for each observation.
        """
        return self._problem.rule(policy)


class StackelbergVectorEnv(VectorEnv[Observation, Any, np.ndarray]):
    """Many episodes of `StackelbergEnv` in one compiled program, each at a step of its own.

    An episode that has ended begins anew with the next step (`AutoresetMode.NEXT_STEP`), whose action is not looked at.
    Environment k of `reset(seed=s)` plays the episodes of `StackelbergEnv` after `reset(seed=s + k)`.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        game: Game,
        followers: Follower | str | None = None,
        *,
        num_envs: int,
        reward_episodes: int = 30,
        action_map: bool = True,
    ):
        """As `StackelbergEnv`, so many times.

        Raises:
            InputError: as there, or there is no environment.
        """
        if num_envs < 1:
            raise InputError(f"num_envs must be at least 1; got {num_envs}.")
        self._problem = _Problem(game, followers, reward_episodes, action_map)
        self.game, self.followers, self.num_envs = self._problem.game, self._problem.followers, num_envs
        self.single_action_space = self._problem.layout.action_space
        self.single_observation_space = self._problem.layout.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._reset = jax.jit(jax.vmap(self._problem.decisions.reset))
        self._step = jax.jit(jax.vmap(self._problem.decisions.step))
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._episodes: Episode | None = None
        self._ended = np.zeros(num_envs, bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode everywhere; the same ones follow from the same seed.

        Raises:
            InputError: there is not one seed for each environment.
        """
        seeds = [seed + k for k in range(self.num_envs)] if isinstance(seed, int | np.integer) else seed
        if seeds is not None and len(seeds) != self.num_envs:
            raise InputError(f"there must be {self.num_envs} seeds, one for each environment; got {len(seeds)}.")
        for k, own in enumerate(seeds or []):
            if own is not None:
                self._generators[k] = seeding.np_random(own)[0]
        self._begin(np.ones(self.num_envs, bool))
        return self._seen()

    def step(self, actions: Any) -> tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Take a decision everywhere, or begin anew.

        Raises:
            InputError: an action is not in the space, or no episode has begun.
        """
        if self._episodes is None:
            raise InputError("an environment must be reset before its first step.")
        layout, begins = self._problem.layout, self._ended
        self._episodes, paid = self._step(self._episodes, layout.decided(actions, (self.num_envs,)))
        rewards = np.where(begins, 0.0, self._problem.rewards(paid))
        self._ended = np.asarray(paid.done)
        if begins.any():
            self._begin(begins)
        observation, info = self._seen()
        info |= {"action": layout.action(paid.taken), "_action": ~begins}
        return observation, rewards, self._ended.copy(), np.zeros(self.num_envs, bool), info

    def _begin(self, where: Bool[np.ndarray, "envs"]) -> None:
        """New episodes here; the others go on."""
        drawn = [g.integers(_SEEDS) if new else 0 for g, new in zip(self._generators, where, strict=True)]
        fresh = self._reset(np.array(drawn, np.uint32))
        if self._episodes is not None and not where.all():
            fresh = self._merged(where, fresh, self._episodes)
        self._episodes, self._ended = fresh, self._ended & ~where

    @staticmethod
    @jax.jit
    def _merged(where: Bool[Array, "envs"], fresh: Episode, old: Episode) -> Episode:
        def either(new: Array, kept: Array) -> Array:
            return jnp.where(where.reshape(-1, *(1,) * (new.ndim - 1)), new, kept)

        return jax.tree.map(either, fresh, old)

    def _seen(self) -> tuple[Observation, dict[str, Any]]:
        assert self._episodes is not None
        return self._problem.layout.observation(self._episodes.obs.leader), self._problem.info(self._episodes)

    def action_masks(self) -> Bool[np.ndarray, "envs values"]:
        """What is possible now, for every environment.

        Raises:
            InputError: no episode has begun.
        """
        if self._episodes is None:
            raise InputError("an environment must be reset before its masks are known.")
        return self._problem.layout.mask(self._episodes.obs.mask)

    def rule(self, policy: Policy | object) -> Rule:
        """As `StackelbergEnv.rule`."""
        return self._problem.rule(policy)
