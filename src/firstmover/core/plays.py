"""Plays: how followers act within a sub-episode. A play answers what is asked of it, so nobody asks what kind it is.

In every step `act` gives the actions of all followers. A play may carry a memory through the sub-episode, and learn
while it goes on: `begin` makes the memory, `act` and `learn` change it. The plays here have none.

Followers that act once may have drawn their actions when the sub-episode starts: `drawn`. What they do may also be
asked for in full: `joint`, `by_step`, `in_states`.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.modules import Module
from firstmover.core.noise import inverse_cdf
from firstmover.core.trees import AnyArray, Memory
from firstmover.equilibria.markov import MarkovGame, joint_strategy
from firstmover.games.base import Game, Rewards, Turn
from firstmover.json_types import JsonObject

Tables = tuple[Float[AnyArray, "*seeds _observations _actions"], ...]  # NumPy's, once the followers have settled


class Play(Module):
    """How the followers act; what a play has no answer to, it refuses with a `TypeError`.

    Attributes:
        per_episode: whether it has a leading axis, an entry for each sub-episode of a query.
        learns: whether its memory changes with what is paid (`learn`).
    """

    per_episode: ClassVar[bool] = False
    learns: ClassVar[bool] = False

    # In a sub-episode.

    def begin(self, types: Int[Array, "n"]) -> Memory:
        """The memory at the start of a sub-episode in which the followers have these types: an array pytree."""
        del types
        return ()

    def act(
        self, memory: Memory, turn: Turn, time: Int[Array, ""] | int, noise: Float[Array, "n"]
    ) -> tuple[Int[Array, "n"], Memory]:
        """The followers' actions in a step, and the memory afterwards."""
        raise self._refusal("is drawn when a sub-episode starts")

    def learn(
        self,
        memory: Memory,
        turn: Turn,
        time: Int[Array, ""] | int,
        actions: Int[Array, "n"],
        rewards: Rewards,
        after: Turn,
    ) -> Memory:
        """The memory after a step in which these actions were taken and this was paid; called where it `learns`."""
        del turn, time, actions, rewards, after
        return memory

    def of_episode(self, number: Int[Array, ""]) -> "Play":
        """The play of one sub-episode of a query."""
        del number
        return self

    def drawn(self, game: Game, types: Int[Array, "Q n"], noise: Float[Array, "Q n"]) -> "Actions":
        """What followers that act once have drawn at the start of each of these sub-episodes."""
        raise self._refusal("draws in every step")

    # In full.

    @property
    def profiles(self) -> Int[Array, "Q n"]:
        """The actions of every sub-episode of a query, where they are given."""
        raise self._refusal("is not given action by action")

    def tables_at(self, time: Int[Array, ""] | int) -> Tables:
        """The probabilities of the actions that each follower takes in a step, independently of the others."""
        raise self._refusal("is no independent play")

    def joint(self, game: Game) -> Float[Array, "P profiles"]:
        """Probability of every action profile at every type profile, for followers that act once."""
        raise self._refusal("is not that of followers that act once")

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        """Each follower's own probabilities by step and observation; one step, where all steps are alike."""
        raise self._refusal("has no tables")

    def in_states(self, game: MarkovGame) -> Int[np.ndarray, "steps S"] | Float[np.ndarray, "S B"]:
        """The joint action by time and state, or the probabilities of all by state (see `markov.play_values`)."""
        raise self._refusal("has no tables")

    def statistics(self, game: Game, actions: np.ndarray) -> dict[str, float]:
        """What the play tells of itself under a rule, by name; nothing by default."""
        return {}

    def in_words(self, game: Game) -> str | None:
        """The play in sentences, where it has better ones than those of its followers one by one."""
        return None

    def in_fractions(
        self, fractions: Callable[[list[float]], list[str]], columns: Sequence[tuple[int, ...]]
    ) -> JsonObject:
        """The play as a certificate carries it.

        Args:
            fractions: writes a distribution.
            columns: the action profiles.
        """
        raise self._refusal("is not written down")

    def _refusal(self, why: str) -> TypeError:
        return TypeError(f"{type(self).__name__} {why}.")


class Actions(Play):
    """Every follower plays one given action whenever it acts; a query of many sub-episodes has a leading axis."""

    actions: Int[Array, "*Q n"]

    per_episode: ClassVar[bool] = True

    def act(
        self, memory: Memory, turn: Turn, time: Int[Array, ""] | int, noise: Float[Array, "n"]
    ) -> tuple[Int[Array, "n"], Memory]:
        del turn, time, noise
        return self.actions, memory

    def of_episode(self, number: Int[Array, ""]) -> "Actions":
        return Actions(self.actions[number])

    @property
    def profiles(self) -> Int[Array, "Q n"]:
        return self.actions


