"""Equilibrium sets against exact enumeration and another library."""

import itertools
import warnings
from fractions import Fraction

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.equilibria import (
    FiniteGame,
    extreme,
    joint_play,
    polytopes,
    regrets,
    swap_regrets,
    value_bounds,
    violation,
)
from firstmover.equilibria.column_generation import generated
from firstmover.equilibria.exact_programs import TooLargeError
from firstmover.equilibria.solver import NoAnswerError
from firstmover.errors import InputError


def _random_bayesian(rng, n_types=(2, 2), n_actions=(2, 3), integers=False) -> FiniteGame:
    support = np.array(list(itertools.product(*map(range, n_types))))
    probs = rng.dirichlet(np.ones(len(support)))
    shape = (len(support), *n_actions)
    draw = (lambda *s: rng.integers(0, 3, s).astype(float)) if integers else (lambda *s: rng.normal(size=s))
    allowed = tuple(np.ones((t, a), bool) for t, a in zip(n_types, n_actions, strict=True))
    return FiniteGame(support, probs, draw(*shape), draw(len(n_types), *shape), allowed)


def _exact_extremum(rows, objective):
    """Least value of a linear objective over {x >= 0, sum x = 1, rows . x >= 0}, by listing all vertices exactly."""
    n = len(objective)
    constraints = [[Fraction(v) for v in row] for row in rows] + [
        [Fraction(int(i == j)) for j in range(n)] for i in range(n)
    ]
    best = None
    for tight in itertools.combinations(range(len(constraints)), n - 1):
        point = _solve([constraints[k] for k in tight] + [[Fraction(1)] * n], [Fraction(0)] * (n - 1) + [Fraction(1)])
        if point is not None and all(sum(c * x for c, x in zip(row, point, strict=True)) >= 0 for row in constraints):
            value = sum(Fraction(o) * x for o, x in zip(objective, point, strict=True))
            best = value if best is None else min(best, value)
    return best


def _solve(matrix, right):
    """Gaussian elimination in rationals; None if singular."""
    rows = [[*row, r] for row, r in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(len(rows)):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] / row[k] for k, row in enumerate(rows)]


