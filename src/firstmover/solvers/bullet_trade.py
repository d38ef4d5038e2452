"""Bullets for sale: the best prices by the best play of a wave, at any size, and the table of states of a small one."""

import math
import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, PyTree

from firstmover.equilibria.markov import MarkovGame
from firstmover.errors import require
from firstmover.games.base import Ties
from firstmover.games.bullet_trade import BulletTrade
from firstmover.solvers.registry import Baseline, baseline, optimum, state_table
from firstmover.solvers.solution import Solution

_MAX_ENTRIES = 5_000_000
_BLOCK = 64  # states that are stepped at once
_TIE = 1e-12  # payoffs this close, as a share of the largest, are equal


def trade_values(game: BulletTrade, ties: Ties) -> Float[np.ndarray, "2 prices"]:
    """What a trade pays leader and follower in expectation at each price of the leader's.

    Waves do not overlap and start alike, so that a trade is a game of its own, and all trades are the same one.
    """
    shots = game.screen.best_shots.worth[0, game.screen.middle][:, None]  # [columns, 1]
    prices, kept, seller_leads = game.prices, game.own * shots, game.leads == "seller"
    gains = prices - kept, shots - prices  # of the seller and the buyer, where the bullet is sold
    leader, follower = gains if seller_leads else gains[::-1]
    tie = _TIE * max(float(shots.max()), float(prices[-1]))
    sold = np.where(np.abs(follower) <= tie, (leader >= 0) == (ties == "strong"), follower > 0)
    without = (kept, 0.0) if seller_leads else (0.0, kept)
    paid = [other + np.where(sold, gain, 0.0) for other, gain in zip(without, (leader, follower), strict=True)]
    return np.stack([part.mean(axis=0) for part in paid])


@optimum.register(BulletTrade)
def best_prices(game: BulletTrade, ties: Ties) -> Solution:
    """The best price, the same for every trade, against a follower that replies exactly."""
    earned = trade_values(game, ties)[0]
    best = int(np.argmax(earned >= earned.max() - _TIE * max(1.0, float(np.abs(earned).max()))))
    return Solution(
        value=game.trades * float(earned[best]),
        rule=game.rule(np.full(game.trades, best)),
        attained=True,
        method="every price of a trade, against the best play of a wave (dynamic programming); trades are alike",
        followers=f"best response, ties {ties}",
    )


@baseline.register(BulletTrade)
def no_trade(game: BulletTrade) -> Baseline:
    """Prices at which as little is sold as can be: the highest where the seller leads, else the lowest."""
    refusing = len(game.prices) - 1 if game.leads == "seller" else 0
    name = f"always {'the highest' if refusing else 'the lowest'} price"
    return name, game, np.full(game.trades, refusing)


@state_table.register(BulletTrade)
def table_of_rounds(game: BulletTrade) -> MarkovGame:
    """The states that play can come to, with their time, found by stepping the game from its start.

    Raises:
        InputError: the table would be too large.
    """
    screen = game.screen
    rounds = game.trades * (game.steps - game.trades * game.round + 1)
    states = float(rounds) * screen.columns**2 * (screen.rows + 2) * screen.wave
    size = states * len(game.prices) * game.n_actions[0] * (1 + screen.columns)
    require(size <= 20 * _MAX_ENTRIES, f"a table of states is limited to {20 * _MAX_ENTRIES} entries", f"{size:.3g}")
    with jax.enable_x64(True):
        return _explored(game)


def _explored(game: BulletTrade) -> MarkovGame:
    """The table, breadth first: all branches of all actions of the states of a decision give those of the next one."""
    actions = jnp.arange(len(game.prices), dtype=jnp.int32)
    acts = jnp.arange(game.n_actions[0], dtype=jnp.int32)

    def branched(state: PyTree) -> PyTree:
        said, likely = game.branches(state)
        return jax.vmap(lambda word: game.begun(state, word))(said), likely

    def at_state(state: PyTree) -> PyTree:
        def done(action: Array, act: Array) -> PyTree:
            following, rewards = game.stepped(state, action, act)
            return *branched(following), rewards

        return game.observe(state), jax.vmap(jax.vmap(done, (None, 0)), (0, None))(actions, acts)

    stepped = jax.jit(jax.vmap(at_state))
    first, begin = jax.tree.map(np.asarray, jax.jit(branched)(game.waiting()))
    numbers: dict[tuple[int, ...], int] = {}
    frontier = _known(numbers, np.stack(first, -1)[begin > 0])
    parts = []
    for _ in range(game.horizon):
        # In blocks of one size, so that one program is compiled.
        for begins in range(0, len(frontier), _BLOCK):
            block = frontier[begins : begins + _BLOCK]
            padded = block[np.minimum(np.arange(_BLOCK), len(block) - 1)]
            turn, (following, likely, rewards) = stepped(type(first)(*map(jnp.asarray, padded.T)))
            found = jax.tree.map(np.asarray, (turn, jnp.stack(following, -1), likely, rewards))
            parts.append(jax.tree.map(operator.itemgetter(slice(len(block))), found))
        behind = [part[1][part[2] > 0] for part in parts[-math.ceil(len(frontier) / _BLOCK) :]]
        frontier = _known(numbers, np.unique(np.concatenate(behind), axis=0))
    turn, following, likely, rewards = jax.tree.map(lambda *each: np.concatenate(each), *parts)
    # What play comes to after the last decision is one state, the last.
    end, n = len(turn.leader_acts), len(turn.leader_acts) + 1
    flat = following.reshape(-1, following.shape[-1])
    places = np.array([min(numbers.get(tuple(row), end), end) for row in flat.tolist()], np.int32)
    places = np.moveaxis(places.reshape(following.shape[:-1]), -1, 0)
    places = np.where(np.moveaxis(likely, -1, 0) > 0, places, end)

    def with_end(part: np.ndarray, value: float = 0) -> np.ndarray:
        return np.concatenate([part, np.full((1, *part.shape[1:]), value, part.dtype)])

    start = np.zeros(n)
    for row, chance in zip(np.stack(first, -1).tolist(), begin.tolist(), strict=True):
        start[numbers.get(tuple(row), end)] += chance
    nowhere = np.full((len(places), 1, *places.shape[2:]), end, np.int32)
    return MarkovGame(
        start=start,
        leader_obs=with_end(turn.leader_obs[:, 0]),
        follower_obs=with_end(turn.follower_obs[:, 0])[None],
        next_states=np.concatenate([places, nowhere], axis=1),
        leader=with_end(rewards.leader),
        followers=with_end(rewards.followers[..., 0])[None],
        possible=np.concatenate([turn.follower_mask[:, 0], np.eye(1, game.n_actions[0], dtype=bool)]),
        n_actions=game.n_actions,
        n_observations=game.n_observations,
        n_obs=game.n_obs,
        horizon=game.horizon,
        transfers=with_end(rewards.transfers),
        chance=with_end(likely[:, 0, 0], 1 / likely.shape[-1]).T,
    )


def _known(numbers: dict[tuple[int, ...], int], states: np.ndarray) -> np.ndarray:
    """Of these states the new ones, each given the next number."""
    new = [row for row in map(tuple, states.tolist()) if row not in numbers]
    for row in new:
        numbers[row] = len(numbers)
    return np.array(new, np.int32)