class Strategies(Play):
    """Every follower plays its own table of probabilities [observations, actions], independently of the others."""

    tables: Tables

    def act(
        self, memory: Memory, turn: Turn, time: Int[Array, ""] | int, noise: Float[Array, "n"]
    ) -> tuple[Int[Array, "n"], Memory]:
        tables = self.tables_at(time)
        drawn = [inverse_cdf(table[turn.follower_obs[i]], noise[i]) for i, table in enumerate(tables)]
        return jnp.stack(drawn), memory

    def drawn(self, game: Game, types: Int[Array, "Q n"], noise: Float[Array, "Q n"]) -> Actions:
        draws = [jax.vmap(inverse_cdf)(table[types[:, i]], noise[:, i]) for i, table in enumerate(self.tables)]
        return Actions(jnp.stack(draws, -1))

    def tables_at(self, time: Int[Array, ""] | int) -> Tables:
        return self.tables

    def joint(self, game: Game) -> Float[Array, "P profiles"]:
        support, _ = game.types.profiles
        joint = jnp.ones((len(support), 1))
        for i, table in enumerate(self.tables):
            joint = (joint[:, :, None] * table[support[:, i]][:, None, :]).reshape(len(support), -1)
        return joint

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        return tuple(np.asarray(table)[None] for table in self.tables)

    def in_states(self, game: MarkovGame) -> Float[np.ndarray, "S B"]:
        tables = [np.asarray(table, np.float64) for table in self.tables]
        return joint_strategy(game, [table / table.sum(axis=-1, keepdims=True) for table in tables])

    def in_fractions(
        self, fractions: Callable[[list[float]], list[str]], columns: Sequence[tuple[int, ...]]
    ) -> JsonObject:
        return {"strategies": [[fractions(row) for row in np.asarray(t, float).tolist()] for t in self.tables]}


class Stacked(Play):
    """As `Strategies` of followers with as many types and actions each: one array, a row for each follower.

    What is compiled does not grow with the number of followers.
    """

    table: Float[AnyArray, "*seeds n types actions"]

    def act(
        self, memory: Memory, turn: Turn, time: Int[Array, ""] | int, noise: Float[Array, "n"]
    ) -> tuple[Int[Array, "n"], Memory]:
        del time
        rows = self.table[jnp.arange(self.table.shape[-3]), turn.follower_obs]
        return jax.vmap(inverse_cdf)(rows, noise), memory

    def drawn(self, game: Game, types: Int[Array, "Q n"], noise: Float[Array, "Q n"]) -> Actions:
        rows = self.table[jnp.arange(self.table.shape[-3]), types]
        return Actions(jax.vmap(jax.vmap(inverse_cdf))(rows, noise))

    def tables_at(self, time: Int[Array, ""] | int) -> Tables:
        return tuple(self.table)

    def joint(self, game: Game) -> Float[Array, "P profiles"]:
        return Strategies(tuple(self.table)).joint(game)

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        return tuple(np.asarray(self.table)[:, None])

    def in_fractions(
        self, fractions: Callable[[list[float]], list[str]], columns: Sequence[tuple[int, ...]]
    ) -> JsonObject:
        return Strategies(tuple(self.table)).in_fractions(fractions, columns)


class TimedStrategies(Strategies):
    """As `Strategies`, with a table for every step of the sub-episode: [steps, observations, actions]."""

    tables: tuple[Float[AnyArray, "*seeds L _observations _actions"], ...]

    def drawn(self, game: Game, types: Int[Array, "Q n"], noise: Float[Array, "Q n"]) -> Actions:
        raise self._refusal("draws in every step")

    def tables_at(self, time: Int[Array, ""] | int) -> Tables:
        return tuple(table[time] for table in self.tables)

    def joint(self, game: Game) -> Float[Array, "P profiles"]:
        raise self._refusal("is not that of followers that act once")

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        return tuple(np.asarray(table) for table in self.tables)

    def in_states(self, game: MarkovGame) -> Int[np.ndarray, "steps S"]:
        """The likeliest joint action: what plays by the step is pure."""
        joint = np.zeros((game.horizon, len(game.start)), np.int64)
        for table, obs, size in zip(self.tables, game.follower_obs, game.n_actions, strict=True):
            joint = joint * size + np.argmax(np.asarray(table, np.float64), axis=-1)[:, obs]
        return joint

    def in_fractions(
        self, fractions: Callable[[list[float]], list[str]], columns: Sequence[tuple[int, ...]]
    ) -> JsonObject:
        raise self._refusal("is not written down")


class JointPlay(Play):
    """Followers that act once play correlated actions: for every type profile, one distribution over profiles.

    The time average of several learners is of this kind. Shape [P, A_1 * ... * A_n], rows in the order of
    `game.types.profiles`.
    """

    probabilities: Float[Array, "*seeds P profiles"]

    def drawn(self, game: Game, types: Int[Array, "Q n"], noise: Float[Array, "Q n"]) -> Actions:
        support, _ = game.types.profiles
        rows = jnp.argmax(jnp.all(types[:, None] == support, axis=-1), axis=-1)
        profiles = jax.vmap(inverse_cdf)(self.probabilities[rows], noise[:, 0])
        return Actions(jnp.stack(jnp.unravel_index(profiles, game.n_actions), -1))

    def joint(self, game: Game) -> Float[Array, "P profiles"]:
        return self.probabilities

    def by_step(self, game: Game) -> tuple[Float[np.ndarray, "steps _observations _actions"], ...]:
        support, probs = game.types.profiles
        joint = np.asarray(self.probabilities).reshape(-1, *game.n_actions)
        tables = []
        for i, n_types in enumerate(game.n_types):
            own = joint.sum(axis=tuple(j + 1 for j in range(joint.ndim - 1) if j != i))
            weights = (support[:, i] == np.arange(n_types)[:, None]) * probs
            tables.append((weights @ own / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300))[None])
        return tuple(tables)

    def in_fractions(
        self, fractions: Callable[[list[float]], list[str]], columns: Sequence[tuple[int, ...]]
    ) -> JsonObject:
        probabilities = np.asarray(self.probabilities, float)
        rows = [fractions(row) for row in probabilities.reshape(-1, len(columns)).tolist()]
        return {"joint": [[[r, *columns[k]], p] for r, row in enumerate(rows) for k, p in enumerate(row) if p != "0"]}
