"""Does a game whose followers act in every step pay what it declares, and what its table of states says?"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from firstmover.core.commitment import table_of
from firstmover.core.declarations import check_chance, check_paid
from firstmover.core.plays import TimedStrategies
from firstmover.core.rollout import rollout
from firstmover.core.trees import AnyArray
from firstmover.equilibria.markov import MarkovGame, induced
from firstmover.errors import InputError
from firstmover.evaluators.induced import Paid, exact_table
from firstmover.games.base import Game

_EPISODES = 32  # that are played by the game's own code, each with chance of its own
_AGREE = 1e-9  # share of the payoffs by which the two may differ

Rule = Int[np.ndarray, "O"] | Float[np.ndarray, "O A"]


def check_markov(game: Game, markov: MarkovGame, rule: Rule) -> None:
    """Refuse a game that is not what it declares under this rule.

    The least and the greatest that anybody can be paid, whatever the followers do, must lie in the declared ranges; and
    what sub-episodes pay when the game's own code plays them must be what its table of states says.

    Raises:
        InputError: it is not.
    """
    check_chance(game)
    for greatest in (False, True):
        ends = _ends(markov, rule, greatest=greatest).T
        check_paid(game, ends[:, 0], ends[:, 1:], None, lambda _: "under some play of the followers")
    if rule.ndim == 1 and markov.start.max() == 1 and markov.chance is None:
        _check_steps(game, markov, rule)


def _ends(markov: MarkovGame, rule: Rule, *, greatest: bool) -> Float[np.ndarray, "players starts"]:
    """The least or the greatest total payment of every player, each over all play of the followers."""
    induced_table, possible = induced(markov, rule[None]), markov.possible.T[:, None]
    values = np.zeros_like(induced_table.paid[:, 0])
    for _ in range(markov.horizon):
        ahead = induced_table.ahead(values, markov.discount)
        if greatest:
            values = np.where(possible, ahead, -np.inf).max(axis=1)
        else:
            values = np.where(possible, ahead, np.inf).min(axis=1)
    return values[:, 0, markov.start > 0]


def _check_steps(game: Game, markov: MarkovGame, rule: Int[np.ndarray, "O"]) -> None:
    """Random play, by the table and by the game's own code."""
    rng = np.random.default_rng(0)
    state = np.full(_EPISODES, int(markov.start.argmax()))
    expected, joint = np.zeros((1 + game.n_followers, _EPISODES)), []
    for t in range(markov.horizon):
        joint.append(np.array([rng.choice(np.flatnonzero(markov.possible[s])) for s in state]))
        at = state, rule[markov.leader_obs[state]], joint[-1]
        expected += markov.discount**t * markov.rewards[(slice(None), *at)]
        state = markov.next_states[at]
    acts = np.array(np.unravel_index(np.array(joint).T, markov.n_actions))  # [followers, episodes, steps]
    with jax.enable_x64(True):
        paid = _steps_of(game)(exact_table(game, rule).actions, jnp.asarray(acts, jnp.int32))
    leader, followers, transfers = jax.tree.map(np.asarray, paid)
    check_paid(game, leader, followers, transfers, lambda _: "under random play of the followers")
    played = np.vstack([leader, followers.T])
    if not np.allclose(played, expected, rtol=0, atol=_AGREE * max(1.0, float(np.abs(expected).max()))):
        raise InputError(
            f"{game.name} pays otherwise than its table of states says: its step must depend on nothing but the state, "
            "and change with time by the discount only."
        )


@functools.lru_cache(maxsize=8)
def _steps_of(game: Game) -> Callable[[AnyArray, AnyArray], Paid]:
    """One compiled function per game: what sub-episodes pay when followers take given actions in every step."""

    def one(actions: jax.Array, acts: jax.Array, key: jax.Array) -> Paid:
        tables = tuple(
            jnp.broadcast_to(jax.nn.one_hot(own, a)[:, None], (len(own), o, a))
            for own, o, a in zip(acts, game.n_obs, game.n_actions, strict=True)
        )
        play, types = TimedStrategies(tables), jnp.zeros(game.n_followers, jnp.int32)
        steps = rollout(game, table_of(game, actions), play, None, types, key)
        transfers = None if steps.transfers is None else steps.transfers.sum(0)
        return steps.leader_reward.sum(0), steps.follower_rewards.sum(0), transfers

    def all_of_them(actions: jax.Array, acts: jax.Array) -> Paid:
        keys = jax.random.split(jax.random.key(0), acts.shape[1])
        return jax.vmap(one, (None, 1, 0))(actions, acts, keys)

    return jax.jit(all_of_them)
