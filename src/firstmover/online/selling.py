"""A supplier sells for many rounds to a newsvendor whose demand it learns: one loop, vmapped over seeds.

Regret is against the best wholesale price for the true demand (Stackelberg regret): what that price earns in
expectation less what the asked one does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from firstmover.core.noise import address_uniform
from firstmover.errors import InputError, require
from firstmover.games.newsvendor import Newsvendor
from firstmover.json_types import JsonObject
from firstmover.online.meetings import checkpoints
from firstmover.online.pictures import Panel, draw
from firstmover.online.suppliers import WITHIN, Chain, Sale, Supplier
from firstmover.report.statistics import mean_interval
from firstmover.solvers.newsvendor import wholesale_optimum

MOST_ROUNDS = 1_000_000
_FINE, _COARSE = 4001, 201  # wholesale prices with their replies; orders in a supplier's plans
_DEVIATIONS = 6.0


@dataclass(frozen=True, eq=False)
class Selling:
    """What came of a supplier that learns demand while it sells.

    Attributes:
        price: the best wholesale price for the true demand.
        earned: what it earns in a round.
        at: after how many rounds the regret was added up.
        leader_regret: by then, for every seed.
        last: the wholesale price of the last round, for every seed.
    """

    price: float
    earned: float
    at: Int[np.ndarray, "points"]
    leader_regret: Float[np.ndarray, "points seeds"]
    last: Float[np.ndarray, "seeds"]

    @property
    def slope(self) -> float:
        """How the mean regret grows on log-log axes, from a hundredth of the rounds on: 1 if it never stops."""
        late = self.at >= max(self.at[-1] / 100, 1)
        mean = np.maximum(self.leader_regret.mean(1)[late], 1e-12)
        return float(np.polyfit(np.log(self.at[late]), np.log(mean), 1)[0])

    def draw(self, title: str, kind: str) -> bytes:
        """The picture of the average regret, "png" or "svg"."""
        average = self.leader_regret / self.at[:, None]
        return draw(self.at, [Panel("the supplier's regret a round", average, {"none": 0.0})], title, kind)

    def as_json(self) -> JsonObject:
        """The optimum, the regret of every seed, its growth and its curve over seeds."""
        average = self.leader_regret / self.at[:, None]
        return {
            "optimum": {"wholesale price": self.price, "value": self.earned},
            "rounds": int(self.at[-1]),
            "leader_regret": self.leader_regret[-1].tolist(),
            "leader_regret_interval": list(mean_interval(self.leader_regret[-1])),
            "leader_regret_slope": self.slope,
            "last_price": self.last.tolist(),
            "curves": {
                "rounds": self.at.tolist(),
                "average_regret": [list(mean_interval(row)) for row in average],
            },
        }


def sell(
    game: Newsvendor,
    supplier: Supplier,
    *,
    rounds: int,
    seeds: int,
    seed: int = 0,
    alive: Callable[[int], None] | None = None,
) -> Selling:
    """Let a supplier learn demand while it sells.

    Its first guesses of t0 and t1 are off by a factor of up to `WITHIN` each, drawn for every seed.

    Args:
        game: the chain; its t0 and t1 are the truth.
        supplier: how it learns.
        rounds: how many, from 10 to `MOST_ROUNDS`.
        seeds: independent seeds.
        seed: the first.
        alive: told after how many rounds it stands, now and then.

    Raises:
        InputError: the contract is no wholesale price, there is a reservation, or a number is out of range.

    Example:
        >>> from firstmover.games import Newsvendor
        >>> from firstmover.online.suppliers import Optimistic
        >>> sell(Newsvendor(), Optimistic(), rounds=20, seeds=2).leader_regret.shape[1]
        2
    """
    if game.contract != "wholesale" or game.reservation:
        raise InputError("unknown demand is learnt under wholesale prices without a reservation.")
    require(10 <= rounds <= MOST_ROUNDS, f"the number of rounds must be from 10 to {MOST_ROUNDS}", rounds)
    require(1 <= seeds <= 10_000, "the number of seeds must be from 1 to 10000", seeds)
    with jax.enable_x64(True):  # what a price that hardly varies tells of the slope is lost in 32 bits
        return _sold(game, supplier, rounds, seeds, seed, alive)


def chain_of(game: Newsvendor, rounds: int) -> Chain:
    """What a supplier knows of a chain before the first of so many rounds."""
    reach = game.spread * (1.0 if game.noise == "uniform" else _DEVIATIONS)
    surplus = jnp.linspace(-reach, reach, _COARSE)
    known = game.cost, rounds, game.spread, game.t0 / game.t1, game.t0**2 / (4 * game.t1)
    cost, horizon, spread, dearest, most = (jnp.asarray(number, float) for number in known)
    return Chain(cost, horizon, spread, dearest, most, surplus, game.distribution(surplus), game.lost(surplus))


def _sold(
    game: Newsvendor, supplier: Supplier, rounds: int, seeds: int, seed: int, alive: Callable[[int], None] | None
) -> Selling:
    """As `sell`, in 64-bit numbers."""
    best, earned, _ = wholesale_optimum(game)
    chain = chain_of(game, rounds)
    asked_of = jnp.linspace(0.0, game.t0 / game.t1, _FINE)
    replies = jax.vmap(lambda asked: game.reply(0, asked))(asked_of[:, None])
    truth = jnp.array([game.t0, game.t1], float)
    keys = jax.vmap(lambda k: jax.random.key_data(jax.random.key(k)))(jnp.arange(seed, seed + seeds))
    words = keys.astype(jnp.uint32)[:, -2:]

    def one_round(state: PyTree, word: Array, time: Array) -> tuple[PyTree, tuple[Array, Array]]:
        u, chance = address_uniform(word, time[None], 2).astype(float)
        noise = game.spread * (2 * chance - 1 if game.noise == "uniform" else jax.scipy.stats.norm.ppf(chance))
        asked = supplier.ask(chain, state, time, u)
        price, order = (jnp.interp(asked, asked_of, own) for own in replies.T)
        sale = Sale(asked, order, price, game.t0 - game.t1 * price + noise, (asked - game.cost) * order)
        return supplier.learn(chain, state, time, sale), (sale.earned, asked)

    @jax.jit
    def rounds_of(states: PyTree, times: Array) -> tuple[PyTree, tuple[Array, Array]]:
        return jax.lax.scan(lambda s, t: jax.vmap(one_round, (0, 0, None))(s, words, t), states, times)

    first = jax.vmap(lambda word: address_uniform(word, jnp.full(1, -1, jnp.int32), 2))(words)
    guesses = truth * WITHIN ** (2 * first - 1)
    states = jax.vmap(lambda guess: supplier.init(chain, guess))(guesses)
    paid, done, part = [], 0, max(1, min(rounds, 1000))
    while done < rounds:
        times = jnp.arange(done, min(done + part, rounds), dtype=jnp.int32)
        states, (each, asked) = rounds_of(states, times)
        paid.append(np.asarray(each, np.float64))
        done += len(times)
        if alive is not None:
            alive(done)
    at = checkpoints(rounds)
    regret = np.cumsum(earned - np.concatenate(paid), axis=0)[at - 1]
    return Selling(best, earned, at, regret, np.asarray(asked[-1], np.float64))
