"""Nothing that is learnt depends on where payoffs start and how large they are.

Learners and followers meet a standardised copy of the game and nothing else. So it is enough that the copies are the
same: to the bit where adding and multiplying are exact, to rounding otherwise.
"""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_markets import AffinePlainAllocation, AffinePlainShop, AffineShop, AffineWorks

from firstmover.cli import printing
from firstmover.errors import InputError
from firstmover.evaluators import induced_game, play_distribution, value_of
from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    Logit,
    MultiplicativeWeights,
    PolicyGradient,
    QLearning,
    RegretMatching,
    SwapRegret,
)
from firstmover.games import (
    BayesianNormalForm,
    Game,
    IteratedMatrix,
    MatrixDesign,
    NormalForm,
    Patrol,
    SecurityGame,
    SequentialPrice,
    SimpleAllocation,
    Toll,
)
from firstmover.games.units import stake
from firstmover.jobs import build
from firstmover.jobs.certifications import respond
from firstmover.jobs.designs import design
from firstmover.leaders import CommitmentGradient
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline, baseline_actions, state_table

CASES = Path(__file__).parents[1] / "cases"
EXACT = [(2.0**996, 0.0), (2.0**-990, 0.0), (1.0, 1e7), (4.0, -123456.0)]
ROUNDED = [(1e300, 0.0), (1e-300, 0.0), (1e-6, 3.3), (1e6 / 3, -1e5)]


