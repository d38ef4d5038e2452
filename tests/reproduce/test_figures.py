"""Reproductions: what they claim, what they write, and that they go on where they stopped."""

import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from firstmover import reproduce as room
from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.followers import MultiplicativeWeights
from firstmover.followers.trained import Trained
from firstmover.games import Escape, SimpleAllocation
from firstmover.jobs.designs import design
from firstmover.leaders import BiLevelActorCritic, CommitmentGradient, MetaGradient
from firstmover.report.charts import Chart, Series
from firstmover.report.curves import Curve, as_csv
from firstmover.reproduce import FIGURES
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.figures import agrawal_loss, payments_table

NAMES = """
newsvendor newsvendor-learning online-learners manipulation
maintain escape matrix-design allocation-messages allocation-critic mspm critic-loss mspm-scaling ablations followers
twelve-games follower-quality meta-followers mixed-leader related-work markov-games crowd-toll tax tax-schedules
platform-rules seller-collusion seller-models
hidden-queries leader-memory carried-followers reward-while-learning best-responding
"""


def test_every_figure_is_listed_with_its_claim(capsys: pytest.CaptureFixture) -> None:
    assert set(FIGURES) == set(NAMES.split())
    assert main(["reproduce", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {name: item["claim"] for name, item in listed.items()} == {n: f.claim for n, f in FIGURES.items()}


@pytest.mark.slow
def test_figures_share_a_run_only_where_they_share_an_experiment() -> None:
    by_name: dict[str, Experiment] = {}
    for figure in FIGURES.values():
        for experiment in figure.experiments.values():
            assert by_name.setdefault(experiment.name, experiment) is experiment
            assert Path(experiment.name).name == experiment.name
            assert set(experiment.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
            if not isinstance(experiment, Experiment):  # nothing is designed in it
                continue
            followers = experiment.followers
            assert isinstance(followers, Trained) == (experiment.training is not None)
            if isinstance(followers, Trained):
                networks = followers.untrained(experiment.game, jax.random.key(0))
                followers = followers.having(jax.tree.map(lambda leaf: leaf[None], networks))
            experiment.leader.problem(experiment.game, followers)  # its parts fit


@pytest.mark.parametrize(
    ("price", "loss"), [(0.25, 0.2), (0.31, 0), (0.5, 0), (1.0, 0), (1.29, 0), (1.31, 0.15), (2.4, 0.15)]
)
def test_the_published_price_range_is_too_wide(price: float, loss: float) -> None:
    np.testing.assert_allclose(agrawal_loss(price), loss, atol=1e-9)


def test_payments_needed_in_equilibrium_and_after_few_rounds() -> None:
    rows = payments_table(runs=300)
    np.testing.assert_allclose([row["cce_low"] for row in rows], [8 / 25, 1 / 4] + [1] * 9, atol=1e-9)
    after_25 = [row["differ_after_25"] for row in rows]
    assert after_25[:3] == sorted(after_25[:3])
    assert after_25[2] < 0.2 < after_25[3] < 0.8
    assert min(after_25[4:]) > 0.99
    after_1000 = [row["differ_after_1000"] for row in rows]
    assert after_1000[0] < 0.01
    assert min(after_1000[1:]) > 0.9


def _figure() -> Figure:
    experiment = Experiment(
        "small", SimpleAllocation(2, 2), MultiplicativeWeights(rounds=5), CommitmentGradient(updates=4, episodes=10)
    )
    return Figure(
        "small",
        "nowhere",
        "It works.",
        "value",
        {"commitment level": experiment},
        lambda: {"optimum": 1.0},
        lambda made: [Verdict("it works", "1", f"{made['commitment level'].value}", "1", True, "-")],
        charts=lambda made: [
            Chart(
                "values", "", "seed", "value", [Series("own", np.arange(3.0), made["commitment level"].learned_values)]
            )
        ],
    )


def test_results_are_written_and_a_second_call_reads_them_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(room.FIGURES, "small", _figure())
    first = room.reproduce(["small"], seeds=3, out=tmp_path)
    folder = tmp_path / "small"
    rows = (folder / "curves.csv").read_text().splitlines()
    assert rows[0] == "curve,env_steps,seed,value"
    assert len(rows) == 1 + 4 * 3
    assert (folder / "small.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (folder / "small.svg").read_bytes()
    assert len((folder / "values.csv").read_text().splitlines()) == 1 + 3
    assert all((folder / f"values.{kind}").stat().st_size for kind in ("png", "svg"))
    assert json.loads((folder / "verdicts.json").read_text())["verdicts"] == first["small"]["verdicts"]
    outcome = (tmp_path / "runs" / "small" / "outcome.npz").stat().st_mtime_ns
    again = room.reproduce(["small"], seeds=3, out=tmp_path)
    assert again["small"]["verdicts"] == first["small"]["verdicts"]
    assert (tmp_path / "runs" / "small" / "outcome.npz").stat().st_mtime_ns == outcome
    with pytest.raises(InputError, match="other settings"):
        room.reproduce(["small"], seeds=2, out=tmp_path)


def test_a_stop_leaves_what_was_done(tmp_path: Path, monkeypatch) -> None:
    figure = _figure()
    small = figure.experiments["commitment level"]

    class Stopped(Experiment):
        def run(self, folder, seeds, progress):
            raise KeyboardInterrupt

    late = Stopped("late", small.game, small.followers, small.leader)
    monkeypatch.setitem(room.FIGURES, "small", replace(figure, experiments={"a": small, "b": late}))
    with pytest.raises(KeyboardInterrupt):
        room.reproduce(["small"], seeds=2, out=tmp_path)
    assert (tmp_path / "runs" / "small" / "result.json").exists()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["nonsense"], "unknown figure 'nonsense'"),
        ([], "name the figures"),
        (["escape", "--seeds", "1"], "at least 2 seeds"),
        (["escape", "--seeds", "x"], "whole number"),
    ],
)
def test_bad_input(
    arguments: list[str], match: str, capsys: pytest.CaptureFixture, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", *arguments]) == 2
    assert match in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_verdicts_on_related_work_are_computed_from_what_was_learnt() -> None:
    game, optimum = Escape(), 30.0
    made = {
        "escape, meta-gradient": design(game, leader=MetaGradient(updates=1, spread=0.0), seeds=2),
        "escape, bi-level actor-critic": design(game, leader=BiLevelActorCritic(), seeds=2),
    }
    early, late = FIGURES["related-work"].judge(made)
    assert not early.agrees
    mixed, committed = early.ours.split("; ")[:2]
    # Uniform play earns 75 / 9 from a uniform follower, and 10 from one that replies best to it.
    assert 75 / 9 < float(mixed.split("mean ")[1].split()[0]) < 10
    assert f"as committed mean {np.mean(made['escape, meta-gradient'].learned_values):.4g} " in committed
    np.testing.assert_allclose(made["escape, bi-level actor-critic"].learned_values, optimum)
    assert late.agrees
    assert "2 of 2 seeds" in late.ours
    assert {verdict.exact.split(",")[0] for verdict in (early, late)} == {"30"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reward-while-learning", "best-responding", "mixed-leader"])
def test_claims_hold_over_few_seeds(name: str, tmp_path: Path) -> None:
    """`firstmover reproduce` has 25; the claims are the same."""
    verdicts = room.reproduce([name], seeds=4, out=tmp_path)[name]["verdicts"]
    assert len(verdicts) >= 2
    assert [verdict["claim"] for verdict in verdicts if verdict["agrees"] is False] == []


def test_curves_as_csv() -> None:
    text = as_csv([Curve("a", np.array([10.0, 20.0]), np.array([[1.0, 2.0], [3.0, 4.0]]))])
    assert text == "curve,env_steps,seed,value\na,10,0,1\na,10,1,2\na,20,0,3\na,20,1,4\n"
