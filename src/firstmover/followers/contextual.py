"""Contextual followers: a network that gets the leader's answers, trained once over many leader policies.

The leader is asked what it does at every observation. From the answers the network of each follower gives its
probabilities at each of its own observations; it plays the likeliest action. Training (`pretraining`) draws the
leader's policy at random, so that the network generalises over leaders; afterwards it is frozen, and a response costs
as many decisions as there are questions.

Source: Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023), section 4.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Key

from firstmover.errors import InputError
from firstmover.followers.queried import Queried, described
from firstmover.followers.trained import Logits, Networks, Trained
from firstmover.games.base import Game
from firstmover.policies import MLP

MAX_QUESTIONS = 10_000


@dataclass(frozen=True)
class Contextual(Trained, Queried):
    """A network, trained once over random leader policies, replies to the leader's answers."""

    name: ClassVar[str] = "contextual"

    @classmethod
    def untrained(cls, game: Game, key: Key[Array, ""]) -> Networks:
        """All answers in, a logit for each of a follower's observations and actions out."""
        if game.n_observations > MAX_QUESTIONS:
            raise InputError(
                f"contextual followers ask at every observation, at most {MAX_QUESTIONS}; {game.name} has "
                f"{game.n_observations}."
            )
        width = game.leader_space.idle().size if game.leader_space.continuous else game.leader_space.mask_size
        keys = jax.random.split(key, game.n_followers)
        sizes = zip(game.n_obs, game.n_actions, keys, strict=True)
        return tuple(MLP(game.n_observations * width, n_obs * n_actions, k) for n_obs, n_actions, k in sizes)

    def outputs(self, game: Game, networks: Networks, state: Array) -> Logits:
        context = described(game, state).ravel()
        return tuple(
            network(context).reshape(n_obs, n_actions)
            for network, n_obs, n_actions in zip(networks, game.n_obs, game.n_actions, strict=True)
        )
