"""Sweeps: what a file asks for, workers that are lost, and the table that comes of it."""

import csv
import json
import multiprocessing
import os
import random
import re
import threading
from collections import Counter
from pathlib import Path

import pytest
from stepping import Steps, die, step_by_step

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.sweeps import executors
from firstmover.sweeps.executors import Local, Place, place
from firstmover.sweeps.plan import read_plan
from firstmover.sweeps.schedule import PATIENCE, schedule
from firstmover.sweeps.sweep import sweep
from firstmover.sweeps.task import LOG, Answer, carry_out

PLAN = """
seeds = 2
seed = [0, 100]
optimum = false

[[games]]
name = "escape"

[[games]]
name = "simple-allocation"
parameters = { items = 3 }
each = { messages = [1, 2] }

[[leaders]]
name = "commitment-gradient"
parameters = { updates = 3 }
each = { learning_rate = [0.03, 0.1] }
"""


def planned(folder: Path, text: str = PLAN) -> Path:
    path = folder / "plan.toml"
    path.write_text(text)
    return path


def test_a_plan_is_a_product_of_which_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    tasks = read_plan(planned(tmp_path), tmp_path / "out").tasks
    assert len({task.name for task in tasks}) == len(tasks) == 3 * 2 * 2
    asked = Counter((task.game.name, task.game.parameters.get("messages")) for task in tasks)
    assert asked == {("escape", None): 4, ("simple-allocation", 1): 4, ("simple-allocation", 2): 4}
    more = read_plan(planned(tmp_path, PLAN.replace("0.1]", "0.1, 0.2]")), tmp_path / "out").tasks
    assert {task.name for task in tasks} < {task.name for task in more}  # so what is finished stays finished


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("games = [", "is not TOML"),
        ("seeds = 3", "it names no game"),
        ("game = ['escape']", "unknown key of .*games"),
        ("games = ['escpae']", "did you mean 'escape'"),
        ("games = 'escape'", "games must be a list of names"),
        ("games = ['escape']\nseeds = 'x'", "seeds must be a whole number"),
        ("games = ['escape']\noptimum = 1", "optimum must be true or false"),
        ("[[games]]\nname = 'toll'\neach = {cars = 3}", "each.cars must be a list of values"),
        ("[[games]]\nname = 'toll'\nparameters = {ways = 3}", "unknown parameter of toll 'ways'"),
        ("[[games]]\nname = 'toll'\nways = 3", "unknown key of games"),
        ("[[games]]\nname = 'shop.py:Shop'", "which is not executed because a file names it"),
        (f"games = ['escape']\nseed = {list(range(400))}\n[[leaders]]\nname='ppo'\neach = {{updates = "
         f"{list(range(1, 400))}}}", "asks for 159600 designs"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=sentence):
        read_plan(planned(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_places_that_are_not_here_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    monkeypatch.setattr(executors.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match=r"--on ray needs ray; install it with: pip install 'firstmover\[cluster\]'"):
        place("ray", None, tmp_path, {})
    with pytest.raises(InputError, match="there is no sbatch here"):
        place("slurm", None, tmp_path, {})
    monkeypatch.setattr(executors.shutil, "which", lambda name: name)
    monkeypatch.setitem(__import__("sys").modules, "submitit", None)
    with pytest.raises(InputError, match="--on slurm needs submitit"):
        place("slurm", None, tmp_path, {}).executor()
    with pytest.raises(InputError, match="--on must be one of local, ray, slurm"):
        place("moon", None, tmp_path, {})


def kill_workers(stop: threading.Event, every: float, most: int) -> list[int]:
    """Kill a random worker now and then."""
    draw, killed = random.Random(0), []
    while not stop.wait(every * draw.uniform(0.5, 1.5)) and len(killed) < most:
        workers = multiprocessing.active_children()
        if workers:
            killed.append(draw.choice(workers).pid)
            os.kill(killed[-1], 9)
    return killed


def test_what_a_killed_worker_did_goes_on_and_nothing_is_done_twice(tmp_path: Path) -> None:
    tasks = [Steps(tmp_path / f"task{k}", 12) for k in range(4)]
    for task in tasks:
        task.folder.mkdir()
    lost, stop = [], threading.Event()
    killer = threading.Thread(target=lambda: lost.extend(kill_workers(stop, 0.5, 3)))
    killer.start()
    answers, workers_lost = schedule(tasks, step_by_step, Place(2, lambda: Local(2)), lambda told: None)
    stop.set()
    killer.join()
    assert len(lost) >= 1
    assert workers_lost >= len(lost) - 1  # a worker that waits for work is no loss
    assert answers == [Answer("finished")] * 4
    assert all(task.reached == 12 for task in tasks)
    assert Counter((tmp_path / "ended").read_text().split()) == {task.folder.name: 1 for task in tasks}


def test_a_task_that_kills_every_worker_fails_in_the_end(tmp_path: Path) -> None:
    tasks = [Steps(tmp_path, 0)]
    answers, lost = schedule(tasks, die, Place(1, lambda: Local(1)), lambda told: None)
    assert lost == PATIENCE
    assert answers == [Answer("failed", f"its worker was lost {PATIENCE} times, and it got no further")]


class Here:
    """An executor without workers: the smallest thing that a sweep can run on."""

    def submit(self, function, argument, /):  # type: ignore[no-untyped-def]
        answer = function(argument)
        return type("Done", (), {"done": lambda self: True, "result": lambda self: answer})()

    def shutdown(self) -> None:
        pass


def test_a_sweep_goes_on_skips_what_is_finished_and_tells_all_in_a_table(tmp_path: Path) -> None:
    text = """
        seeds = 1
        seed = [0, 1]
        optimum = false
        games = ["iterated-matrix", "escape"]
        followers = ["regret-matching"]
        [[leaders]]
        name = "random-search"
        parameters = { updates = 1 }
    """
    here = Place(1, Here)
    first = sweep(planned(tmp_path, text), out=tmp_path / "out", on=here)
    assert first.counts == {"finished": 2, "refused": 2, "failed": 0}
    refused = next(row for row in first.rows if row["status"] == "refused")
    assert (refused["game"], refused["followers"]) == ("iterated-matrix", "regret-matching")
    with (tmp_path / "out" / "results.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["design"] for line in lines] == [row["design"] for row in first.rows]
    for row, line in zip(first.rows, lines, strict=True):
        if row["status"] == "finished":
            result = json.loads((tmp_path / "out" / "designs" / row["design"] / "result.json").read_text())
            assert float(line["best_value"]) == row["best_value"] == result["best_value"]
    assert json.loads((tmp_path / "out" / "results.json").read_text())["rows"] == first.rows
    page = (tmp_path / "out" / "results.html").read_text()
    assert all(row["design"] in page for row in first.rows)

    last = first.rows[-1]["design"]
    (tmp_path / "out" / "designs" / last / "result.json").unlink()  # as if it had been killed on its last yard
    again = sweep(tmp_path / "plan.toml", out=tmp_path / "out", on=here)
    assert again.skipped == 1
    assert [row.get("best_value") for row in again.rows] == [row.get("best_value") for row in first.rows]
    events = [json.loads(line) for line in (tmp_path / "out" / LOG).read_text().splitlines()]
    ended = Counter(event["design"] for event in events if event["event"] == "finished")
    assert ended == {row["design"]: 1 + (row["design"] == last) for row in first.rows if row["status"] == "finished"}


def test_the_command_line_refuses_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = planned(tmp_path, "games = ['nothing']")
    assert main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 2
    assert main(["sweep", str(tmp_path / "missing.toml")]) == 2
    assert main(["sweep", str(planned(tmp_path)), "--jobs", "0"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_chaos(tmp_path: Path) -> None:
    """Workers are killed at random while designs learn: all are finished once, with the numbers of a quiet sweep."""
    text = """
        seeds = 2
        optimum = false
        games = ["escape", "maintain"]
        [[leaders]]
        name = "commitment-gradient"
        parameters = { updates = 12000 }
        each = { learning_rate = [0.03, 0.1, 0.3] }
    """
    path = planned(tmp_path, text)
    quiet = sweep(path, out=tmp_path / "quiet")
    killed, stop = [], threading.Event()
    killer = threading.Thread(target=lambda: killed.extend(kill_workers(stop, 8.0, 12)))
    killer.start()
    loud = sweep(path, out=tmp_path / "loud")
    stop.set()
    killer.join()
    assert len(killed) >= 3
    assert loud.counts == quiet.counts == {"finished": 6, "refused": 0, "failed": 0}
    for one, other in zip(quiet.rows, loud.rows, strict=True):
        same = set(one) - {"total_seconds", "compile_seconds", "train_seconds"}
        assert {key: one[key] for key in same} == {key: other[key] for key in same}
    events = [json.loads(line) for line in (tmp_path / "loud" / LOG).read_text().splitlines()]
    ended = Counter(event["design"] for event in events if event["event"] == "finished")
    assert max(ended.values()) == 1


def test_the_plan_of_the_how_to_is_sixteen_designs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text()
    plan = re.search(r"```toml\n(.*?)```", page, re.S)[1]  # type: ignore[index]
    assert len(read_plan(planned(tmp_path, plan), tmp_path / "out").tasks) == 16
    assert "these are sixteen designs" in page


def test_a_design_that_another_process_is_at_is_waited_for_and_not_made_again(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    (task, *_) = read_plan(planned(tmp_path), tmp_path / "out").tasks
    (tmp_path / "out" / "locks").mkdir(parents=True)
    answers: list[Answer] = []
    with (tmp_path / "out" / "locks" / task.name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: answers.append(carry_out(task)))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive() and not answers
        task.folder.mkdir(parents=True)
        (task.folder / "result.json").write_text("{}")  # the other process has finished it
    waiting.join(10)
    assert answers == [Answer("finished")]
    assert not (tmp_path / "out" / LOG).exists()
