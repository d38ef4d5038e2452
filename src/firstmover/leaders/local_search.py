"""Local search under noise: change a few entries of good rules, and play again what looks good until it is known to be.

A rule's reward is a sample: one that was lucky once must not win. An archive keeps rules with all of their rewards. An
update plays `episodes` episodes: some with rules of the archive again, some with children of theirs, in which one to
three entries were drawn anew (what one entry is worth may depend on another). Whom to play again and who has children
is drawn by Thompson sampling: each time the rule that is best if every rule's value is
drawn around its mean, as widely as the mean is uncertain. Children take the places of the worst. The rule to commit to
is the one with the best lower end of its value, its mean less its standard error.

The first rules are coarse: all entries are drawn with the same uniform number (all low, all high), then some anew.

Source: ours; Thompson 1933 for the sampling, and Russo 2020 for choosing the best of several by it.
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
from firstmover.core.selection import average, largest, ranked
from firstmover.errors import require
from firstmover.leaders.base import Evaluation, Leader, Metrics


class _State(NamedTuple):
    tables: Array  # [archive, n_observations, ...]
    played: Float[Array, "archive"]
    total: Float[Array, "archive"]  # of the rewards
    squares: Float[Array, "archive"]
    step: Int[Array, ""]
    key: Key[Array, ""]


@dataclass(frozen=True)
class LocalSearch(Leader):
    """Change a few entries of good rules, and play again what looks good.

    Attributes:
        updates: at least 1.
        episodes: rules played in an update, at least 2.
        archive: rules that are remembered, at least `episodes`.
        children: which part of the episodes is played with new rules, in (0, 1).
        reward_episodes: reward sub-episodes of an episode; 0 for the exact expectation.
        evaluation: "greedy" is the only one: a rule of the archive is committed to.
        at_least: what measures must be at least under the followers' play, "MEASURE=NUMBER" each (needs a game that
            can be listed).

    Example:
        >>> from firstmover.leaders import LocalSearch
        >>> LocalSearch(updates=20)
        LocalSearch(updates=20)
    """

    updates: int = 40
    episodes: int = 25
    archive: int = 64
    children: float = 0.6
    reward_episodes: int = 0
    evaluation: Evaluation = "greedy"
    at_least: tuple[str, ...] = ()

    name: ClassVar[str] = "local-search"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "episodes": 2, "reward_episodes": 0}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(self.archive >= self.episodes, "archive must be at least episodes", self.archive)
        require(0 < self.children < 1, "children must lie between 0 and 1", self.children)
        require(self.evaluation == "greedy", "evaluation must be greedy", self.evaluation)

    def init(self, problem: StackelbergPOMDP, key: Key[Array, ""]) -> _State:
        keys = jax.random.split(stream(key, Stream.PARAMETERS), self.archive)
        tables = jax.vmap(lambda key: _coarse(problem, key))(keys)
        nothing = jnp.zeros(self.archive, jnp.float32)
        return _State(tables, nothing, nothing, nothing, jnp.int32(0), key)

    def update(self, problem: StackelbergPOMDP, state: _State) -> tuple[_State, Metrics]:
        key = jax.random.fold_in(stream(state.key, Stream.COMMITMENT), state.step)
        key_choice, key_change, key_play = jax.random.split(key, 3)
        n_new = max(1, int(self.children * self.episodes))
        n_again = self.episodes - n_new
        mean, error = _known(state)
        drawn = mean + error * jax.random.normal(key_choice, (self.episodes, self.archive), jnp.float32)
        unknown = jax.random.uniform(jax.random.fold_in(key_choice, 1), drawn.shape, jnp.float32)
        chosen = jnp.argmax(jnp.where(state.played > 0, drawn, 1e9 * (1 + unknown)), axis=1)

        changes = jax.random.split(key_change, n_new)
        new = jax.vmap(lambda key, table: _changed(problem, key, table))(changes, state.tables[chosen[n_again:]])
        # A child that is a rule of the archive is that rule again.
        flat = state.tables.reshape(self.archive, -1)
        same = jnp.all(new.reshape(n_new, 1, -1) == flat, axis=-1)
        known = same.any(axis=1)
        tables = jnp.concatenate([state.tables[chosen[:n_again]], new])
        play = in_parts(lambda table, key: problem.episode(table_of(problem.game, table), key), problem.parts)
        episodes = play(tables, jax.random.split(key_play, self.episodes))
        reward = ranked(episodes.reward)

        # The worst make room; where none were played yet, those.
        ahead = jnp.where(state.played > 0, mean + error, -1e9)
        ahead = ahead.at[chosen[:n_again]].set(jnp.inf)  # what is played now stays
        places = jnp.argsort(ahead)[:n_new]
        rows = jnp.concatenate([chosen[:n_again], jnp.where(known, jnp.argmax(same, axis=1), places)])
        fresh = jnp.where(known, self.archive, places)  # out of range: nothing is replaced
        count, total, squares = (own.at[fresh].set(0.0, mode="drop") for own in state[1:4])
        after = _State(
            state.tables.at[fresh].set(new, mode="drop"),
            count.at[rows].add(1.0),
            total.at[rows].add(reward),
            squares.at[rows].add(reward**2),
            state.step + 1,
            state.key,
        )
        metrics = Metrics(
            value=average(reward),
            best=largest(reward),
            entropy=jnp.float32(0),
            env_steps=episodes.env_steps.sum(),
            simulated_steps=episodes.simulated_steps.sum(),
            evaluated=self.evaluated(problem, after),
            critic_loss=jnp.float32(0),
        )
        return after, metrics

    def tables(self, problem: StackelbergPOMDP, state: _State) -> Array:
        mean, error = _known(state)
        return state.tables[jnp.argmax(jnp.where(state.played > 0, mean - error, -jnp.inf))][None]


def _known(state: _State) -> tuple[Float[Array, "archive"], Float[Array, "archive"]]:
    """The mean reward of every rule and its standard error, with one variance for all; 0 where nothing is known."""
    count = jnp.maximum(state.played, 1)
    mean = state.total / count
    within = jnp.maximum(state.squares - count * mean**2, 0).sum()
    degrees = jnp.maximum(state.played - 1, 0).sum()
    played = jnp.maximum(state.played.sum(), 1)
    overall = jnp.maximum(state.squares.sum() / played - (state.total.sum() / played) ** 2, 0)
    variance = jnp.where(degrees > 3, within / jnp.maximum(degrees, 1), overall)
    return mean, jnp.sqrt(variance / count)


def _drawn(problem: StackelbergPOMDP, u: Float[Array, "observations u"]) -> Array:
    """The table of decisions that these uniform numbers draw."""
    game = problem.game
    masks = jax.vmap(game.leader_mask)(jnp.asarray(game.observations()))
    return jax.vmap(game.leader_space.sample)(masks, u)


def _coarse(problem: StackelbergPOMDP, key: Key[Array, ""]) -> Array:
    """A first rule: all entries alike, and a part of them, itself drawn, anew."""
    shape = problem.game.n_observations, problem.game.leader_space.sample_size
    one, each, where, part = jax.random.split(key, 4)
    alike = jnp.broadcast_to(jax.random.uniform(one, shape[1:], jnp.float32), shape)
    anew = jax.random.uniform(where, shape[:1], jnp.float32) < jax.random.uniform(part, (), jnp.float32)
    return _drawn(problem, jnp.where(anew[:, None], jax.random.uniform(each, shape, jnp.float32), alike))


def _changed(problem: StackelbergPOMDP, key: Key[Array, ""], table: Array) -> Array:
    """The table with one to three entries drawn anew."""
    shape = problem.game.n_observations, problem.game.leader_space.sample_size
    each, which, many = jax.random.split(key, 3)
    place = jnp.argsort(jax.random.uniform(which, shape[:1], jnp.float32))
    anew = place < jax.random.randint(many, (), 1, 4, jnp.int32)
    drawn = _drawn(problem, jax.random.uniform(each, shape, jnp.float32))
    return jnp.where(anew.reshape(-1, *[1] * (table.ndim - 1)), drawn, table)
