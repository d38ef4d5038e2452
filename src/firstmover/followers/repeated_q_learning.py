"""Repeated Q-learning: sellers (or others) that play the same game for a long time, and remember the last round.

An episode has a session for every profile of private types: `rounds` rounds in which the followers learn, from scratch,
then `reward_plays` rounds in which they do what they think best, which go on from where learning ended and are what the
leader is paid for (`sessions` says how a round goes). The leader's rule is frozen all the while, so that all there is
to know of it is the listed game.

With several sessions per type profile, how they played is averaged; a finished rule is judged by `fresh` sessions with
random numbers of their own, never by those that it was chosen by.

Source: Calvano, Calzolari, Denicolo and Pastorello (AER 2020); the reward phase that goes on is that of Brero, Mibuari,
Lepore and Parkes (NeurIPS 2022), whose sellers these are (alpha 0.25, beta 1e-4, discount 0.95, 50,000 + 30 rounds).
Differs from the sources: a best action among equals is the first; the round before the first is drawn uniformly; the
values are not updated in the reward rounds.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, UInt32

from firstmover.core.batching import on_all_devices
from firstmover.core.noise import mix
from firstmover.core.plays import JointPlay
from firstmover.core.rollout import Outcome, Query
from firstmover.core.sessions import (
    Parameters,
    Sessions,
    Stage,
    first_values,
    play_sessions,
    session_seed,
)
from firstmover.core.ucb_sessions import play_ucb_sessions
from firstmover.errors import InputError, require
from firstmover.evaluators.forms import all_profiles, type_masks
from firstmover.evaluators.induced import induced_game
from firstmover.evaluators.view import View, decisions_in, unvisited
from firstmover.followers.base import Follower, Response
from firstmover.followers.informed import Informed
from firstmover.followers.learnt_play import learnt_play
from firstmover.games.base import Game
from firstmover.json_types import JsonObject

State = Float[Array, "P profiles"]


@dataclass(frozen=True)
class RepeatedQLearning(Informed):
    """Q-learners that remember the last round: they may learn to collude.

    Attributes:
        alpha: weight of what is new in a value, more than 0 and at most 1; one number, or one for each follower.
        beta: rate at which exploring falls, at least 0: exp(-beta * round) in a round; one number, or one for each
            follower.
        discount: weight of the next round, in [0, 1); one number, or one for each follower.
        method: "q-learning"; "sarsa", which values what is played next instead of the best; or "ucb": upper confidence
            bounds on what one round pays, without memory, where alpha, beta, discount and initial play no part.
        memory: what is remembered of the round before: its "profile" of actions, or "nothing".
        initial: first value of every action: "uniform", what it pays for ever if the others play uniformly, or a
            number: a payoff a round, from 0 (the follower's least) to 1 (its greatest).
        stop: after how many rounds learning ends: "rounds", or "converged": `calm` rounds without a change of a best
            action, or `most` at last.
        rounds: learning rounds, at least 1.
        calm: see `stop`; at least 1.
        most: see `stop`; at least 1.
        reward_plays: rounds after learning, which pay the leader, at least 1.
        sessions: how many are played in an episode for each type profile, at least 1; their play is averaged.
        fresh: how many judge a finished rule, at least 1.

    Example:
        >>> from firstmover.followers import RepeatedQLearning
        >>> RepeatedQLearning(rounds=10_000, method="sarsa")
        RepeatedQLearning(method='sarsa', rounds=10000)
    """

    alpha: tuple[float, ...] = (0.25,)
    beta: tuple[float, ...] = (1e-4,)
    discount: tuple[float, ...] = (0.95,)
    method: Literal["q-learning", "sarsa", "ucb"] = "q-learning"
    memory: Literal["profile", "nothing"] = "profile"
    initial: float | Literal["uniform"] = "uniform"
    stop: Literal["rounds", "converged"] = "rounds"
    rounds: int = 50_000
    calm: int = 100_000
    most: int = 10_000_000
    reward_plays: int = 30
    sessions: int = 1
    fresh: int = 1000

    name: ClassVar[str] = "repeated-q-learning"
    converges_to: ClassVar[str] = "nothing in general"
    one_round: ClassVar[str] = (
        "the regrets and bounds are for followers that play one round; they do not bound followers who remember"
    )

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for name in ("alpha", "beta", "discount"):
            # A list where it comes from a run folder.
            object.__setattr__(self, name, tuple(np.atleast_1d(getattr(self, name)).astype(float).tolist()))
        require(all(0 < a <= 1 for a in self.alpha), "alpha must be more than 0 and at most 1", self.alpha)
        require(all(0 <= b < np.inf for b in self.beta), "beta must be 0 or a positive number", self.beta)
        require(all(0 <= d < 1 for d in self.discount), "discount must be at least 0 and less than 1", self.discount)
        if self.initial != "uniform":
            require(bool(np.isfinite(self.initial)), "initial must be a number or 'uniform'", self.initial)
        if self.method == "ucb" and (self.memory, self.stop) != ("nothing", "rounds"):
            raise InputError("followers with method=ucb have no memory and play all rounds: add memory=nothing.")
        for name in ("rounds", "calm", "most", "reward_plays", "sessions", "fresh"):
            value = getattr(self, name)
            require(1 <= value <= 10**9, f"{name} must be a whole number from 1 to a billion", value)

    @property
    def judging(self) -> Follower:
        return replace(self, sessions=self.fresh)

    def check(self, game: Game) -> None:
        super().check(game)
        for name in ("alpha", "beta", "discount"):
            if len(getattr(self, name)) not in (1, game.n_followers):
                raise InputError(
                    f"{name} must be one number, or one for each of {game.n_followers} followers; got "
                    f"{list(getattr(self, name))}."
                )

    def learning(self, game: Game) -> Parameters:
        """How the followers of this game learn."""
        n, converges = game.n_followers, self.stop == "converged"
        alpha, beta, discount = (own if len(own) == n else own * n for own in (self.alpha, self.beta, self.discount))
        return Parameters(
            tuple(game.n_actions),
            alpha,
            beta,
            discount,
            method=self.method,
            memory=self.memory == "profile",
            masked=not all(mask.all() for mask in _masks(game)),
            rounds=self.most if converges else self.rounds,
            calm=self.calm if converges else 0,
            reward_rounds=self.reward_plays,
        )

    # The response.

    def rounds_per_ask(self, game: Game) -> int:
        """How often a listed profile is consumed, on average over all."""
        profiles = int(np.prod(game.n_actions))
        return max(1, self.sessions * (self.rounds + self.reward_plays) // profiles)

    def noise_size(self, game: Game) -> int:
        return 2

    def init(self, game: Game) -> State:
        """How they play before anything is known: uniformly."""
        profiles = int(np.prod(game.n_actions))
        return jnp.full((len(game.types.profiles[1]), profiles), 1 / profiles)

    def ask(self, game: Game, state: State, noise: Float[Array, "u"]) -> Query:
        """All profiles; their chance, of which there is none, carries the seed to `tell`."""
        query = all_profiles(game)
        seed = jax.lax.bitcast_convert_type(_seed(noise), jnp.int32)
        return query._replace(chance=jnp.full(query.chance.shape, seed))

    def tell(self, game: Game, state: State, query: Query, outcome: Outcome) -> State:
        return self._played(game, outcome, jax.lax.bitcast_convert_type(query.chance[0], jnp.uint32))

    def reply(self, game: Game, state: State, listed: Outcome) -> State:
        """How they play in an episode of its own, with the seed 0."""
        return self._played(game, listed, jnp.uint32(0))

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        game = view.game
        state = self._played(game, view.listed, _seed(noise[0]))
        visited, decisions = decisions_in(view.listed, unvisited(game))
        return Response(state, visited, decisions * self.rounds_per_ask(game), decisions)

    def _played(self, game: Game, listed: Outcome, seed: UInt32[Array, ""]) -> State:
        """How often each profile came up in the reward rounds, by type profile, over all sessions."""
        frequency = self.played(game, listed, seed).frequency
        return frequency.reshape(-1, self.sessions, frequency.shape[-1]).mean(axis=1)

    def played(self, game: Game, listed: Outcome, seed: UInt32[Array, ""]) -> Sessions:
        """The sessions of an episode, those of the first type profile first."""
        paid = listed.followers.reshape(len(game.types.profiles[1]), -1, game.n_followers).astype(jnp.float32)
        return self.sessions_of(game, Stage(tuple(paid[..., i] for i in range(game.n_followers))), seed, self.sessions)

    def sessions_of(
        self, game: Game, stage: Stage, seed: UInt32[Array, ""], sessions: int, *, alone: bool = False
    ) -> Sessions:
        """So many sessions for each type profile, those of the first one first.

        Args:
            game: whose followers play.
            stage: what is played in every round, which may have a past, for each type profile.
            seed: of their random numbers.
            sessions: how many.
            alone: whether nothing else is worked off meanwhile, so that all devices can be used.
        """
        how, count = self.learning(game), len(game.types.profiles[1])
        values = first_values(stage, how) if self.initial == "uniform" else self._given_values(game, count, how)
        if how.masked:
            support, masks = game.types.profiles[0], _masks(game)
            own = [mask[support[:, i]] for i, mask in enumerate(masks)]
            values = tuple(jnp.where(mask, value, -jnp.inf) for mask, value in zip(own, values, strict=True))
        # Every session is a row: its type profile's game, a seed of its own.
        stage, values = jax.tree.map(lambda leaf: jnp.repeat(leaf, sessions, axis=0), (stage, values))
        seeds = session_seed(seed, jnp.arange(count * sessions))
        play = functools.partial(play_ucb_sessions if how.method == "ucb" else play_sessions, how=how)
        return (on_all_devices(play) if alone else play)(stage, values, seeds)

    def learnt_play(self, game: Game, actions: np.ndarray, seed: int = 0) -> JsonObject:
        """What came of `fresh` sessions; see `followers.learnt_play`."""
        finite, how = induced_game(game, actions), self.learning(game)
        paid = finite.followers.reshape(game.n_followers, len(finite.probs), -1).astype(np.float32)

        def play(paid: Float[Array, "n P S"], address: UInt32[Array, ""]) -> Sessions:
            return self.sessions_of(game, Stage(tuple(paid)), address, self.fresh, alone=True)

        sessions = jax.jit(play)(jnp.asarray(paid), session_seed(jnp.uint32(seed), jnp.int32(1)))
        return learnt_play(finite, jax.tree.map(np.asarray, sessions), how).as_json()

    def _given_values(self, game: Game, count: int, how: Parameters) -> tuple[Array, ...]:
        values = []
        for i, (low, high) in enumerate(game.follower_payoff_ranges):
            first = (low + float(self.initial) * (high - low)) / (1 - how.discount[i])
            values.append(jnp.full((count, how.actions[i]), first))
        return tuple(values)

    def strategy(self, game: Game, state: State) -> JointPlay:
        return JointPlay(state.astype(float))

    def features(self, game: Game, state: State) -> Float[Array, "F"]:
        return state.ravel()


def _seed(noise: Float[Array, "2"]) -> UInt32[Array, ""]:
    """A seed from two uniform numbers."""
    words = (noise * 2**24).astype(jnp.uint32)
    return mix(words[0] ^ mix(words[1] + jnp.uint32(1)))


def _masks(game: Game) -> list[Bool[np.ndarray, "_types _actions"]]:
    """What is possible, which is known also while something is being traced."""
    with jax.ensure_compile_time_eval():
        return [np.asarray(mask) for mask in type_masks(game)]
