"""A market in a user's own file, from the command line: designed, certified, read back, and never executed unasked."""

import json
import shutil

import pytest

from firstmover import Design, resume
from firstmover.cli import main
from firstmover.errors import ChangedCodeWarning, InputError
from firstmover.followers import Contextual
from firstmover.jobs import build
from firstmover.jobs.lessons import Pretraining
from firstmover.jobs.pretraining import pretrain, resume_pretraining

VOTE = '''
from firstmover import Discrete, Market


class Vote(Market):
    """A leader opens one of two roads; a driver knows which it needs and asks for one."""

    def __init__(self, share: float = 0.5):
        super().__init__(
            types=Discrete(["north", "south"], "needs"),
            prior=[share, 1 - share],
            acts=Discrete(["north", "south"], "asks for"),
            sees=Discrete(["north", "south"], "asked for"),
            decides=Discrete(["north", "south"], "open"),
        )

    def payoff(self, needed, asked, opened):
        right = (needed == opened) * 1.0
        return right, right
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "vote.py").write_text(VOTE)
    game = f"{folder / 'vote.py'}:Vote"
    out = folder / "run"
    command = ["design", game, "-g", "share=0.25", "--seeds", "2", "--updates", "30", "--out", str(out), "--json"]
    assert main(command) == 0
    return folder


def test_the_rule_is_told_in_the_markets_own_words(run) -> None:
    result = json.loads((run / "run" / "result.json").read_text())
    assert result["game"]["name"] == "vote.py:Vote"
    assert result["game"]["parameters"] == {"share": 0.25}
    assert all(abs(value - 1) < 1e-6 for value in result["value"])
    assert {tuple(entry["when"]) for entry in result["rule"]} == {("asked for",)}
    assert {entry["do"]["open"] for entry in result["rule"]} == {"north", "south"}


def test_a_file_that_a_run_names_is_executed_only_if_it_is_named_again(run, capsys) -> None:
    file, folder = run / "vote.py", str(run / "run")
    for command in (["certify", folder], ["resume", folder]):
        assert main(command) == 2
        assert "is not executed because a file names it" in capsys.readouterr().err
        assert main([*command, "--code", str(file), "--json"]) == 0
        capsys.readouterr()
    loaded = Design.load(folder, code=file)
    assert loaded.game.parameters() == {"share": 0.25}
    assert main(["verify", str(run / "run" / "certificate.json"), "--json"]) == 3  # nobody has checked the code


def test_changed_code_is_said_and_what_was_learnt_is_certified_under_it(run, tmp_path, capsys) -> None:
    """Twice the leader's payoff: the same rule and play, worth twice as much; nothing of the run is written over."""
    changed, folder = tmp_path / "vote.py", run / "run"
    changed.write_text(VOTE.replace("return right, right", "return 2 * right, right"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for command in ("certify", "resume"):
        assert main([command, str(folder), "--code", str(changed), "--json"]) == 0
        out, err = capsys.readouterr()
        said = [line for line in err.splitlines() if line.startswith("firstmover: ")]
        assert len(said) == 1
        assert "vote.py:Vote changed since the run" in said[0]
        result = json.loads(out)
        assert result["changed_code"] == ["vote.py:Vote"]
        assert (result if command == "certify" else result["certificate"])["value"] == pytest.approx(2)
    assert result["value"] == pytest.approx([2, 2])
    assert result["optimum_reason"] == "the code has changed since"
    written = folder / "certificate-changed-code.json"
    assert json.loads(written.read_text())["value"] == pytest.approx(2)
    assert main(["verify", str(written), "--json"]) == 3
    written.unlink()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_changed_code_that_the_rules_do_not_fit_is_refused(run, tmp_path, capsys) -> None:
    changed = tmp_path / "vote.py"
    changed.write_text(VOTE.replace('["north", "south"], "asked for"', '["north", "south", "west"], "asked for"'))
    assert main(["certify", str(run / "run"), "--code", str(changed)]) == 2
    assert "do not fit any more" in capsys.readouterr().err


def test_a_run_that_is_not_finished_goes_on_with_its_own_code_only(run, tmp_path, capsys) -> None:
    half = tmp_path / "half"
    shutil.copytree(run / "run", half)
    (half / "result.json").unlink()
    (tmp_path / "vote.py").write_text(VOTE + "\n")
    assert main(["resume", str(half), "--code", str(tmp_path / "vote.py")]) == 2
    assert "has changed since" in capsys.readouterr().err
    assert not (half / "result.json").exists()


def test_a_game_at_hand_reads_its_run_back(run, tmp_path) -> None:
    folder = run / "run"
    game = build.game_from(f"{run / 'vote.py'}:Vote", {"share": 0.25})
    assert Design.load(folder, game=game).game is game
    assert resume(folder, game=game).certificate == Design.load(folder, code=run / "vote.py").certificate
    with pytest.raises(InputError, match="with the parameters"):
        Design.load(folder, game=build.game_from(f"{run / 'vote.py'}:Vote", {}))
    (tmp_path / "vote.py").write_text(VOTE.replace("return right, right", "return 3 * right, right"))
    other = build.game_from(f"{tmp_path / 'vote.py'}:Vote", {"share": 0.25})
    with pytest.warns(ChangedCodeWarning, match="changed since"):
        loaded = Design.load(folder, game=other)
    assert loaded.values == pytest.approx([3, 3])


def test_a_rule_file_in_the_markets_own_words_is_certified(run, tmp_path, capsys) -> None:
    rule = {"game": "vote.py:Vote", "parameters": {"share": 0.25}}
    rule["rule"] = [{"when": {"asked for": side}, "do": {"open": side}} for side in ("north", "south")]
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))
    assert main(["certify", str(path), "--code", str(run / "vote.py"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == pytest.approx(1, abs=1e-3)


FOLLOWERS = """
from dataclasses import dataclass
from typing import ClassVar

from firstmover.followers import BestResponse


@dataclass(frozen=True)
class Mine(BestResponse):
    name: ClassVar[str] = "mine"
"""


def test_game_and_followers_of_two_files_are_read_back_with_both(run, capsys, monkeypatch) -> None:
    monkeypatch.chdir(run)
    (run / "follow.py").write_text(FOLLOWERS)
    command = ["design", "vote.py", "--followers", "follow.py:Mine", "--seeds", "1", "--updates", "2", "--out", "two"]
    assert main([*command, "--no-optimum"]) == 0
    assert main(["certify", "two", "--code", "vote.py", "--code", "follow.py"]) == 0
    assert main(["resume", "two", "--code", "vote.py", "--code", "nothing.py"]) == 2
    assert "name it, too, with --code follow.py" in capsys.readouterr().err
    assert main(["check", "vote:Vote"]) == 0  # a module that lies here


def test_a_pretraining_does_not_go_on_under_changed_code(tmp_path) -> None:
    file, run = tmp_path / "vote.py", tmp_path / "run"
    file.write_text(VOTE)
    game = build.game_from(f"{file}:Vote", {})
    settings = Pretraining(updates=1, contexts=2, passes=1)
    pretrain(game, settings, followers=Contextual(), run=run)
    (run / "result.json").unlink()
    file.write_text(VOTE.replace("return right, right", "return 2 * right, right"))
    with pytest.raises(InputError, match=r"vote.py has changed since"):
        resume_pretraining(run, code=str(file))
    with pytest.raises(InputError, match=r"changed since|what is here is of"):
        resume_pretraining(run, game=build.game_from(f"{file}:Vote", {}))
    file.write_text(VOTE)
    assert resume_pretraining(run, code=str(file)).followers.name == "contextual"
