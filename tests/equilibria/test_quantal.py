"""Coverage against attackers that err, against a fine grid, and against the followers that `design` meets."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.equilibria.quantal import Attackers, quantal_commitment, quantal_mixture

TARGETS = Path(__file__).parents[1] / "cases" / "security5.csv"
PAYOFFS = np.genfromtxt(TARGETS, delimiter=",", skip_header=1)[:, 1:]


def _value(c: np.ndarray, payoffs: np.ndarray, rationality: float) -> np.ndarray:
    covered, uncovered, own, other = payoffs.T
    weights = np.exp(rationality * (other + c * (own - other)))
    return (weights * (uncovered + c * (covered - uncovered))).sum(-1) / weights.sum(-1)


@pytest.mark.parametrize(("seed", "rationality"), [(0, 0.1), (1, 0.5), (2, 2.0)])
def test_no_coverage_of_a_grid_beats_the_bound_or_what_is_found(seed: int, rationality: float) -> None:
    rng = np.random.default_rng(seed)
    payoffs = np.stack([rng.uniform(0, 5, 3), rng.uniform(-9, 0, 3), rng.uniform(-5, 0, 3), rng.uniform(0, 9, 3)], -1)
    attackers = Attackers(payoffs[None, :, :2], payoffs[None, :, 2:], np.ones(1), rationality)
    found = quantal_commitment(attackers, 1.0)
    grid = np.array([c for c in itertools.product(np.linspace(0, 1, 61), repeat=3) if sum(c) <= 1 + 1e-9])
    best = _value(grid, payoffs, rationality).max()
    assert found.choice.sum() <= 1 + 1e-9
    assert found.value == pytest.approx(_value(found.choice, payoffs, rationality))
    assert best - 1e-6 <= found.value <= found.bound
    assert found.bound - found.value < 0.02


def test_two_types_and_mixtures_of_assignments_against_a_grid() -> None:
    rng = np.random.default_rng(3)
    payoffs = np.stack([rng.uniform(*ends, (2, 3)) for ends in ((0, 5), (-9, 0), (-5, 0), (0, 9))], -1)
    prior = np.array([0.3, 0.7])
    attackers = Attackers(payoffs[..., :2], payoffs[..., 2:], prior, 0.7)

    def worth(c: np.ndarray) -> np.ndarray:
        return sum(p * _value(c, own, 0.7) for p, own in zip(prior, payoffs, strict=True))

    steps = np.array([c for c in itertools.product(np.linspace(0, 1, 41), repeat=3) if sum(c) <= 1 + 1e-9])
    found = quantal_commitment(attackers, 1.0)
    assert found.choice.sum() <= 1 + 1e-9
    assert found.value == pytest.approx(worth(found.choice))
    assert worth(steps).max() - 1e-3 <= found.value <= found.bound
    # Two of three targets at once, or nothing: a mixture of three.
    covers = np.array([[1.0, 1, 0], [0, 1, 1], [0, 0, 0]])
    mixtures = steps[np.isclose(steps.sum(axis=1), 1)]
    found = quantal_mixture(attackers, covers)
    assert found.choice.sum() == pytest.approx(1)
    assert found.value == pytest.approx(worth(found.choice @ covers))
    assert worth(mixtures @ covers).max() - 1e-3 <= found.value <= found.bound
    np.testing.assert_allclose(found.attacked.sum(axis=1), 1)


def test_the_command(capsys: pytest.CaptureFixture) -> None:
    command = ["solve", "security", "-g", f"targets={TARGETS}", "-g", "resources=2"]
    assert main([*command, "--rationality", "10", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    coverage = np.array(found["rule"][0]["do"]["coverage"])
    low, high = found["bounds"]
    # The attacker's payoffs are shares of what it has at stake, as in `followers.Logit`: here its whole range.
    assert low == pytest.approx(_value(coverage, PAYOFFS, 10 / np.ptp(PAYOFFS[:, 2:])), abs=1e-6)
    assert 0 <= high - low < 0.02
    assert found["optimum"] is None
    assert sum(found["reply"][0][0]) == pytest.approx(1)
    for arguments, sentence in (
        (["--rationality", "x"], "must be a finite number"),
        (["--rationality", "-1"], "from 0"),
    ):
        assert main([*command, *arguments]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["solve", "maintain", "--rationality", "3"]) == 2
    assert "no option rationality; it is for security games" in capsys.readouterr().err