def _tables(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


# Games by (multiplied, added) to the leader's payoffs, and the same to the followers'.
Made = Callable[[float, float, float, float], Game]
AFFINE: dict[str, Made] = {
    "normal-form": lambda a, b, c, d: NormalForm(a * _tables(0, 3, 2, 3) + b, c * _tables(1, 2, 3, 2, 3) + d, "mixed"),
    "bayesian": lambda a, b, c, d: BayesianNormalForm(
        a * _tables(0, 2, 3, 3) + b, c * _tables(1, 2, 3, 3) + d, (0.25, 0.75), "mixed"
    ),
    "security": lambda a, b, c, d: SecurityGame(
        np.concatenate([a * _tables(0, 4, 2) + b, c * _tables(1, 4, 2) + d], axis=1), 2
    ),
    "iterated": lambda a, b, c, d: IteratedMatrix(
        leader_payoffs=a * _tables(0, 2, 3) + b, follower_payoffs=c * _tables(1, 2, 3) + d, steps=4
    ),
    "patrol": lambda a, b, c, d: Patrol(
        values=tuple(c * _tables(1, 3) + d),
        losses=tuple(-(a * _tables(0, 3) + b)),
        penalty=-(c * -2.0 + d),
        bounty=a * 3.0 + b,
        length=2,
    ),
}
# Games with money: what everybody is paid is in one currency, and nothing is nothing.
MONEY: dict[str, Callable[[float], Game]] = {
    "sequential-price": lambda a: SequentialPrice(
        prices="continuous",
        messages=1,
        values={"values": [[[a * 1.0], [a * 3.0]], [[a * 2.0], [a * 4.0]]], "probabilities": [[0.5, 0.5]] * 2},
    ),
}


def _standard(game: Game) -> dict[str, Any]:
    """All that a standardised copy is made of that says something about payoffs."""
    kept = vars(game.standardised)
    names = ("leader_payoffs", "follower_payoffs", "payoffs", "paid", "values", "losses", "penalty", "bounty")
    ranges = ("leader_payoff_range", "follower_payoff_ranges", "stakes", "highest")
    found = {name: kept[name] for name in (*names, *ranges) if kept.get(name) is not None}
    if "games" in kept:
        found["games"] = [(one.leader_payoffs, one.follower_payoffs) for one in kept["games"]]
    if isinstance(game, IteratedMatrix):
        del found["leader_payoffs"], found["follower_payoffs"]  # `paid` is what it plays
    return found


def _same(left: dict[str, Any], right: dict[str, Any], tolerance: float) -> None:
    assert left.keys() == right.keys()
    for name in left:
        for a, b in zip(
            *(np.concatenate([np.ravel(x) for x in _flat(side[name])]) for side in (left, right)), strict=True
        ):
            assert a == pytest.approx(b, rel=tolerance, abs=tolerance) if tolerance else a == b, name


def _flat(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in _flat(part)] if isinstance(value, list | tuple) else [np.asarray(value)]


@pytest.mark.parametrize("name", AFFINE)
def test_copies_are_the_same_whatever_the_units(name: str) -> None:
    plain = _standard(AFFINE[name](1, 0, 1, 0))
    for leader, follower in zip(EXACT, reversed(EXACT), strict=True):
        _same(_standard(AFFINE[name](*leader, *follower)), plain, 0)
    for leader, follower in zip(ROUNDED, reversed(ROUNDED), strict=True):
        _same(_standard(AFFINE[name](*leader, *follower)), plain, 1e-8)


@pytest.mark.parametrize("name", MONEY)
def test_copies_are_the_same_in_whatever_currency(name: str) -> None:
    plain = _standard(MONEY[name](1))
    for factor, tolerance in ((2.0**996, 0), (2.0**-990, 0), (1e300, 1e-12), (1e-300, 1e-12)):
        _same(_standard(MONEY[name](factor)), plain, tolerance)


@pytest.mark.parametrize("name", sorted(build.registered("game")))
def test_a_copy_pays_what_the_game_pays_but_for_its_units(name: str) -> None:
    """Played by the same rule and replies, in 64 bit: a gain is a gain, in every game that can be standardised."""
    schedules = {"schedule": ["a", "b"], "covers": [["0", "1"], ["2"]]}
    extra = {
        "security": {"targets": _tables(3, 4, 4)},
        "security-schedules": {"targets": _tables(3, 4, 4), "schedules": schedules},
    }
    if name in ("normal-form", "bayesian-normal-form"):
        game: Game = AFFINE["normal-form" if name == "normal-form" else "bayesian"](3, 1, 2, 5)
    else:
        game = build.build("game", name, extra.get(name, {}))
    copy = game.standardised
    assert copy.standardised is copy
    assert game.standardised is copy
    assert (copy is game) == (copy.payoff_units is None)
    if copy is game or game.followers_act != "once":
        return
    rng = np.random.default_rng(0)
    idle = np.asarray(game.leader_space.idle())
    table = np.zeros((game.n_observations, *idle.shape), np.int32)
    if game.leader_space.continuous:
        table = rng.random(table.shape)
    units = copy.payoff_units
    assert units is not None
    own, scaled = induced_game(game, table), induced_game(copy, game.standard_actions(table))
    np.testing.assert_allclose(units.of_leader(scaled.leader), own.leader, atol=1e-9 * units.scales[0])
    for i, offset in enumerate(units.offsets[1:]):
        paid = offset + units.scales[1 + i] * scaled.followers[i]
        np.testing.assert_allclose(paid, own.followers[i], atol=1e-9 * units.scales[1 + i])
    np.testing.assert_allclose(game.own_actions(game.standard_actions(table)), table)


@pytest.mark.parametrize("name", ["iterated", "patrol", "toll"])
def test_a_copy_of_a_game_of_many_steps_is_the_game_but_for_its_units(name: str) -> None:
    game = Toll() if name == "toll" else AFFINE[name](3, 1, 2, 5)
    copy, units = game.standardised, game.standardised.payoff_units
    assert units is not None
    own, scaled = state_table(game), state_table(copy)
    np.testing.assert_array_equal(own.next_states, scaled.next_states)
    weight = sum(own.discount**t for t in range(own.horizon))
    paying = own.rewards.any(axis=(0, 2, 3))  # the game may be over in a state
    for table, other, offset, scale in zip(own.rewards, scaled.rewards, units.offsets, units.scales, strict=True):
        np.testing.assert_allclose((offset / weight + scale * other)[paying], table[paying], atol=1e-9 * scale)
    assert state_table(copy) is state_table(copy)


MARKETS = [AffineShop, AffinePlainShop, AffineWorks, AffinePlainAllocation]


def _paid_in_32_bit(game: Game) -> np.ndarray:
    """What a standardised copy pays at all profiles, at decisions of few digits, and what it says about payoffs."""
    copy = game.standardised
    types, actions = game.possible_profiles()
    steps = game.leader_space.spread(9) if game.leader_space.n_options is None else np.arange(2, dtype=np.int32)

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, 0, None))
    @functools.partial(jax.vmap, in_axes=(None, None, 0))
    def pays(types: Any, actions: Any, decision: Any) -> Any:
        state, total = copy.reset(types, jax.random.key(0)), 0.0
        for _ in range(copy.horizon):
            state, paid = copy.step(state, decision, actions, jax.random.key(0))
            total = total + jnp.append(paid.leader, paid.followers)
        return total

    paid = np.asarray(pays(types, actions, np.asarray(steps)))
    assert paid.dtype == np.float32
    said = [copy.leader_payoff_range, *copy.follower_payoff_ranges, copy.stakes]
    return np.concatenate([np.ravel(paid), *map(np.ravel, said)])


