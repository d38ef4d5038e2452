"""The command line's own face: version, help, near misses, names explained, completion."""

import json
import sys
import tomllib
from pathlib import Path

import pytest

import firstmover
from firstmover import catalogue
from firstmover.cli import main
from firstmover.cli.commands import COMMANDS

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def _shown(capsys: pytest.CaptureFixture, *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
    return capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture) -> None:
    version = tomllib.loads(PROJECT.read_text())["project"]["version"]
    assert _shown(capsys, "--version") == f"firstmover {version}\n"
    assert firstmover.__version__ == version


def test_no_command_is_a_request_for_help(capsys: pytest.CaptureFixture) -> None:
    text = _shown(capsys)
    assert text == _shown(capsys, "--help")
    for command in COMMANDS:
        assert command.name in text


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (["sovle", "maintain"], "command 'sovle': did you mean 'solve'"),
        (["games", "tol"], "game 'tol': did you mean 'toll'"),
        (["followers", "logits"], "followers 'logits': did you mean 'logit'"),
        (["leaders", "map"], "leader 'map': did you mean 'mappo'"),
        (["pretrain", "iterated-matrix", "-f", "sampel=1"], "did you mean 'sample'"),
    ],
)
def test_near_misses(command: list[str], meant: str, capsys: pytest.CaptureFixture) -> None:
    assert main(command) == 2
    assert meant in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "room"), catalogue.ROOMS.items())
def test_a_name_is_explained(kind: str, room: str, capsys: pytest.CaptureFixture) -> None:
    name, item = list(catalogue.items(kind).items())[-1]
    assert main([room, name]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert main([room, name, "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["parameters"].keys() == item.parameters.keys()
    for key, parameter in item.parameters.items():
        assert f"{key}: {parameter.kind}; default {parameter.default}" in text
        assert parameter.text in text
    assert text.endswith(item.example)


OWN = '''
from firstmover import Market

raise RuntimeError("executed")


class Ferry(Market):
    """A ferry asks for a fare.

    It has a few seats.
    """

    def __init__(self, seats: int, worth=2.5, fares=tuple(range(3))):
        """A ferry.

        Args:
            seats: how many may sail.
        """
'''


def test_a_class_of_ones_own_is_explained_and_not_executed(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ferry.py").write_text(OWN)
    for name in ("ferry.py:Ferry", "ferry.py"):
        assert main(["games", name]) == 0
        text = capsys.readouterr().out
        for part in ("A ferry asks", "a few seats", "seats: a whole number; required", "how many may sail."):
            assert part in text
        assert "worth: a number; default 2.5" in text
        assert "fares: an object, in Python; default tuple(range(3))" in text
    Path("half.py").write_text("class Ferry(")
    wrong = {
        "ferry.py:Fery": "did you mean 'Ferry'",
        "none.py:Ferry": "cannot read none.py",
        "half.py": "is not Python",
    }
    for name, sentence in wrong.items():
        assert main(["games", name]) == 2
        assert sentence in capsys.readouterr().err


def test_every_public_name_has_a_line(capsys: pytest.CaptureFixture) -> None:
    lines = [line.split(maxsplit=1) for line in firstmover.__doc__.splitlines()[2:]]
    assert sorted(line[0] for line in lines) == sorted(firstmover.__all__) == dir(firstmover)
    assert all(len(line) == 2 for line in lines)


def test_completion(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["completion", "fish"]) == 2
    assert "bash, zsh, tcsh; got 'fish'" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "shtab", None)
        assert main(["completion", "bash"]) == 2
        assert "firstmover[completion]" in capsys.readouterr().err
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    for name in ("certify", "simple-allocation", "best-response", "mappo", "--seeds"):
        assert name in script