@pytest.mark.parametrize("seed", range(12))
def test_cce_bounds_of_two_by_two_games_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    followers = rng.integers(0, 4, (2, 2, 2))
    leader = rng.integers(-3, 4, (2, 2))
    rows = []
    for i, a in itertools.product(range(2), range(2)):
        deviated = np.take(followers[i], [a, a], axis=i)
        rows.append((followers[i] - deviated).ravel().tolist())
    least = _exact_extremum(rows, leader.ravel().tolist())
    greatest = -_exact_extremum(rows, (-leader).ravel().tolist())
    game = FiniteGame.without_types(leader.astype(float), followers.astype(float))
    for which in ("bcce", "anf_cce"):
        assert value_bounds(game, which) == pytest.approx((float(least), float(greatest)), abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_sets_are_nested_and_grow_with_epsilon(seed: int, integers: bool) -> None:
    game = _random_bayesian(np.random.default_rng(seed), integers=integers)
    previous = {}
    for epsilon in (0.0, 0.05, 0.5):
        wide, narrow = value_bounds(game, "bcce", epsilon=epsilon), value_bounds(game, "anf_cce", epsilon=epsilon)
        assert wide[0] <= narrow[0] + 1e-7
        assert narrow[1] <= wide[1] + 1e-7
        assert narrow[0] <= narrow[1]
        for which, (low, high) in (("bcce", wide), ("anf_cce", narrow)):
            if which in previous:
                assert low <= previous[which][0] + 1e-7
                assert high >= previous[which][1] - 1e-7
            previous[which] = (low, high)
    # With everything allowed, only the type profiles' best and worst are left.
    rows = game.leader.reshape(len(game.support), -1)
    low, high = value_bounds(game, "bcce", epsilon=100.0)
    assert low == pytest.approx(game.probs @ rows.min(1), abs=1e-7)
    assert high == pytest.approx(game.probs @ rows.max(1), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_nash_equilibria_have_no_regret_and_lie_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leader, one, other = rng.normal(size=(3, 3, 3))
    game = FiniteGame.without_types(leader, np.stack([one, other]))
    low, high = value_bounds(game, "anf_cce")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's own, when it suspects a degenerate game
        equilibria = list(nashpy.Game(one, other).support_enumeration())
    for x, y in equilibria:
        joint = np.outer(x, y)[None]
        assert max(regrets(game, joint).values()) < 1e-8
        assert low - 1e-7 <= (joint[0] * leader).sum() <= high + 1e-7


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_any_play_lies_inside_the_set_of_its_own_regret(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = _random_bayesian(rng)
    # A product of strategies by type: inside both sets, at its regret.
    strategies = [rng.dirichlet(np.ones(a), t) for a, t in zip(game.n_actions, (2, 2), strict=True)]
    joint = np.einsum("pa,pb->pab", *(s[game.support[:, i]] for i, s in enumerate(strategies)))
    found = regrets(game, joint)
    value = game.probs @ (joint * game.leader).sum((1, 2))
    for which in ("bcce", "anf_cce"):
        low, high = value_bounds(game, which, epsilon=max(0.0, *found.values()))
        assert low - 1e-7 <= value <= high + 1e-7


def test_regret_written_out() -> None:
    game = _random_bayesian(np.random.default_rng(3))
    joint = np.random.default_rng(4).dirichlet(np.ones(6), 4).reshape(4, 2, 3)
    found = regrets(game, joint)
    for (i, t), regret in found.items():
        rows = [r for r in range(4) if game.support[r, i] == t]
        total = sum(game.probs[r] for r in rows)
        gains = []
        for deviation in range(game.n_actions[i]):
            gain = 0.0
            for r, a, b in itertools.product(rows, range(2), range(3)):
                moved = (deviation, b) if i == 0 else (a, deviation)
                gain += (
                    game.probs[r]
                    / total
                    * joint[r, a, b]
                    * (game.followers[(i, r, *moved)] - game.followers[i, r, a, b])
                )
            gains.append(gain)
        assert regret == pytest.approx(max(gains), abs=1e-12)


def test_forbidden_actions_are_neither_played_nor_deviated_to() -> None:
    followers = np.array([[[[1.0, 5.0]], [[1.0, 5.0]]]])[0][None, :, 0]
    leader = np.array([[0.0, 1.0], [0.0, 1.0]])
    support, probs = np.array([[0], [1]]), np.array([0.5, 0.5])
    free = FiniteGame(support, probs, leader, followers, (np.ones((2, 2), bool),))
    bound = FiniteGame(support, probs, leader, followers, (np.array([[True, False], [True, True]]),))
    for which in ("bcce", "anf_cce"):
        assert value_bounds(free, which) == pytest.approx((1.0, 1.0))
        assert value_bounds(bound, which) == pytest.approx((0.5, 0.5))
    stay = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert regrets(free, stay)[0, 0] == pytest.approx(4.0)
    assert regrets(bound, stay)[0, 0] == pytest.approx(0.0)


def test_types_that_are_common_knowledge_or_not() -> None:
    """The separating example: an action may be correlated with another's type in `bcce`, never in `anf_cce`.

    Follower 0 has two types and no influence; follower 1 has one type and guesses. Only the leader is paid for a
    right guess. `bcce` lets the guess follow the type that the guesser cannot know.
    """
    support, probs = np.array([[0, 0], [1, 0]]), np.array([0.5, 0.5])
    leader = np.eye(2)[:, None, :]
    game = FiniteGame(support, probs, leader, np.zeros((2, 2, 1, 2)), (np.ones((2, 1), bool), np.ones((1, 2), bool)))
    assert value_bounds(game, "bcce") == pytest.approx((0.0, 1.0))
    assert value_bounds(game, "anf_cce") == pytest.approx((0.5, 0.5))


def test_programs_that_are_too_large_are_refused_with_their_size() -> None:
    n_types, n_actions = 12, 4
    support = np.array(list(itertools.product(range(n_types), range(n_types))))
    shape = (len(support), n_actions, n_actions)
    allowed = (np.ones((n_types, n_actions), bool),) * 2
    game = FiniteGame(support, np.full(len(support), 1 / len(support)), np.zeros(shape), np.zeros((2, *shape)), allowed)
    assert value_bounds(game, "bcce") == pytest.approx((0.0, 0.0))
    with pytest.raises(InputError, match=r"anf_cce has .* variables"):
        value_bounds(game, "anf_cce")


def _square(n_types: int, n_actions: int, seed: int, followers: int = 2) -> FiniteGame:
    """Uniform independent types, random payoffs."""
    rng = np.random.default_rng(seed)
    types = (n_types,) * followers
    shape = (*types, *(n_actions,) * followers)
    return FiniteGame.with_types(
        np.full(types, 1 / np.prod(types)), rng.uniform(size=shape), rng.uniform(size=(followers, *shape))
    )


@pytest.mark.parametrize("which", ["anf_cce", "anf_ce"])
def test_what_is_too_large_to_list_is_generated_and_proved(which: str) -> None:
    game = _square(6, 3, 0)  # 531,441 profiles of maps
    least, greatest = (extreme(game, which, sense) for sense in ("least", "greatest"))
    assert least.value < greatest.value - 0.1
    assert least.bound == pytest.approx(least.value, abs=1e-9)
    assert greatest.bound == pytest.approx(greatest.value, abs=1e-9)
    regret = regrets if which == "anf_cce" else swap_regrets
    for end in (least, greatest):
        joint = joint_play(game, which, end.plays, end.weights)
        assert game.probs @ (joint * game.leader).sum(axis=(1, 2)) == pytest.approx(end.value, abs=1e-9)
        assert max(regret(game, joint).values()) < 1e-9
    wide = value_bounds(game, "bcce")
    assert wide[0] < least.value
    assert greatest.value < wide[1]


@pytest.mark.parametrize("kind", ["uniform", "integers", "equal"])
@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_generated_columns_end_where_all_columns_do(kind: str, epsilon: float) -> None:
    game = _square(3, 3, 1)  # 729 profiles: listed
    if kind != "uniform":
        payoffs = np.random.default_rng(2).integers(0, 3, game.followers.shape) * float(kind == "integers")
        game = FiniteGame(game.support, game.probs, game.leader, payoffs, game.allowed)
    for which in ("anf_cce", "anf_ce"):
        least, greatest = value_bounds(game, which, epsilon=epsilon)
        assert generated(game, which, game.leader, epsilon=epsilon).value == pytest.approx(least, abs=1e-9)
        assert -generated(game, which, -game.leader, epsilon=epsilon).value == pytest.approx(greatest, abs=1e-9)


def test_a_single_follower_with_many_types_is_generated() -> None:
    # Each type alone chooses a best reply: the sets are one point, found among 3^20.
    rng = np.random.default_rng(0)
    leader, payoffs = rng.uniform(size=(20, 3)), rng.uniform(size=(20, 3))
    game = FiniteGame.with_types(np.full(20, 0.05), leader, payoffs[None])
    expected = leader[np.arange(20), payoffs.argmax(axis=1)].mean()
    assert value_bounds(game, "anf_cce") == pytest.approx((expected, expected), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 100_000), st.sampled_from([1e-6, 1.0, 1e6]), st.sampled_from(["bcce", "bce", "anf_cce", "anf_ce"])
)
def test_units_do_not_matter(seed: int, unit: float, which: str) -> None:
    """Each follower's payoffs in other units, plus what depends on others' actions only, change no equilibrium."""
    rng = np.random.default_rng(seed)
    game = _random_bayesian(rng)
    followers = game.followers * np.array([1.0, unit])[:, None, None, None]
    followers[0] += rng.normal(size=(1, 1, 3))
    followers[1] += unit * rng.normal(size=(1, 2, 1))
    same = FiniteGame(game.support, game.probs, 7 + unit * game.leader, followers, game.allowed)
    least, greatest = value_bounds(game, which)
    expected = (7 + unit * least, 7 + unit * greatest)
    assert value_bounds(same, which) == pytest.approx(expected, abs=1e-7 * unit)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, 4))
