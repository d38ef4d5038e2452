"""The page about stressing a rule: its file is saved, its command is run, and what it shows is printed."""

import re
from pathlib import Path

import pytest

from firstmover.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "stress-a-rule.md"
NUMBER = re.compile(r"-?\d+\.?\d*")


def test_the_how_to_of_stress_tests_runs_as_it_stands(tmp_path: Path, monkeypatch, capsys) -> None:
    """Numbers may differ by rounding, draws of learners by a few."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    (rule,) = re.findall(r"```json\n(.*?)```", text, re.S)
    Path("rule.json").write_text(rule)
    ((command, shown),) = re.findall(r"```sh\nfirstmover (.*?)\n```\n\n```text\n(.*?)```", text, re.S)
    assert main(command.split()) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed.pop().startswith("took")
    for line, other in zip(shown.splitlines(), printed, strict=True):
        assert NUMBER.sub("", line).split() == NUMBER.sub("", other).split()
        values = [float(text) for text in NUMBER.findall(line)]
        assert [float(text) for text in NUMBER.findall(other)] == pytest.approx(values, abs=1e-3)
