"""The form of a game: what follows from how often its followers act, and whether there is chance.

This is where a game is asked for both; what follows is asked of its form. Followers either act once, so that what they
observe when they act is their type (`OneShot`), or in every step (`MultiStep`).
"""

import abc
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.plays import Actions, Play
from firstmover.core.rollout import Query
from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import InputError
from firstmover.evaluators.one_step_table import one_step_table
from firstmover.games.base import Game
from firstmover.solvers.registry import state_table

MAX_PROFILES = 1_000_000

T = TypeVar("T")

Masks = tuple[Bool[np.ndarray, "_observations _actions"] | Bool[Array, "_types _actions"], ...]


@dataclass(frozen=True)
class Form(abc.ABC):
    """What follows from how often the followers of a game act.

    Attributes:
        game: the game.
        acts: how often they act, in words.
        draws: how often each of them draws an action in a sub-episode.
    """

    game: Game

    @property
    @abc.abstractmethod
    def acts(self) -> str:
        """How often the followers act, in words."""

    @property
    @abc.abstractmethod
    def draws(self) -> int:
        """How often each follower draws an action in a sub-episode."""

    @abc.abstractmethod
    def query(self, play: Play, types: Int[Array, "Q n"], noise: Float[Array, "Q d"], chance: Int[Array, "Q"]) -> Query:
        """Sub-episodes in which followers with these types play so."""

    @abc.abstractmethod
    def profiles(self) -> Query:
        """As `all_profiles`."""

    @property
    def n_profiles(self) -> float:
        """How many (type, action) profiles there are to list; infinity where they cannot be listed."""
        return math.inf

    @abc.abstractmethod
    def possible(self) -> Masks:
        """As `possible_actions`."""

    @abc.abstractmethod
    def table(self) -> MarkovGame:
        """As `table_of_play`."""


class OneShot(Form):
    """Followers act once."""

    acts = "once in a sub-episode"
    draws = 1

    def query(self, play: Play, types: Int[Array, "Q n"], noise: Float[Array, "Q d"], chance: Int[Array, "Q"]) -> Query:
        """They have drawn their actions when a sub-episode starts."""
        return Query(types, play.drawn(self.game, types, noise), None, chance)

    def profiles(self) -> Query:
        game = self.game
        if game.has_chance:
            raise InputError(f"the profiles of {game.name} cannot be listed: the game has chance.")
        check_size(game)
        support, _ = game.types.profiles
        actions = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)
        types = np.repeat(support, len(actions), axis=0)
        profiles = np.tile(actions, (len(support), 1))
        return Query(jnp.asarray(types), Actions(jnp.asarray(profiles)), None, jnp.zeros(len(types), jnp.int32))

    @property
    def n_profiles(self) -> float:
        return math.inf if self.game.has_chance else profiles_of(self.game)

    def possible(self) -> Masks:
        return type_masks(self.game)

    def table(self) -> MarkovGame:
        return one_step_table(self)


class MultiStep(Form):
    """Followers act in every step."""

    acts = "in every step"

    @property
    def draws(self) -> int:
        return self.game.horizon

    def query(self, play: Play, types: Int[Array, "Q n"], noise: Float[Array, "Q d"], chance: Int[Array, "Q"]) -> Query:
        return Query(types, play, noise.reshape(-1, self.game.horizon, self.game.n_followers), chance)

    def profiles(self) -> Query:
        raise InputError(f"the profiles of {self.game.name} cannot be listed: its followers act in every step.")

    def possible(self) -> Masks:
        """What is possible in every state in which play can come to the observation; all, without a table of states."""
        game = self.game
        masks = tuple(np.ones(shape, bool) for shape in zip(game.n_obs, game.n_actions, strict=True))
        try:
            table = state_table(game)
        except InputError:
            return masks
        reached = table.reachable()
        possible = table.possible[reached].reshape(-1, *game.n_actions)
        for i, mask in enumerate(masks):
            others = tuple(1 + j for j in range(game.n_followers) if j != i)
            np.logical_and.at(mask, table.follower_obs[i, reached], possible.any(axis=others))
        return masks

    def table(self) -> MarkovGame:
        return state_table(self.game)


class InCrowd(Form):
    """Followers are a crowd, which is not played in sub-episodes."""

    acts = "as a crowd"
    draws = 0

    def query(self, play: Play, types: Int[Array, "Q n"], noise: Float[Array, "Q d"], chance: Int[Array, "Q"]) -> Query:
        raise _not_for_crowds(self.game)

    def profiles(self) -> Query:
        raise _not_for_crowds(self.game)

    def possible(self) -> Masks:
        raise _not_for_crowds(self.game)

    def table(self) -> MarkovGame:
        raise _not_for_crowds(self.game)


