"""Bullets for sale: a wave and the best prices derived anew in plain Python, chance, words, bad parameters."""

import functools
import itertools
import math
import statistics

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.plays import Strategies
from firstmover.core.rollout import rollout
from firstmover.equilibria import best_response, play_values
from firstmover.equilibria.markov import joint_strategy
from firstmover.errors import InputError
from firstmover.games import BulletTrade
from firstmover.games.shooting import Screen
from firstmover.jobs.defaults import usual
from firstmover.rules.rule import Rule
from firstmover.solvers.enumeration import best_rule
from firstmover.solvers.registry import baseline, optimum, state_table

SMALL = BulletTrade(points=(1.0, 0.6, 0.3), wave=3, trades=2, steps=9, prices=(0.0, 0.1, 0.6, 0.7, 1.0))
BOUGHT = BulletTrade("buyer", (1.0, 0.6, 0.3), wave=3, trades=2, steps=9, prices=(0.0, 0.05, 0.1, 0.5))


def worth_of_a_wave(points: tuple[float, ...], rows: int, wave: int, first: int) -> float:
    """The most that a wave pays, by trying all that the ship can do: the rules of the game in other words."""
    columns = len(points)
    path = [(age % rows, (first + age // rows) % columns) for age in range(wave + 1)]  # of the targets, by age

    def shot(column: int, age: int) -> float:
        """What a bullet hits that is fired at this age."""
        for flown in range(rows):
            row, now = rows - 1 - flown, age + 1 + flown
            if now > wave:
                return 0.0
            at, over = path[now]
            passed = now % rows != 0 and flown > 0 and at == row + 1  # the target was here, the bullet there
            if over == column and (at == row or passed):
                return points[column]
        return 0.0

    @functools.lru_cache(None)
    def best(column: int, age: int) -> float:
        if age == wave:
            return 0.0
        aside = {max(column - 1, 0), column, min(column + 1, columns - 1)}
        return max(shot(column, age), *(best(next_to, age + 1) for next_to in aside))

    return best(columns // 2, 0)


def by_hand(game: BulletTrade, prices: tuple[float, ...]) -> tuple[float, float]:
    """What leader and follower earn under these prices, ties for the leader, over all columns of all trades."""
    points = tuple(game.points.tolist())
    shots = [worth_of_a_wave(points, game.screen.rows, game.screen.wave, c) for c in range(len(points))]
    leader, follower = [], []
    for entering in itertools.product(shots, repeat=game.trades):
        totals = np.zeros(2)
        for shot, price in zip(entering, prices, strict=True):
            sold, kept = np.array([price, shot - price]), np.array([game.own * shot, 0.0])  # seller, buyer
            options = [sold, kept] if game.leads == "seller" else [sold[::-1], kept[::-1]]
            totals += max(options, key=lambda paid: (round(paid[1], 9), paid[0]))
        leader.append(totals[0])
        follower.append(totals[1])
    return statistics.fmean(leader), statistics.fmean(follower)


@pytest.mark.parametrize(("points", "rows", "wave"), [((1.0, 0.6, 0.3), 2, 3), ((0.2, 1.0, 0.5, 0.7), 3, 6)])
def test_the_best_play_of_a_wave_is_the_best_of_all(points: tuple[float, ...], rows: int, wave: int) -> None:
    screen = Screen(points, rows, wave)
    found = screen.best_shots.worth[0, screen.middle]
    by_trying = [worth_of_a_wave(points, rows, wave, first) for first in range(len(points))]
    assert found.tolist() == by_trying
    assert len(set(by_trying)) > 1


@pytest.mark.parametrize("game", [SMALL, BOUGHT], ids=["seller", "buyer"])
def test_the_best_prices_are_the_best_of_all(game: BulletTrade) -> None:
    values = {rule: by_hand(game, rule) for rule in itertools.product(game.prices.tolist(), repeat=game.trades)}
    best = max(values, key=lambda rule: round(values[rule][0], 9))
    solution = optimum(game, "strong")
    assert solution.value == pytest.approx(values[best][0])
    # The same by the table of all states, whose replies move and fire; and what the follower is left with.
    assert best_rule(game, "strong", "").value == pytest.approx(values[best][0])
    actions = Rule.read(game, solution.rule).actions
    reply = best_response(state_table(game), actions, "strong")
    assert (reply.leader, reply.followers[0]) == pytest.approx(values[best])
    assert best_rule(game, "weak", "").value == pytest.approx(optimum(game, "weak").value)
    assert optimum(game, "weak").value < solution.value
    assert best_response(state_table(game), baseline(game)[2], "strong").leader < solution.value


def test_if_every_bullet_hits_all_are_sold_at_what_they_are_worth() -> None:
    large = {"points": (1.0,) * 8, "rows": 7, "wave": 16, "trades": 5, "steps": 200}
    for leads, price, paid in (("seller", 1.0, (5.0, 0.0)), ("buyer", 0.1, (4.5, 0.5))):
        game = BulletTrade(leads, **large)
        assert (game.screen.best_shots.worth[0, game.screen.middle] == 1).all()
        solution = optimum(game, "strong")
        assert solution.value == pytest.approx(paid[0])
        assert solution.rule == [{"when": {"trade": k}, "do": {"price": price}} for k in range(5)]
        assert by_hand_at(game, price) == pytest.approx(paid)
        with pytest.raises(InputError, match="a table of states is limited to"):
            state_table(game)
    free = BulletTrade("seller", **large, prices=(2.0,))  # nobody buys at that
    assert optimum(free, "strong").value == pytest.approx(0.5)


def by_hand_at(game: BulletTrade, price: float) -> tuple[float, float]:
    """One trade of a game whose shots are all worth 1, as often as there are trades."""
    one = BulletTrade(game.leads, (1.0, 1.0), rows=1, wave=2, trades=1, steps=3)
    return tuple(game.trades * paid for paid in by_hand(one, (price,)))  # type: ignore[return-value]


MOMENTS = BulletTrade(wave=1, trades=2, steps=6, points=(1.0, 0.5), prices=(0.5,))


def test_all_arrangements_of_the_moments_are_equally_likely() -> None:
    table = state_table(MOMENTS)
    assert table.chance is not None
    offers = (table.follower_obs[0] > 0) & (table.possible.sum(axis=1) == len(MOMENTS.offers))
    paths = {((), int(s)): float(table.start[s]) for s in np.flatnonzero(table.start)}
    for _ in range(MOMENTS.steps):
        following: dict[tuple[tuple[bool, ...], int], float] = {}
        for (seen, s), likely in paths.items():
            for k in np.flatnonzero(table.chance[:, s]):
                path = (*seen, bool(offers[s])), int(table.next_states[k, s, 0, 1])  # it buys, and goes left
                following[path] = following.get(path, 0.0) + likely * float(table.chance[k, s])
        paths = following
    arrangements: dict[tuple[bool, ...], float] = {}
    for (seen, _), likely in paths.items():
        arrangements[seen] = arrangements.get(seen, 0.0) + likely
    # Two rounds of two decisions and two idle ones, in any order.
    assert list(arrangements.values()) == pytest.approx([1 / math.comb(4, 2)] * 6)
    assert {sum(seen) for seen in arrangements} == {2}


@pytest.mark.slow
def test_what_is_drawn_is_what_the_table_says() -> None:
    offers = np.arange(MOMENTS.n_obs[0]) < 1 + 2 * 2
    play = Strategies((jnp.eye(MOMENTS.n_actions[0])[np.where(offers, 1, 3)],))  # buys, and fires
    types, rule = jnp.zeros(1, jnp.int32), table_of(MOMENTS, jnp.zeros(2, jnp.int32))

    def played(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        steps = rollout(MOMENTS, rule, play, jnp.zeros((MOMENTS.horizon, 1)), types, key)
        return steps.leader_acts, steps.follower_rewards.sum()

    seen, paid = map(np.asarray, jax.jit(jax.vmap(played))(jax.random.split(jax.random.key(0), 3000)))
    arrangements, counts = np.unique(seen, axis=0, return_counts=True)
    assert len(arrangements) == 6
    assert (np.abs(counts - 500) < 5 * math.sqrt(500)).all()
    table = state_table(MOMENTS)
    exact = play_values(table, np.zeros(2, int), joint_strategy(table, [np.asarray(play.tables[0])]))[1]
    assert abs(paid.mean() - exact) < 5 * paid.std() / math.sqrt(len(paid))
    assert paid.std() > 0


def test_words() -> None:
    entry = {"when": {"trade": 1}, "do": {"price": 0.6}}
    assert SMALL.rule(np.array([0, 2]))[1] == entry
    assert SMALL.sentence(entry) == "at trade 1, the price is 0.6"
    assert BOUGHT.sentence({"when": {}, "do": {"price": 0.1}}) == "at every trade, pay up to 0.1"
    for observation in range(1, SMALL.n_obs[0]):
        trade, first, age, ship = SMALL.situation(observation)
        state = SMALL.waiting()._replace(
            trade=jnp.int32(trade + 1),
            phase=jnp.int32(1 if age < 0 else 2),
            age=jnp.int32(max(age, 0)),
            ship=jnp.int32(ship),
            bullet=jnp.int32(SMALL.screen.loaded),
            first=jnp.int32(first),
        )
        assert int(SMALL.follower_sees(state)) == observation


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"points": (1.0,)}, "points needs a finite number"),
        ({"points": (1.0, -1.0)}, "points needs a finite number"),
        ({"rows": 0}, "rows must be at least 1"),
        ({"wave": 0}, "wave must be at least 1"),
        ({"steps": 7}, "2 trades with waves of 3 need at least 8 steps"),
        ({"prices": (0.5, 0.1)}, "prices must be finite numbers"),
        ({"prices": (-0.5, 0.1)}, "prices must be finite numbers"),
        ({"own": float("nan")}, "own must be a number"),
    ],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        BulletTrade(**parameters)  # type: ignore[arg-type]


def test_where_followers_cannot_plan_a_network_is_trained() -> None:
    assert usual(SMALL).followers == "best-response" and usual(SMALL).why is None
    fitting = usual(BulletTrade(points=(1.0,) * 8, rows=7, wave=16, trades=5, steps=200))
    assert (fitting.followers, fitting.followers_parameters) == ("contextual", {"images": True})
    assert fitting.leader_parameters["reward_episodes"] > 0
    assert fitting.why is not None and "2.12e+09" in fitting.why
