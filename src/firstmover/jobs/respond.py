"""How the followers of a finished rule respond to it, in 64-bit numbers."""

from collections.abc import Callable

import jax
import numpy as np

from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.selection import finite
from firstmover.errors import FailedError
from firstmover.evaluators import exact_table
from firstmover.evaluators.forms import by_form
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.json_types import JsonObject
from firstmover.rules.rule import Rule


def respond(rule: Rule, followers: Follower, *, seed: int = 0) -> Play:
    """How followers play once they have responded to a rule.

    Raises:
        InputError: the followers cannot play the game.
        FailedError: they end in numbers that are not finite.
    """
    return responder(rule.game, followers, seed=seed)(rule)


def responder(game: Game, followers: Follower, *, seed: int = 0) -> Callable[[Rule], Play]:
    """As `respond`, for several rules of one game: compiled once.

    Raises:
        InputError: the followers cannot play the game.
    """
    standard = game.standardised
    sampled = by_form(standard, once=1, every_step=1, crowd=0)  # the reward is not looked at; a crowd has no sample
    problem = StackelbergPOMDP(standard, followers.judging, reward_episodes=sampled)
    episode = jax.jit(lambda actions: problem.episode(table_of(standard, actions), jax.random.key(seed)))

    def responded(rule: Rule) -> Play:
        with jax.enable_x64(True):
            play = episode(exact_table(standard, game.standard_actions(rule.actions)).actions).strategy
            if not finite(play):
                raise FailedError(
                    f"{followers.name} followers ended in numbers that are not finite: their parameters are too large "
                    "or too small for the numbers that they count with."
                )
            return jax.tree.map(np.asarray, play)

    return responded


def beyond_one_round(game: Game, actions: np.ndarray, followers: Follower, seed: int) -> JsonObject:
    """What a certificate says of followers who remember: that it is about one round, and what they have learnt.

    Nothing of others.
    """
    if followers.one_round is None:
        return {}
    return {"one_round": followers.one_round, "learnt_play": followers.learnt_play(game, actions, seed)}