def _not_for_crowds(game: Game) -> InputError:
    return InputError(f"the followers of {game.name} are a crowd; use '--followers population'.")


_FORMS: dict[str, type[Form]] = {"once": OneShot, "every step": MultiStep, "crowd": InCrowd}


def form_of(game: Game) -> Form:
    """The form of a game."""
    return _FORMS[game.followers_act](game)


def by_form(game: Game, *, once: T, every_step: T, crowd: T | None = None) -> T:
    """Of several parts the one for games whose followers act as those of this game do.

    Raises:
        InputError: they are a crowd, which has no such part.
    """
    part = {"once": once, "every step": every_step, "crowd": crowd}[game.followers_act]
    if part is None:
        raise _not_for_crowds(game)
    return part


def check_acts(game: Game, acts: Sequence[str], who: str, others: str) -> None:
    """Refuse a game whose followers act otherwise than is needed.

    Args:
        game: the game.
        acts: how often its followers may act: "once", "every step".
        who: needs that.
        others: who does not, in a sentence.

    Raises:
        InputError: they act otherwise.
    """
    if game.followers_act not in acts:
        needed, given = _FORMS[acts[0]](game).acts, form_of(game).acts
        raise InputError(f"{who} needs followers that act {needed}; those of {game.name} act {given}. {others}")


def all_profiles(game: Game) -> Query:
    """One sub-episode for every (type profile, action profile): the game that a commitment induces, in full.

    Rows are ordered by type profile, then by action profile with the last follower's action varying fastest.

    Raises:
        InputError: the game has chance, its followers act in every step, or it is too large.
    """
    return form_of(game).profiles()


def check_size(game: Game) -> None:
    """Refuse a game with more (type profile, action profile) pairs than `MAX_PROFILES`.

    Raises:
        InputError: it is larger.
    """
    size = profiles_of(game)
    if size > MAX_PROFILES:
        raise InputError(
            f"{game.name} has up to {size:.3g} (type, action) profiles, more than the {MAX_PROFILES} that are listed; "
            "use sampled updates and rewards ('-f update=sampled -l reward_episodes=30') or a smaller game."
        )


def profiles_of(game: Game) -> float:
    """How many (type profile, action profile) pairs a game has at most."""
    return math.prod(map(float, game.n_actions)) * math.prod(map(float, game.n_types))


def lists_at_most(game: Game, most: int) -> bool:
    """Whether all profiles can be listed and are at most so many."""
    return form_of(game).n_profiles <= most


def play_query(game: Game, play: Play, noise: Float[Array, "Q u"]) -> Query:
    """Q sub-episodes in which types are drawn anew and the followers play as given.

    `noise` has `play_noise_size(game)` uniform numbers a sub-episode.
    """
    n, chance = game.n_followers, jnp.arange(noise.shape[0], dtype=jnp.int32)
    types = jax.vmap(game.types.sample)(noise[:, :n])
    return form_of(game).query(play, types, noise[:, n:], chance)


def play_noise_size(game: Game) -> int:
    """Uniform numbers that one sub-episode of `play_query` consumes: types, then every follower as often as it acts."""
    return game.n_followers * (1 + form_of(game).draws)


def possible_actions(game: Game) -> Masks:
    """What each follower may do at each of its observations (the types, in a game whose followers act once)."""
    return form_of(game).possible()


def type_masks(game: Game) -> tuple[Bool[Array, "_types _actions"], ...]:
    """What each type of each follower may do when it acts, in games whose followers act once."""
    # All followers at once: the program does not grow with their number.
    n, most, key = game.n_followers, max(game.n_types), jax.random.key(0)
    types = np.zeros((n, most, n), np.int32)
    for i, n_types in enumerate(game.n_types):
        types[i, :, i] = np.minimum(np.arange(most), n_types - 1)
    turns = jax.vmap(jax.vmap(lambda t: game.observe(game.reset(t, key))))(jnp.asarray(types))
    own = turns.follower_mask[np.arange(n), :, np.arange(n)]
    return tuple(
        own[i, :n_types, :n_actions]
        for i, (n_types, n_actions) in enumerate(zip(game.n_types, game.n_actions, strict=True))
    )


@functools.lru_cache(maxsize=8)
def table_of_play(game: Game) -> MarkovGame:
    """The table of a game's states, also where followers act once and the leader has one observation; made once.

    Raises:
        InputError: decisions are more than one of n actions, or the game has no such table.
    """
    return form_of(game).table()
