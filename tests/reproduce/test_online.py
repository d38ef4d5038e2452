"""What is reproduced of learners online: short runs, kept and read back, and what their verdicts hold them to."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firstmover import reproduce as room
from firstmover.errors import InputError
from firstmover.games import Newsvendor
from firstmover.online.followers import FollowerUcb
from firstmover.online.leaders import Exp3
from firstmover.online.suppliers import CertaintyEquivalent
from firstmover.reproduce.online import LEARNERS, LEARNING, TABLE_2
from firstmover.reproduce.online_experiments import Pair, Sale


def test_meetings_are_drawn_kept_and_read_back(tmp_path: Path, monkeypatch) -> None:
    pairs = {
        "exp3 and ucb": Pair("exp3-ucb", Exp3(), FollowerUcb(), rounds=300),
        "Table 2, exp3 and ucb": Pair("table-2", Exp3(), FollowerUcb(), TABLE_2, rounds=300),
    }
    monkeypatch.setitem(room.FIGURES, "online-learners", replace(LEARNERS, experiments=pairs))
    first = room.reproduce(["online-learners"], seeds=2, out=tmp_path)["online-learners"]
    folder, held = tmp_path / "online-learners", tmp_path / "runs" / "online" / "exp3-ucb.json"
    kept = json.loads(held.read_text())["result"]
    assert np.isclose(np.mean(kept["late"]["SE"]), float(first["verdicts"][0]["ours"].split("%")[0]) / 100, atol=1e-3)
    assert first["verdicts"][0]["agrees"] == (np.mean(kept["late"]["SE"]) >= 0.8)
    assert b"<svg" in (folder / "online-learners.svg").read_bytes()
    assert (folder / "last-tenth-se.csv").read_text().splitlines()[1].startswith("ucb,exp3,")
    rows = (folder / "curves.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 2 * 2 * len(kept["at"])  # curves, metrics, seeds
    written = held.stat().st_mtime_ns
    again = room.reproduce(["online-learners"], seeds=2, out=tmp_path)["online-learners"]
    assert again["verdicts"] == first["verdicts"] and held.stat().st_mtime_ns == written
    with pytest.raises(InputError, match="other settings"):
        room.reproduce(["online-learners"], seeds=3, out=tmp_path)


@pytest.mark.slow
def test_a_supplier_that_learns_is_held_to_its_goal(tmp_path: Path, monkeypatch) -> None:
    sales = {"certainty-equivalent": Sale("sale", Newsvendor(), CertaintyEquivalent(), rounds=300)}
    monkeypatch.setitem(room.FIGURES, "newsvendor-learning", replace(LEARNING, experiments=sales))
    (verdict,) = room.reproduce(["newsvendor-learning"], seeds=15, out=tmp_path)["newsvendor-learning"]["verdicts"]
    assert verdict["agrees"] is True and "rounds^" in verdict["ours"]