@pytest.mark.parametrize("market", MARKETS)
def test_a_market_is_played_the_same_whatever_its_units(market: Any) -> None:
    plain = _paid_in_32_bit(market())
    assert 0.5 < np.ptp(plain) < 10
    for leader, follower in zip(EXACT, reversed(EXACT), strict=True):
        # Prices of a grid are rounded in 64 bit, and so is what adding makes of them: by a last digit of 32 at most.
        np.testing.assert_allclose(_paid_in_32_bit(market(leader, follower)), plain, rtol=2e-7, atol=2e-7)
    for leader, follower in zip(ROUNDED, reversed(ROUNDED), strict=True):
        np.testing.assert_allclose(_paid_in_32_bit(market(leader, follower)), plain, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("market", "leader", "followers"),
    [
        (AffineShop, (2.0**400, 0.0), (2.0**-400, 0.0)),
        pytest.param(AffineWorks, (1.0, 1e7), (4.0, -(2.0**40)), marks=pytest.mark.slow),
    ],
)
def test_a_market_is_learnt_the_same_whatever_its_units(market: Any, leader: Any, followers: Any) -> None:
    learner = CommitmentGradient(updates=20, episodes=50, restarts=2)
    plain = design(market(), leader=learner, seeds=2, optimum=False)
    other = design(market(leader, followers), leader=learner, seeds=2, optimum=False)
    np.testing.assert_array_equal(other.tables, plain.tables)
    for ours, theirs in ((other.learned_values, plain.learned_values), (other.history.value, plain.history.value)):
        np.testing.assert_allclose((ours - leader[1]) / leader[0], theirs, rtol=1e-7, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-20, 20), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(-900, 900),
    st.integers(-(2**40), 2**40),
)
def test_a_stake_is_affine_and_at_most_the_range(rows: list[list[int]], power: int, added: int) -> None:
    payoffs = np.array(rows, float)
    found = stake(payoffs, "the follower")
    assert 0 < found <= (np.ptp(payoffs) or 1.0)
    assert stake(payoffs + added, "the follower") == found
    if np.ptp(payoffs):
        assert stake(payoffs * 2.0**power, "the follower") == found * 2.0**power
    # A forbidden column, however bad, is nothing that is at stake.
    ordinary = stake(payoffs[:, :2], "the follower")
    if (payoffs[:, 0] != payoffs[:, 1]).all():
        for bad in (-1e4, -1e9):
            forbidden = np.column_stack([payoffs[:, :2], np.full(len(payoffs), bad)])
            assert stake(forbidden, "the follower") <= ordinary * (1 + 1e-9)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(InputError, match="1e-306 to 1e306"):
        NormalForm([[1.7e308, -1.7e308]], [[0.0, 1.0]])


@pytest.mark.parametrize("leader", sorted(build.registered("leader")))
def test_every_learner_meets_the_standardised_game(leader: str) -> None:
    if leader == "evolution":
        pytest.importorskip("evosax")
    game = IteratedMatrix() if leader == "meta-gradient" else NormalForm(_tables(0, 3, 3), _tables(1, 3, 3))
    made = build.build("leader", leader, {})
    assert made.problem(game, MultiplicativeWeights() if game.followers_act == "once" else BestResponse()).game is (
        game.standardised
    )


FOLLOWERS = [
    BestResponse("weak"),
    Exp3(rounds=20),
    FictitiousPlay(rounds=20),
    Logit(rounds=20),
    MultiplicativeWeights(rounds=20, play="last"),
    MultiplicativeWeights(rounds=20, update="sampled", play="average"),
    PolicyGradient(rounds=4, batch=8, play="last"),
    QLearning(rounds=30),
    RegretMatching(rounds=20, plus=True),
    SwapRegret(rounds=20),
]


@pytest.mark.parametrize("followers", FOLLOWERS, ids=lambda f: f.name)
def test_followers_play_the_same_whatever_the_units(followers: Any) -> None:
    made = AFFINE["normal-form"]
    mixture = np.array([[0.5, 0.25, 0.25]])
    plays = [
        respond(Rule(game, mixture), followers)
        for game in (made(1, 0, 1, 0), made(2.0**996, 0, 2.0**-990, 0), made(1, 1e7, 4, -123456.0))
    ]
    leaves = [
        np.concatenate([np.ravel(leaf) for leaf in vars(play).values() for leaf in _flat(leaf)]) for play in plays
    ]
    np.testing.assert_array_equal(leaves[1], leaves[0])
    np.testing.assert_array_equal(leaves[2], leaves[0])


