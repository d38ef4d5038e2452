"""Five hundred random games: every set's ends against a program written out from the definitions."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from games_at_random import KINDS, Arrays, random_game
from scipy.optimize import linprog

from firstmover.equilibria import extreme, max_entropy, pure_equilibria, value_bounds, violation
from firstmover.equilibria.column_generation import generated
from firstmover.equilibria.programs import joint_play

SETS = ("bcce", "bce", "anf_cce", "anf_ce")
FAST, ALL = 20, 500


class Definition(NamedTuple):
    """A set, by its definition: columns, blocks that sum to 1, what deviations gain, the probabilities of types."""

    columns: list
    blocks: list
    gains: dict
    chances: dict
    objective: list


def _definition(arrays: Arrays, which: str) -> Definition:
    if which.startswith("anf"):
        # A column says what is played at each type profile, with its probability.
        columns = [
            [(arrays.prior[p], p, tuple(m[i, t] for i, t in enumerate(p))) for p in arrays.profiles]
            for m in arrays.maps()
        ]
        blocks = [0] * len(columns)
        names = [tuple(m[pair] for pair in arrays.pairs) for m in arrays.maps()]
    else:
        columns, blocks, names = [], [], []
        for row, p in enumerate(arrays.profiles):
            for a in itertools.product(*(arrays.choices(i, t) for i, t in enumerate(p))):
                columns.append([(arrays.prior[p], p, a)])
                blocks.append(row)
                names.append((row, *a))
    gains = {}
    for i, t in arrays.pairs:
        mine = arrays.choices(i, t)
        keys = [(None, d) for d in mine] if which.endswith("cce") else list(itertools.permutations(mine, 2))
        for told, d in keys:
            row = []
            for column in columns:
                gain = 0.0
                for chance, p, a in column:
                    if p[i] == t and told in (None, a[i]):
                        moved = (*a[:i], d, *a[i + 1 :])
                        gain += chance * (arrays.followers[(i, *p, *moved)] - arrays.followers[(i, *p, *a)])
                row.append(gain)
            gains[(i, t, d) if told is None else (i, t, told, d)] = np.array(row)
    chances = {(i, t): sum(arrays.prior[p] for p in arrays.profiles if p[i] == t) for i, t in arrays.pairs}
    objective = [sum(chance * arrays.leader[(*p, *a)] for chance, p, a in column) for column in columns]
    return Definition(names, blocks, gains, chances, objective)


def _ends(definition: Definition, epsilon: float) -> tuple[float, float]:
    """By the default method and tolerances of the solver, and dense."""
    rows = np.array(list(definition.gains.values())).reshape(-1, len(definition.columns))
    limits = [epsilon * definition.chances[key[:2]] for key in definition.gains]
    sums = np.array([[float(b == block) for b in definition.blocks] for block in sorted(set(definition.blocks))])
    ends = []
    for sign in (1, -1):
        result = linprog(
            sign * np.array(definition.objective), A_ub=rows, b_ub=limits, A_eq=sums, b_eq=np.ones(len(sums))
        )
        assert result.status == 0
        ends.append(sign * result.fun)
    return tuple(ends)


def _proved(definition: Definition, multipliers: dict, sense: str, epsilon: float) -> float:
    """What weak duality makes of the multipliers, written out."""
    assert set(multipliers) == set(definition.gains)
    assert min(multipliers.values(), default=0) >= 0
    sign = 1 if sense == "least" else -1
    costs = sign * np.array(definition.objective)
    for key, multiplier in multipliers.items():
        costs = costs + multiplier * definition.gains[key]
    blocks = np.array(definition.blocks)
    least = sum(costs[blocks == block].min() for block in sorted(set(definition.blocks)))
    return sign * (least - sum(m * epsilon * definition.chances[key[:2]] for key, m in multipliers.items()))


def _case(seed: int) -> tuple[Arrays, float]:
    kind = KINDS[seed % len(KINDS)]
    arrays = random_game(seed, kind, types=seed // 6 % 3 > 0, most=150 if seed < FAST else 600)
    return arrays, 0.1 * (seed // 18 % 2)


def _check(seed: int) -> None:
    arrays, epsilon = _case(seed)
    game = arrays.game
    sets = SETS if game.has_types else (*SETS, "cce", "ce")
    ends = {}
    for which in sets:
        definition = _definition(arrays, which)
        least, greatest = _ends(definition, epsilon)
        assert value_bounds(game, which, epsilon=epsilon) == pytest.approx((least, greatest), abs=1e-6)
        ends[which] = least, greatest
        for sense, exact in (("least", least), ("greatest", greatest)):
            found = [extreme(game, which, sense, epsilon=epsilon)]
            if which.startswith("anf"):
                sign = 1 if sense == "least" else -1
                other = generated(game, which, sign * game.leader, epsilon=epsilon)
                found.append(other._replace(value=sign * other.value, bound=sign * other.bound))
            for end in found:
                assert end.value == pytest.approx(exact, abs=1e-7)
                assert end.bound == pytest.approx(end.value, abs=1e-8)
                assert _proved(definition, end.multipliers, sense, epsilon) == pytest.approx(end.value, abs=1e-8)
                # The vertex is one, attains the value, and is in the set.
                columns = [definition.columns.index(tuple(play)) for play in end.plays.tolist()]
                assert (end.weights > 0).all()
                assert end.weights @ np.array(definition.objective)[columns] == pytest.approx(end.value, abs=1e-9)
                sums = np.bincount(np.array(definition.blocks)[columns], end.weights)
                np.testing.assert_allclose(sums, 1, atol=1e-12)
                assert len(columns) <= len(sums) + len(definition.gains)
                for key, gains in definition.gains.items():
                    assert gains[columns] @ end.weights <= epsilon * definition.chances[key[:2]] + 1e-8
                joint = joint_play(game, which, end.plays, end.weights)
                assert violation(game, which, joint, epsilon=epsilon, tolerance=1e-7) is None
    for inner, outer in (("bce", "bcce"), ("anf_ce", "anf_cce"), ("anf_cce", "bcce"), ("anf_ce", "bce")):
        if epsilon == 0:
            assert ends[outer][0] <= ends[inner][0] + 1e-7
            assert ends[inner][1] <= ends[outer][1] + 1e-7
    _check_pure(arrays, ends if epsilon == 0 else {})


def _check_pure(arrays: Arrays, ends: dict) -> None:
    """Against loops over all profiles of maps and all deviations; each equilibrium lies in every set."""
    game = arrays.game
    expected = []
    for m in arrays.maps():

        def paid(i: int, t: int, action: int, m=m) -> float:
            total = 0.0
            for p in arrays.profiles:
                if p[i] == t:
                    a = tuple(action if j == i else m[j, s] for j, s in enumerate(p))
                    total += arrays.prior[p] * arrays.followers[(i, *p, *a)]
            return total

        if all(
            paid(i, t, m[i, t]) >= max(paid(i, t, d) for d in arrays.choices(i, t)) - 1e-11 for i, t in arrays.pairs
        ):
            expected.append([m[pair] for pair in arrays.pairs])
    found = pure_equilibria(game)
    assert found.tolist() == expected
    for play in found[:5]:
        joint = joint_play(game, "anf_ce", play[None], np.ones(1))
        value = game.probs @ (joint * game.leader).reshape(len(joint), -1).sum(axis=1)
        for which, (least, greatest) in ends.items():
            assert violation(game, which, joint) is None
            assert least - 1e-7 <= value <= greatest + 1e-7


@pytest.mark.parametrize("first", range(0, FAST, 10))
def test_games_agree_with_the_definitions(first: int) -> None:
    for seed in range(first, first + 10):
        _check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FAST, ALL, 20))
def test_larger_games_agree_with_the_definitions(first: int) -> None:
    for seed in range(first, first + 20):
        _check(seed)


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_the_greatest_entropy_is_in_its_set_and_beats_the_ends(seed: int) -> None:
    arrays, epsilon = _case(seed)
    game = arrays.game
    for which in SETS:
        point = max_entropy(game, which, epsilon=epsilon)
        assert violation(game, which, point.joint, epsilon=epsilon, tolerance=1e-7) is None
        blocks = np.ones(1) if which.startswith("anf") else game.probs
        for sense in ("least", "greatest"):
            end = extreme(game, which, sense, epsilon=epsilon)
            rows = end.plays[:, 0] if len(blocks) > 1 else np.zeros(len(end.plays), int)
            assert point.entropy >= -blocks[rows] @ (end.weights * np.log(end.weights)) - 1e-9
