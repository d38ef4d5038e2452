"""The best rule of a game with few rules: go through all of them.

Against one follower a rule is worth what the best replies of all its types leave the leader; against several, the
greatest (ties strong) or the least (weak) value over the coarse correlated equilibria of the agent normal form.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import jax
import numpy as np
from jaxtyping import Float

from firstmover.commitment import table_of
from firstmover.equilibria import FiniteGame, value_bounds
from firstmover.errors import InputError
from firstmover.games.base import Game, Solution, Ties
from firstmover.rollout import all_profiles, answer, type_masks

MOST_RULES = 100_000  # against one follower
MOST_PROGRAMS = 2_000  # against several, with a linear program for each rule
_CHUNK = 256  # rules that are played side by side
_TIE = 1e-12  # share of the largest payoff of a type below which replies are equally good: rounding in 64 bit


def best_rule(game: Game, ties: Ties, progress: Callable[[str], None] | None = None) -> Solution:
    """The best deterministic rule, by going through all of them.

    Args:
        game: a game that can be listed, whose leader picks one of finitely many options at every observation.
        ties: whether indifferent followers go for the leader ("strong") or against it ("weak").
        progress: told now and then how far it is.

    Raises:
        InputError: the rules, or the profiles of the game, cannot be listed or are too many.
    """
    count = n_rules(game)
    most = MOST_RULES if game.n_followers == 1 else MOST_PROGRAMS
    if count > most:
        raise InputError(f"{game.name} has {count:.3g} rules, more than the {most} that are gone through.")
    best, value = None, -math.inf
    for number, (rule, finite) in enumerate(induced_games(game)):
        worth = _worth(finite, ties)
        if worth > value:
            best, value = rule, worth
        if progress is not None and number % 100 == 0:
            progress(f"rule {number} of {count}, best so far {value:.6g}")
    assert best is not None
    who = "best response" if game.n_followers == 1 else "coarse correlated equilibria of the agent normal form"
    return Solution(
        value=value,
        rule=game.rule(best),
        attained=True,
        method=f"all {count} rules, one after another",
        followers=f"{who}, ties {ties}",
    )


def n_rules(game: Game) -> float:
    """Number of rules that pick one option at every observation; infinite where a decision is more than that."""
    one_of_n = game.leader_space.idle().ndim == 0
    return float(game.leader_space.mask_size) ** game.n_observations if one_of_n else math.inf


def induced_games(game: Game) -> Iterator[tuple[np.ndarray, FiniteGame]]:
    """Every rule, int32 [n_observations], with the game that it leaves its followers, in 64-bit numbers.

    Raises:
        InputError: the profiles of the game cannot be listed.
    """
    query = all_profiles(game)
    support, probs = game.types.profiles
    shape = (len(support), *game.n_actions)

    @jax.jit
    def play(rules: jax.Array) -> tuple[jax.Array, jax.Array]:
        outcomes = jax.vmap(lambda rule: answer(game, table_of(game, rule), query, jax.random.key(0)))(rules)
        return outcomes.leader, outcomes.followers

    masks = tuple(map(np.asarray, type_masks(game)))
    rules = itertools.product(range(game.leader_space.mask_size), repeat=game.n_observations)
    while chunk := list(itertools.islice(rules, _CHUNK)):
        padded = np.array(chunk + chunk[-1:] * (_CHUNK - len(chunk)), np.int32)
        with jax.enable_x64(True):
            leader, followers = map(np.asarray, play(padded))
        for k, rule in enumerate(padded[: len(chunk)]):
            own = np.moveaxis(followers[k], -1, 0).reshape(-1, *shape)
            yield rule, FiniteGame(support, probs, leader[k].reshape(shape), own, masks)


def _worth(finite: FiniteGame, ties: Ties) -> float:
    """The leader's value once the followers have adapted."""
    if len(finite.n_actions) == 1:
        return float(finite.probs @ _replied(finite, ties))
    least, greatest = value_bounds(finite, "anf_cce")
    return greatest if ties == "strong" else least


def _replied(finite: FiniteGame, ties: Ties) -> Float[np.ndarray, "types"]:
    """The leader's payoff under the best reply of every type of a single follower."""
    allowed = finite.allowed[0][finite.support[:, 0]]
    own = np.where(allowed, finite.followers[0], -np.inf)
    scale = np.abs(np.where(allowed, own, 0)).max(axis=1, keepdims=True)
    tied = own >= own.max(axis=1, keepdims=True) - _TIE * scale
    if ties == "strong":
        return np.where(tied, finite.leader, -np.inf).max(axis=1)
    return np.where(tied, finite.leader, np.inf).min(axis=1)
