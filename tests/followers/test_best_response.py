"""Best responses against enumeration in plain Python."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import Visits

from firstmover.certificates import certify_play
from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.followers import BestResponse
from firstmover.games import NormalForm, SimpleAllocation


def _respond(game, ties, actions):
    problem = StackelbergPOMDP(game, BestResponse(ties), 0)
    return jax.jit(problem.episode)(table_of(game, jnp.asarray(actions)), jax.random.key(0))


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_one_follower_breaks_ties_as_told(ties: str) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        follower = rng.integers(0, 3, (4, 5)).astype(float)
        leader = rng.normal(size=(4, 5))
        game = NormalForm(leader, follower)
        for row in range(4):
            best = np.flatnonzero(follower[row] == follower[row].max())
            expected = max(leader[row, best]) if ties == "strong" else min(leader[row, best])
            assert float(_respond(game, ties, np.array([row])).reward) == pytest.approx(expected, abs=1e-5)


def test_each_type_plays_its_own_best_response() -> None:
    came = _respond(SimpleAllocation(4, 3), "strong", np.array([3, 0, 1]))
    tables = np.asarray(came.strategy.tables[0])
    assert [tables[t].argmax() for t in (0, 1, 3)] == [1, 2, 0]


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_several_followers_play_the_best_or_worst_pure_equilibrium(ties: str) -> None:
    with_equilibrium = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        payoffs = rng.integers(0, 4, (4, 1, 2, 3, 2)).astype(float)
        payoffs[0] = rng.normal(size=(1, 2, 3, 2))
        game = NormalForm(payoffs[0], payoffs[1:])
        values = []
        for profile in itertools.product(range(2), range(3), range(2)):
            stable = True
            for i, n_actions in enumerate((2, 3, 2)):
                deviations = [(*profile[:i], a, *profile[i + 1 :]) for a in range(n_actions)]
                stable &= payoffs[(1 + i, 0, *profile)] >= max(payoffs[(1 + i, 0, *d)] for d in deviations)
            if stable:
                values.append(payoffs[(0, 0, *profile)])
        if values:
            with_equilibrium += 1
            expected = max(values) if ties == "strong" else min(values)
            assert float(_respond(game, ties, np.array([0])).reward) == pytest.approx(expected, abs=1e-5)
    assert with_equilibrium > 5


def _largest_regret(finite, maps) -> float:
    """Of a profile of pure (type -> action) maps; infinite where a type may not do what its map says."""
    worst = 0.0
    for i, own in enumerate(maps):
        for t, played in enumerate(own):
            if not finite.allowed[i][t, played]:
                return np.inf
            rows = np.flatnonzero(finite.support[:, i] == t)
            pays = []
            for action in range(finite.n_actions[i]):
                total = 0.0
                for r in rows:
                    said = [part[finite.support[r, j]] for j, part in enumerate(maps)]
                    said[i] = action
                    total += finite.probs[r] * finite.followers[(i, r, *said)]
                pays.append(total / finite.probs[rows].sum() if finite.allowed[i][t, action] else -np.inf)
            worst = max(worst, max(pays) - pays[played])
    return worst


def test_bayesian_followers_play_a_pure_equilibrium_where_there_is_one() -> None:
    game = Visits()
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(10):
        possible = [np.flatnonzero(np.asarray(game.leader_mask(jnp.asarray(obs)))) for obs in game.observations()]
        table = np.array([rng.choice(actions) for actions in possible])
        finite = induced_game(game, table)
        profiles = itertools.product(itertools.product(range(2), repeat=2), itertools.product(range(3), repeat=3))
        least = min(_largest_regret(finite, maps) for maps in profiles)
        came = _respond(game, "strong", table)
        assert certify_play(game, table, came.strategy).epsilon.most == pytest.approx(least, abs=1e-5)
        found += least < 1e-9
    assert found > 0


def test_too_many_maps_are_refused() -> None:
    payoffs = np.zeros((3, 1, 200, 200))
    with pytest.raises(InputError, match="multiplicative-weights"):
        StackelbergPOMDP(NormalForm(payoffs[0], payoffs[1:]), BestResponse(), 0)
