"""A solver whose methods are wrong: what one of them denies the next is asked, and no answer is a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from jax import numpy as jnp
from scipy.optimize import LinearConstraint, OptimizeResult

from firstmover import design
from firstmover.cli import main
from firstmover.core.plays import Strategies
from firstmover.equilibria.commitments import mixed_commitment
from firstmover.equilibria.solver import NoAnswerError, attempt, minimum, mixed_integer
from firstmover.evaluation.measures import measures
from firstmover.evaluators import judge_of
from firstmover.games import MatrixDesign
from firstmover.solvers.registry import baseline

INFEASIBLE, GIVEN_UP = 2, 4
LINEAR = {"A_ub": np.array([[1.0, 1.0]]), "b_ub": np.array([1.0])}  # x, y >= 0


def _first(monkeypatch: pytest.MonkeyPatch, solver: str, statuses: list[int]) -> list[int]:
    """Let the first calls of a solver of SciPy end so; the calls are counted in what is returned."""
    solve: Callable[..., OptimizeResult] = getattr(scipy.optimize, solver)
    calls: list[int] = []

    def wrong(*args: Any, **options: Any) -> OptimizeResult:
        calls.append(len(calls))
        if len(calls) <= len(statuses):
            return OptimizeResult(status=statuses[len(calls) - 1], x=None, fun=None, message="(a test)")
        return solve(*args, **options)

    monkeypatch.setattr(scipy.optimize, solver, wrong)
    return calls


def test_one_method_that_denies_a_solution_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    _first(monkeypatch, "linprog", [INFEASIBLE])
    assert attempt(np.array([-1.0, -2.0]), **LINEAR).fun == pytest.approx(-2)


def test_two_that_deny_it_are_but_not_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _first(monkeypatch, "linprog", [GIVEN_UP, INFEASIBLE, INFEASIBLE])
    assert attempt(np.array([-1.0, -2.0]), **LINEAR).status == INFEASIBLE
    assert len(calls) == 3
    monkeypatch.undo()
    _first(monkeypatch, "linprog", [INFEASIBLE, INFEASIBLE])
    assert minimum(np.array([-1.0, -2.0]), **LINEAR).fun == pytest.approx(-2)


def test_a_program_without_a_solution_has_none() -> None:
    empty = {"A_ub": np.array([[1.0, 1.0]]), "b_ub": np.array([-1.0])}
    assert attempt(np.ones(2), **empty).status == INFEASIBLE
    with pytest.raises(NoAnswerError):
        minimum(np.ones(2), **empty)


@pytest.mark.parametrize("presolve", [True, False])
def test_whole_numbers_are_looked_for_both_ways(presolve: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    program = {"integrality": np.ones(2), "constraints": LinearConstraint(LINEAR["A_ub"], -np.inf, LINEAR["b_ub"])}
    options: dict[str, float | bool] = {"presolve": presolve}
    _first(monkeypatch, "milp", [INFEASIBLE])
    assert mixed_integer(np.array([-1.0, -2.0]), options, **program).fun == pytest.approx(-2)
    monkeypatch.undo()
    _first(monkeypatch, "milp", [INFEASIBLE, INFEASIBLE])
    assert mixed_integer(np.array([-1.0, -2.0]), options, **program).status == INFEASIBLE
    monkeypatch.undo()
    _first(monkeypatch, "milp", [INFEASIBLE])
    assert mixed_integer(np.array([-1.0, -2.0]), options, denials=1, **program).status == INFEASIBLE
    monkeypatch.undo()
    _first(monkeypatch, "milp", [INFEASIBLE, GIVEN_UP])
    with pytest.raises(NoAnswerError):
        mixed_integer(np.array([-1.0, -2.0]), options, **program)


def test_an_optimum_over_many_regions_does_not_hang_on_the_first_method(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    leader, follower = rng.normal(size=(2, 25, 25))  # too many payoffs to go through all regions in fractions
    right = mixed_commitment(leader, follower, "strong").value
    solve, calls = scipy.optimize.linprog, [0]

    def every_other_is_wrong(*args: Any, **options: Any) -> OptimizeResult:
        calls[0] += 1
        if calls[0] % 2:
            return OptimizeResult(status=INFEASIBLE, x=None, fun=None, message="(a test)")
        return solve(*args, **options)

    monkeypatch.setattr(scipy.optimize, "linprog", every_other_is_wrong)
    assert mixed_commitment(leader, follower, "strong").value == right


def test_measures_have_no_interval_where_no_ends_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    game = MatrixDesign()
    actions = np.asarray(baseline(game)[2])
    play = Strategies(tuple(jnp.full((1, n), 1 / n) for n in judge_of(game).listing(actions).finite.n_actions))
    assert all(own.interval is not None for own in measures(game, actions, play).values())
    _first(monkeypatch, "linprog", [GIVEN_UP] * 1000)
    found = measures(game, actions, play)
    assert found
    assert all(own.interval is None and own.over is None and np.isfinite(own.value) for own in found.values())


def _none(*args: object, **options: object) -> None:
    raise NoAnswerError("a linear program was not solved by any method (a test)")


def test_a_design_and_its_certificate_do_without_numbers_that_no_method_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstmover.jobs.designs.exact_optimum", _none)
    monkeypatch.setattr("firstmover.certificates.exact.rational_end", _none)
    monkeypatch.setattr("firstmover.evaluators.listed.value_bounds", _none)
    design(MatrixDesign(), seeds=1, out=tmp_path / "run")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["optimum"] is None
    assert result["optimum_reason"] == "a linear program was not solved by any method (a test)"
    certificate = json.loads((tmp_path / "run" / "certificate.json").read_text())
    assert certificate["value"] == pytest.approx(result["best_value"], abs=1e-9)
    assert certificate["leader_value_bounds"] is None
    assert "not solved by any method" in certificate["reason"]


def test_no_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("firstmover.jobs.solutions.solve", _none)
    assert main(["solve", "maintain"]) == 1
    assert capsys.readouterr().err == "firstmover: a linear program was not solved by any method (a test)\n"
