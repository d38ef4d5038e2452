"""How good followers' replies are, compared with exact ones, in games with a table of states."""

import contextlib
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from firstmover.core.commitment import table_of
from firstmover.core.plays import Play
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.equilibria.markov_replies import best_response, memoryless_response, play_values
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.json_types import Parsed
from firstmover.solvers.registry import state_table

MAX_RULES = 1_000  # leader rules that a follower is judged by, all there are or a sample
_EXACT = 1e-6  # a reply this close to the best, as a share of the payoff range, is exact


def rules_to_judge_by(game: Game, seed: int = 0) -> Int[np.ndarray, "rules O"]:
    """All deterministic rules of a game with discrete decisions, or `MAX_RULES` drawn at random where there are more.

    Raises:
        InputError: decisions are not discrete.
    """
    if game.leader_space.continuous or np.asarray(game.leader_space.idle()).ndim:
        raise InputError(f"replies are judged by deterministic rules; decisions in {game.name} are not discrete.")
    masks = np.asarray(jax.vmap(game.leader_mask)(jnp.asarray(game.observations())))
    options = [np.flatnonzero(mask) for mask in masks]
    if np.prod([float(len(option)) for option in options]) <= MAX_RULES:
        return np.array(list(itertools.product(*options)), np.int64)
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(option, MAX_RULES) for option in options], axis=1)


def quality(
    game: Game, followers: Follower, *, seeds: int = 1, rules: Int[np.ndarray, "rules O"] | None = None
) -> Parsed | None:
    """How far a single follower's replies are from exact ones, over all or over random leader rules.

    Two exact replies: the best among tables of one action per observation (`memoryless`), and the best reply that knows
    the state and the time (`timed`).

    Args:
        game: the game.
        followers: the model; with `of_seed`, each seed's own.
        seeds: how many of them.
        rules: leader rules; all of them, or a sample, if not given.

    Returns:
        `rules`: how many; for each kind of exact reply `mean_regret` and `worst_regret` (payoff units) and `exact`
        (fraction of rules with a reply within 1e-6 of the payoff range), a list over seeds. `memoryless` is left out
        where there are too many tables to try. None where the game has no table of states or several followers.
    """
    if game.n_followers > 1:
        return None
    try:
        markov, judged = state_table(game), rules_to_judge_by(game) if rules is None else rules
    except InputError:
        return None
    best = {}
    for kind, respond in (("memoryless", memoryless_response), ("timed", best_response)):
        with contextlib.suppress(InputError):  # too many tables of the follower to try
            best[kind] = np.array([respond(markov, rule, "strong").followers[0] for rule in judged])
    standard = game.standardised
    problem = StackelbergPOMDP(standard, followers, reward_episodes=1)

    def reply(position: jax.Array, rule: jax.Array) -> Play:
        return problem.of_seed(position).episode(table_of(standard, rule), jax.random.key(position)).strategy

    with jax.enable_x64(True):
        strategies = jax.jit(jax.vmap(jax.vmap(reply, (None, 0)), (0, None)))(jnp.arange(seeds), jnp.asarray(judged))
    plays = jax.tree.map(np.asarray, strategies)

    def earned(seed: int, number: int) -> float:
        play: Play = jax.tree.map(lambda leaf: leaf[seed, number], plays)
        return float(play_values(markov, judged[number], play.in_states(markov))[1])

    paid = np.array([[earned(seed, number) for number in range(len(judged))] for seed in range(seeds)])
    found: Parsed = {"rules": len(judged)}
    for kind, values in best.items():
        regret = values - paid
        found[kind] = {
            "mean_regret": regret.mean(axis=1).tolist(),
            "worst_regret": regret.max(axis=1).tolist(),
            "exact": (regret <= _EXACT * markov.spans[1]).mean(axis=1).tolist(),
        }
    return found