def test_a_scale_is_in_units_of_the_game() -> None:
    """Twice the payoffs on twice the scale: the same play."""
    made, mixture = AFFINE["normal-form"], np.array([[0.5, 0.25, 0.25]])
    plays = [
        respond(Rule(made(1, 0, factor, 0), mixture), MultiplicativeWeights(rounds=5, scale=factor * 8.0))
        for factor in (1.0, 2.0)
    ]
    other = respond(Rule(made(1, 0, 2, 0), mixture), MultiplicativeWeights(rounds=5, scale=8.0))
    np.testing.assert_allclose(plays[0].tables[0], plays[1].tables[0], rtol=1e-12)
    assert np.abs(np.asarray(plays[0].tables[0]) - np.asarray(other.tables[0])).max() > 1e-3


@pytest.mark.parametrize(
    ("case", "offset", "scale"), [("scale_1e38", 0, 1e38), ("offset_1e7", 1e7, 1), ("outlier_default_followers", 0, 1)]
)
def test_payoffs_of_any_size_are_learnt_alike(case: str, offset: float, scale: float) -> None:
    """All three are one game but for units, and for a column that nobody plays; its optimum is 2.5."""
    made = design(build.game_from(str(CASES / f"{case}.nfg"), {"commitment": "mixed"}), seeds=2)
    np.testing.assert_allclose((made.learned_values - offset) / scale, 2.4836, atol=1e-3)
    assert made.history.value[-1] == pytest.approx(made.learned_values, rel=1e-2)
    result = json.loads(json.dumps(made.as_json(), allow_nan=False))
    assert result["from_baseline"] == [False, False]


def test_a_design_is_never_worth_less_than_its_baseline() -> None:
    """Two updates of ten episodes learn nothing: the baseline stands in, and what was learnt stands beside it."""
    payoffs = _tables(5, 6, 3), _tables(6, 6, 3)
    made = design(NormalForm(*payoffs, "mixed"), leader=CommitmentGradient(updates=1, episodes=10, restarts=1), seeds=4)
    assert made.from_baseline.any()
    name, game, table = baseline(made.game)
    assert game is made.game
    assert np.all(made.values >= made.learned_values)
    np.testing.assert_array_equal(
        made.tables[made.from_baseline], np.broadcast_to(table, (4, *table.shape))[made.from_baseline]
    )
    assert np.all(made.values[~made.from_baseline] == made.learned_values[~made.from_baseline])
    alone = respond(Rule(game, table), made.followers)
    worth = value_of(induced_game(game, table), play_distribution(game, alone))
    np.testing.assert_allclose(made.values[made.from_baseline], worth, atol=1e-9)
    assert np.all(made.values >= worth - 1e-9)
    if made.from_baseline[made.best]:
        assert f"the rule is the baseline, '{name}'" in printing.design(made.as_json())


def test_one_copy_starts_from_the_baseline() -> None:
    game, leader = NormalForm(_tables(5, 6, 3), _tables(6, 6, 3), "mixed"), CommitmentGradient()
    problem = leader.problem(game, MultiplicativeWeights())
    tables = leader.tables(problem, leader.init(problem, jax.random.key(0)))
    np.testing.assert_allclose(tables[-1], baseline_actions(game), atol=1e-6)
    assert baseline_actions(game) is not None
    assert baseline_actions(SimpleAllocation(3, 2)) is None
    assert baseline_actions(MatrixDesign()) is not None


class _Taxed(NormalForm):
    """Pays otherwise than its parent, whose copies would not."""

    def step(self, state: Any, action: Any, follower_actions: Any, key: Any) -> Any:
        state, paid = super().step(state, action, follower_actions, key)
        return state, paid._replace(followers=paid.followers - 1000.0 * (follower_actions == 0))


def test_a_game_that_pays_otherwise_than_its_parent_is_no_copy_of_it() -> None:
    tables = [[1.0, 2.0]], [[5.0, 4.0]]
    game = _Taxed(*tables)
    assert game.standardised is game
    play = respond(Rule(game, np.array([0])), BestResponse())
    assert np.asarray(play.tables[0]).tolist() == [[0.0, 1.0]]
    assert NormalForm(*tables).standardised.payoff_units is not None