def test_rare_types_have_no_regret_either(seed: int, digits: int) -> None:
    """The limits are conditional on the type, however rare it is."""
    rng = np.random.default_rng(seed)
    rare = 10.0**-digits / 2
    shape = (2, 2, 3)
    leader, payoffs = rng.normal(size=shape), rng.normal(size=(2, *shape))
    # Types that everybody knows: two games, each played as if it were alone.
    prior = np.diag([rare, 1 - rare])
    full = [np.zeros((2, 2, 2, 3)), np.zeros((2, 2, 2, 2, 3))]
    full[0][[0, 1], [0, 1]], full[1][:, [0, 1], [0, 1]] = leader, payoffs
    game = FiniteGame.with_types(prior, *full)
    alone = [value_bounds(FiniteGame.without_types(leader[k], payoffs[:, k]), "ce") for k in range(2)]
    for which in ("bce", "anf_ce"):
        for end, sense in enumerate(("least", "greatest")):
            found = extreme(game, which, sense)
            joint = joint_play(game, which, found.plays, found.weights)
            first = float((joint[0] * leader[0]).sum())
            assert found.value == pytest.approx(rare * alone[0][end] + (1 - rare) * alone[1][end], abs=1e-7)
            assert first == pytest.approx(alone[0][end], abs=1e-6)
            assert violation(game, which, joint, tolerance=1e-8) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_mixed_nash_equilibria_are_correlated_equilibria(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leader, one, other = rng.normal(size=(3, 3, 3))
    game = FiniteGame.without_types(leader, np.stack([one, other]))
    coarse, fine = value_bounds(game, "cce"), value_bounds(game, "ce")
    assert coarse == pytest.approx(value_bounds(game, "anf_cce"), abs=1e-8)
    assert coarse[0] - 1e-7 <= fine[0] <= fine[1] <= coarse[1] + 1e-7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's own, when it suspects a degenerate game
        equilibria = list(nashpy.Game(one, other).support_enumeration())
    for x, y in equilibria:
        joint = np.outer(x, y)
        assert violation(game, "ce", joint[None], tolerance=1e-8) is None
        assert fine[0] - 1e-7 <= (joint * leader).sum() <= fine[1] + 1e-7


def test_every_set_where_they_differ() -> None:
    """Moulin and Vial 1978: a coarse correlated equilibrium can be worth more than every correlated one."""
    # Rock, paper, scissors with a prize of 1 for both if they avoid a draw: only independent play is correlated.
    one = np.array([[0.0, 4.0, 5.0], [5.0, 0.0, 4.0], [4.0, 5.0, 0.0]])
    game = FiniteGame.without_types(one + one.T, np.stack([one, one.T]))
    assert value_bounds(game, "ce")[0] == pytest.approx(6.0)
    assert value_bounds(game, "cce") == pytest.approx((6.0, 9.0))


def test_an_objective_of_ones_own() -> None:
    game = _random_bayesian(np.random.default_rng(5))
    for which in ("bcce", "anf_ce"):
        own = FiniteGame(game.support, game.probs, game.followers[1], game.followers, game.allowed)
        assert value_bounds(game, which, objective=game.followers[1]) == pytest.approx(value_bounds(own, which))
        assert value_bounds(game, which, objective=np.ones(game.leader.shape)) == pytest.approx((1.0, 1.0))


def test_sets_of_games_without_types_are_refused_where_there_are_types() -> None:
    game = _random_bayesian(np.random.default_rng(6))
    with pytest.raises(InputError, match=r"cce is for games without private types; .* bcce or anf_cce .* larger"):
        value_bounds(game, "cce")
    with pytest.raises(InputError, match=r"ce is for games without private types; .* bce or anf_ce .* smaller"):
        extreme(game, "ce", "least")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"epsilon": -0.1}, "epsilon must be a finite number of at least 0; got -0.1"),
        ({"epsilon": float("nan")}, "epsilon .* got nan"),
        ({"objective": np.zeros((4, 2))}, r"the objective must have shape \(4, 2, 3\); got \(4, 2\)"),
        ({"objective": np.full((4, 2, 3), np.nan)}, "the objective must be finite numbers"),
    ],
)
def test_bad_arguments_are_refused(argument: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        value_bounds(_random_bayesian(np.random.default_rng(7)), "bcce", **argument)


_PRIOR, _LEADER, _FOLLOWERS = np.full((2, 1), 0.5), np.zeros((2, 1, 2, 3)), np.zeros((2, 2, 1, 2, 3))


@pytest.mark.parametrize(
    ("prior", "leader", "followers", "allowed", "message"),
    [
        ([[0.5], [0.6]], _LEADER, _FOLLOWERS, None, "the prior must sum to 1; got 1.1"),
        ([[1.5], [-0.5]], _LEADER, _FOLLOWERS, None, "probabilities must be at least 0; got -0.5"),
        ([[0.5], [np.nan]], _LEADER, _FOLLOWERS, None, "the prior must be finite numbers"),
        (_PRIOR, _LEADER + np.inf, _FOLLOWERS, None, "the leader's payoffs must be finite numbers"),
        (_PRIOR, "prices", _FOLLOWERS, None, "the leader's payoffs must be an array of numbers"),
        (_PRIOR, _LEADER[0], _FOLLOWERS, None, r"the leader's payoffs must have shape \(2, 1\) \+ one size"),
        (_PRIOR, _LEADER[:, :, :, :0], _FOLLOWERS, None, "the leader's payoffs must have shape"),
        (_PRIOR, _LEADER, _FOLLOWERS[:1], None, r"the followers' payoffs must have shape \(2, 2, 1, 2, 3\); got"),
        (_PRIOR, _LEADER, _FOLLOWERS, [np.ones((2, 2))], "allowed actions must be given for 2 followers; got 1"),
        (_PRIOR, _LEADER, _FOLLOWERS, [np.ones((2, 2)), np.ones((2, 3))], r"follower 1 must have shape \(1, 3\)"),
        (_PRIOR, _LEADER, _FOLLOWERS, [np.eye(2)[[0, 0]] * 0, np.ones((1, 3))], "every type of follower 0 must be"),
        (1.0, 0.0, [], None, "every follower needs a type"),
    ],
)
def test_bad_games_are_refused_in_one_sentence(prior, leader, followers, allowed, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FiniteGame.with_types(prior, leader, followers, allowed)


def test_bad_games_without_types_are_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match=r"the followers' payoffs must have shape \(2, 2, 3\); got \(2, 3, 2\)"):
        FiniteGame.without_types(np.zeros((2, 3)), np.zeros((2, 3, 2)))
    with pytest.raises(InputError, match="every follower needs an action"):
        FiniteGame.without_types(np.zeros((2, 0)), np.zeros((2, 2, 0)))
    with pytest.raises(InputError, match="the followers' payoffs must be finite numbers"):
        FiniteGame.without_types([[0, 1]], [[[0, 1]], [[0, float("nan")]]])


def test_types_that_never_occur_are_left_out() -> None:
    game = FiniteGame.with_types([[0.25, 0.0], [0.75, 0.0]], _LEADER[:, [0, 0]], _FOLLOWERS[:, :, [0, 0]])
    assert game.support.tolist() == [[0, 0], [1, 0]]
    assert game.probs.tolist() == [0.25, 0.75]
    assert list(game.follower_types()) == [(0, 0), (0, 1), (1, 0)]


def test_followers_without_a_choice() -> None:
    game = FiniteGame.without_types([[3]], [[[1]], [[1]]])
    for which in ("cce", "ce", "bcce", "bce", "anf_cce", "anf_ce"):
        assert value_bounds(game, which) == (3.0, 3.0)


@pytest.mark.parametrize("which", ["cce", "ce"])
def test_where_floats_find_no_end_it_is_found_in_fractions(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chicken = FiniteGame.without_types([[12, 9], [9, 0]], [[[6, 2], [7, 0]], [[6, 7], [2, 0]]])
    known = [extreme(chicken, which, sense) for sense in ("least", "greatest")]

    def none(*_: object, **__: object) -> None:
        raise NoAnswerError("a linear program was not solved by any method")

    monkeypatch.setattr(polytopes, "float_extreme", none)
    for sense, end in zip(("least", "greatest"), known, strict=True):
        alone = extreme(chicken, which, sense)
        assert alone.fractions[0] == end.fractions[0] and alone.multipliers.keys() == end.multipliers.keys()

    def too_large(*_: object, **__: object) -> None:
        raise TooLargeError(np.zeros(1))

    monkeypatch.setattr(polytopes, "rational_end", too_large)
    with pytest.raises(InputError, match="too large for fractions"):
        extreme(chicken, which, "least")
