"""The script that holds the versions reads what pyproject states, and skips a Python that is not there."""

import importlib.metadata
import re
import sys
import tomllib

import pytest
import versions


def test_the_lowest_versions_are_those_that_are_stated() -> None:
    lowest, stated = versions.requirements("lowest"), versions.requirements("newest")
    assert len(lowest) == len(stated)
    for pinned, bound in zip(lowest, stated, strict=True):
        assert re.fullmatch(r"[\w-]+==[\d.]+(; python_version (<|>=) '3\.\d+')?", pinned)
        assert pinned.replace("==", ">=", 1) == bound
        name, version = re.match(r"([\w-]+)==([\d.]+)", pinned).groups()
        if ";" not in pinned:
            here = importlib.metadata.version(name).split(".")
            assert [int(part) for part in here[:3]] >= [int(part) for part in version.split(".")]


def test_every_library_of_the_table_is_a_dependency() -> None:
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in versions.requirements("newest")}
    assert names == set(versions.SHOWN)


def test_every_extra_is_tried() -> None:
    project = tomllib.loads((versions.ROOT / "pyproject.toml").read_text())["project"]
    assert set(versions.EXTRAS) == set(project["optional-dependencies"]) - {"test"}
    for pinned in versions.requirements("lowest", extras=True):
        assert re.match(r"[\w-]+==[\d.]+", pinned)


def test_an_interpreter_is_of_its_version_or_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    here = "{}.{}".format(*sys.version_info[:2])
    wrong = tmp_path / "python9.9"  # what is called so and is not, such as the shim of a version manager
    wrong.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions.interpreter("9.9") is None
    right = tmp_path / f"python{here}"
    right.symlink_to(sys.executable)
    assert versions.interpreter(here) == str(right)
    monkeypatch.setattr(versions, "build", lambda folder: folder)
    (row,) = versions.rows(["9.9"], ["lowest"], extras=True)
    assert row == {"python": "9.9", "set": "lowest", "skipped": "no python9.9 on the PATH"}
