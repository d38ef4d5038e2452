"""Files that version 0.1.0 wrote, as they are: rule files and certificates are read, run folders refused."""

import json
import shutil
from pathlib import Path

import pytest

from firstmover import InputError, certify, verify
from firstmover.jobs.designs import resume

ROOM = Path(__file__).parents[1] / "cases" / "version_0.1.0"


@pytest.mark.parametrize("name", ["maintain", "agrawal"])
def test_a_certificate_is_confirmed(name: str) -> None:
    assert verify.verdict(verify.verify(ROOM / f"{name}.certificate.json")) == "confirmed"


def test_a_rule_file_is_certified_as_it_was(tmp_path: Path) -> None:
    found = certify(ROOM / "agrawal.json", out=tmp_path / "new.json")
    assert found["exact"]
    assert found["value"] == pytest.approx(0.0, abs=1e-12)  # the best: no welfare is lost
    assert verify.verdict(verify.verify(tmp_path / "new.json")) == "confirmed"


@pytest.mark.parametrize("name", ["maintain", "agrawal"])
def test_the_rule_of_a_certificate_is_a_rule_file(name: str, tmp_path: Path) -> None:
    old = json.loads((ROOM / f"{name}.certificate.json").read_text())
    path = tmp_path / "rule.json"
    path.write_text(json.dumps({key: old[key] for key in ("game", "parameters", "rule")}))
    found = certify(path, followers=old["followers"]["name"])
    assert found["leader_value_bounds"] == {
        name: pytest.approx(ends) for name, ends in old["leader_value_bounds"].items()
    }
    assert found["gain"] == pytest.approx(found["value"] - old["baseline"]["value"])


def test_a_run_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    shutil.copy(ROOM / "config.json", tmp_path)
    with pytest.raises(InputError, match=r"older version of firstmover \(format 3\)"):
        resume(tmp_path)
