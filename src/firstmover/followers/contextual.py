"""Contextual followers: a network that gets the leader's answers, trained once over many leader policies.

The leader is asked what it does at its observations: at all of them, or where there are too many at some that are
chosen, or drawn once at random. From the answers the network of each follower gives its
probabilities at each of its own observations; it plays the likeliest action. Training (`pretraining`) draws the
leader's policy at random, so that the network generalises over leaders; afterwards it is frozen, and a response costs
as many decisions as there are questions.

Source: Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023), section 4.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from firstmover.core.mlp import tanh_network
from firstmover.errors import InputError, require
from firstmover.followers.queried import Queried, described
from firstmover.followers.screen_network import screen_network
from firstmover.followers.trained import Logits, Networks, Trained
from firstmover.games.base import Game

MAX_QUESTIONS = 10_000


@dataclass(frozen=True)
class Contextual(Trained, Queried):
    """A network, trained once over random leader policies, replies to the leader's answers.

    Attributes:
        at: observations at which the leader is asked, by their number (`Game.observations`) from 0; if none, `sample`
            decides.
        sample: at how many observations it is asked, drawn at random, for all networks the same; 0: at all.
        images: whether the networks look at what followers see through a small convolution, in games that show it to
            them as images.

    Example:
        >>> from firstmover.followers import Contextual
        >>> Contextual(at=(0, 3)).at
        (0, 3)
    """

    at: tuple[int, ...] = ()
    sample: int = 0
    images: bool = False

    name: ClassVar[str] = "contextual"

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: questions are negative or repeated, or both chosen and drawn.
        """
        fits = len(set(self.at)) == len(self.at) and min(self.at, default=0) >= 0
        require(fits, "at must be different numbers of observations, from 0 on", list(self.at))
        require(self.sample >= 0, "sample must be 0 (all) or a number of observations", self.sample)
        require(not (self.at and self.sample), "give at or sample, not both", f"at={list(self.at)}")

    @property
    def kind(self) -> str:
        chosen = f" asking at {', '.join(map(str, self.at))}" if self.at else ""
        eyes = " looking at images" if self.images else ""
        return self.name + (f" asking at {self.sample} drawn at random" if self.sample else chosen) + eyes

    def questions(self, game: Game) -> Int[np.ndarray, "questions d"]:
        observations = game.observations()
        if self.at:
            return observations[list(self.at)]
        if self.sample:
            return observations[np.sort(np.random.default_rng(0).permutation(len(observations))[: self.sample])]
        return observations

    def refuse(self, game: Game) -> None:
        last, asked = max(self.at, default=0), self.sample or len(self.at) or game.n_observations
        if max(last + 1, self.sample) > game.n_observations:
            raise InputError(f"{game.name} has {game.n_observations} observations, fewer than are asked at.")
        if asked > MAX_QUESTIONS:
            raise InputError(
                f"contextual followers ask at {MAX_QUESTIONS} observations at most; {game.name} has "
                f"{game.n_observations}. Have some drawn with sample=N."
            )
        if self.images and None in map(game.follower_images, range(game.n_followers)):
            raise InputError(f"{game.name} shows its followers no images; leave out images=true.")
        super().refuse(game)

    @property
    def training(self) -> dict[str, int]:
        return {"updates": 60} if self.images else {}  # to shoot takes longer to learn than what to say

    def untrained(self, game: Game, key: Key[Array, ""]) -> Networks:
        """All answers in, a logit for each of a follower's observations and actions out."""
        inputs = len(self.questions(game)) * game.leader_space.n_features
        keys = jax.random.split(key, game.n_followers)
        if self.images:
            shapes = [images.shape[1:] for images, _ in self._screens(game)]
            each = zip(shapes, game.n_actions, keys, strict=True)
            return tuple(screen_network(shape, inputs, n_actions, k) for shape, n_actions, k in each)
        sizes = zip(game.n_obs, game.n_actions, keys, strict=True)
        return tuple(tanh_network(inputs, n_obs * n_actions, k) for n_obs, n_actions, k in sizes)

    def outputs(self, game: Game, networks: Networks, state: Array) -> Logits:
        context = described(game, state).ravel()
        if self.images:
            screens = [(jnp.asarray(seen, float), jnp.asarray(which)) for seen, which in self._screens(game)]
            return tuple(network(*own, context) for network, own in zip(networks, screens, strict=True))
        return tuple(
            network(context).reshape(n_obs, n_actions)
            for network, n_obs, n_actions in zip(networks, game.n_obs, game.n_actions, strict=True)
        )

    def _screens(self, game: Game) -> list[tuple[np.ndarray, np.ndarray]]:
        """What the followers see as images, and which of them at each observation."""
        return [screens for i in range(game.n_followers) if (screens := game.follower_images(i)) is not None]
