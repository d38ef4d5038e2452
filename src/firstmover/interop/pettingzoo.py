"""A market as a PettingZoo environment: leader and followers are agents, a sub-episode is an episode.

Nobody adapts here and nobody commits: whoever trains the agents says who learns when. What a rule is worth against
followers who adapt to it, `design`, `certify` and `evaluate` say.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key, PyTree

from firstmover.errors import InputError
from firstmover.games.base import Game, Rewards, Turn
from firstmover.interop.decisions import Decided, possible
from firstmover.rules.rule import Rule

try:
    import gymnasium
    from gymnasium.utils import seeding
    from pettingzoo import ParallelEnv

    from firstmover.interop.gymnasium_spaces import Layout, Observation, Policy
except ModuleNotFoundError:
    raise InputError(
        "firstmover.interop.pettingzoo needs gymnasium and pettingzoo: pip install 'firstmover[interop]'."
    ) from None

LEADER = "leader"
_SEEDS = 2**32
_Info = dict[str, int | np.ndarray]


class _Played(NamedTuple):
    """Where a sub-episode stands, who may do what, and what was paid in the last step."""

    state: PyTree
    turn: Turn
    leader_mask: Bool[Array, "a"]
    rewards: Rewards


class MarketParallelEnv(ParallelEnv[str, Observation, Any]):
    """A game with all its players: `leader`, and `follower_0` and so on.

    All agents act in every step; the actions of those for whom `info["acts"]` is 0 are ignored. `info` has the
    `action_mask` (int8) of those whose actions are a `Discrete`; the leader's other masks, of an option before
    components, stand in `mask`. An action that a mask forbids becomes the next possible one, in a circle. Payments are
    in the game's units, those of a step when it is made.

    Attributes:
        game: what is played.
        possible_agents: all of them, the leader first.
        agents: the same while an episode is under way, then none.

    Example:
        >>> from firstmover.games import Maintain
        >>> env = MarketParallelEnv(Maintain())
        >>> observations, infos = env.reset(seed=0)
        >>> env.action_space("leader"), env.action_space("follower_0")
        (Discrete(3), Discrete(3))
        >>> _, rewards, over, _, _ = env.step({agent: 0 for agent in env.agents})
        >>> sorted(rewards), over["leader"], env.agents
        (['follower_0', 'leader'], True, [])
    """

    metadata = {"name": "firstmover_market_v0", "render_modes": [], "is_parallelizable": True}  # noqa: RUF012
    render_mode = None

    def __init__(self, game: Game):
        """The players of a game.

        Raises:
            InputError: the leader's decisions have no counterpart in Gymnasium, or the game is one of a crowd.
        """
        self.game, self._layout = game, Layout.of(game)
        self._played = game.standardised
        self._followers = [f"follower_{i}" for i in range(game.n_followers)]
        self.possible_agents = [LEADER, *self._followers]
        self.agents: list[str] = []
        own = {LEADER: self._layout.observation_space} | {
            name: gymnasium.spaces.Discrete(n) for name, n in zip(self._followers, game.n_obs, strict=True)
        }
        acts = {LEADER: self._layout.action_space} | {
            name: gymnasium.spaces.Discrete(n) for name, n in zip(self._followers, game.n_actions, strict=True)
        }
        self.observation_spaces, self.action_spaces = own, acts
        self._np_random: np.random.Generator | None = None
        self._begin, self._step = jax.jit(self._begun), jax.jit(self._stepped)
        jax.eval_shape(self._begun, jax.random.key(0))  # refuses a game that is not played step by step

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """What this agent sees; always the same object."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """What this agent may do; always the same object."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, _Info]]:
        """Begin a sub-episode, with types drawn anew; the same ones follow from the same seed."""
        if seed is not None or self._np_random is None:
            self._np_random = seeding.np_random(seed)[0]
        self.agents, self._time = list(self.possible_agents), 0
        self._key = jax.random.key(np.uint32(self._np_random.integers(_SEEDS)))
        self._now = self._begin(self._key)
        return self._observations(), self._infos()

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], dict[str, _Info]]:
        """Let all agents act.

        Raises:
            InputError: no episode is under way, or an action is missing or not in its space.
        """
        if not self.agents:
            raise InputError("an environment must be reset before its first step, and after its last.")
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise InputError(f"every agent acts in every step; there is no action for {', '.join(missing)}.")
        wrong = [name for name in self._followers if not self.action_spaces[name].contains(actions[name])]
        if wrong:
            raise InputError(
                f"the action of {wrong[0]} must be in {self.action_spaces[wrong[0]]}; got {actions[wrong[0]]!r}."
            )
        chosen = np.array([actions[name] for name in self._followers], np.int32)
        self._now = self._step(self._now, self._layout.decided(actions[LEADER]), chosen, self._key, self._time)
        self._time += 1
        over, everybody = self._time >= self.game.horizon, list(self.agents)
        seen, infos, rewards = self._observations(), self._infos(), self._rewards(over)
        if over:
            self.agents = []
        return seen, rewards, dict.fromkeys(everybody, over), dict.fromkeys(everybody, False), infos

    def rule(self, policy: Policy) -> Rule:
        """The rule of a leader's policy, to be certified, told in words or stored.

        Args:
            policy: a function of the leader's observation and its mask that returns an action.

        Raises:
            InputError: an action is not in the space.
        """
        tables = []
        for seen in self.game.observations():
            mask = self.game.leader_mask(jnp.asarray(seen))
            decided = self._layout.decided(policy(self._layout.observation(seen), self._layout.mask(mask)))
            decided = possible(jax.tree.map(jnp.asarray, decided), mask)
            tables.append(self._played.leader_space.of_parts(*decided))
        return Rule(self.game, self.game.own_actions(np.stack(tables)))

    def render(self) -> None:
        """Nothing is rendered."""

    def close(self) -> None:
        """Nothing is held open."""

    def _begun(self, key: Key[Array, ""]) -> _Played:
        game = self._played
        of_types, of_chance = jax.random.split(key)
        types = game.types.sample(jax.random.uniform(of_types, (game.n_followers,)))
        nothing = Rewards(jnp.float32(0), jnp.zeros(game.n_followers))
        return self._seen(game.reset(types, of_chance), nothing)

    def _stepped(
        self, now: _Played, decided: Decided, chosen: Int[Array, "n"], key: Key[Array, ""], time: Int[Array, ""]
    ) -> _Played:
        game, mask = self._played, now.turn.follower_mask
        action = game.leader_space.of_parts(*possible(decided, now.leader_mask))
        n = mask.shape[1]
        steps = jnp.where(mask, (jnp.arange(n) - chosen[:, None]) % n, n)
        state, rewards = game.step(
            now.state, action, jnp.argmin(steps, 1).astype(jnp.int32), jax.random.fold_in(key, time + 1)
        )
        return self._seen(state, rewards)

    def _seen(self, state: PyTree, rewards: Rewards) -> _Played:
        turn = self._played.observe(state)
        return _Played(state, turn, self._played.leader_mask(turn.leader_obs), rewards._replace(transfers=None))

    def _observations(self) -> dict[str, Observation]:
        turn = self._now.turn
        own = dict(zip(self._followers, np.asarray(turn.follower_obs, np.int64), strict=True))
        return {LEADER: self._layout.observation(turn.leader_obs)} | own

    def _infos(self) -> dict[str, _Info]:
        turn = jax.tree.map(np.asarray, self._now.turn)
        mask = self._layout.mask(self._now.leader_mask).astype(np.int8)
        # PettingZoo takes an `action_mask` for one of a Discrete.
        name = "action_mask" if isinstance(self.action_spaces[LEADER], gymnasium.spaces.Discrete) else "mask"
        infos: dict[str, _Info] = {LEADER: {"acts": int(turn.leader_acts), name: mask}}
        for i, (follower, n) in enumerate(zip(self._followers, self.game.n_actions, strict=True)):
            own = turn.follower_mask[i, :n].astype(np.int8)
            infos[follower] = {"acts": int(turn.followers_act[i]), "action_mask": own}
        return infos

    def _rewards(self, over: bool) -> dict[str, float]:
        """What was paid, in the game's units; where payoffs start is paid with the last step."""
        paid = np.array([self._now.rewards.leader, *np.asarray(self._now.rewards.followers)], np.float64)
        units = self._played.payoff_units
        if units is not None:
            paid = paid * np.asarray(units.scales) + over * np.asarray(units.offsets)
        return dict(zip(self.possible_agents, paid.tolist(), strict=True))
