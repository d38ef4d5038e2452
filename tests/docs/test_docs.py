"""The README and the documentation run as they stand, and name what exists."""

import re
from pathlib import Path

import pytest

from firstmover.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
BLOCKS = [(page.name, block) for page in PAGES for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S)]


@pytest.mark.parametrize(("page", "code"), BLOCKS, ids=[f"{page} {k}" for k, (page, _) in enumerate(BLOCKS)])
def test_python_blocks_run(page: str, code: str, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page, "exec"), {"__name__": page})
    assert "nan" not in capsys.readouterr().out


def test_the_readme_shows_what_its_first_command_prints(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text()
    command = re.search(r"^python3 -m venv .*&& \.venv/bin/(firstmover .*)$", readme, re.M)
    assert main(command[1].split()[1:]) == 0
    printed = capsys.readouterr().out
    shown = re.search(r"```text\n(game .*?)```", readme, re.S)[1]

    def lines(text: str) -> list[str]:
        # Which item has which message may differ between machines, and so may times and folders.
        text = re.sub(r"(item|message) \d", r"\1 N", text)
        return [line for line in text.splitlines() if line and not line.startswith(("took", "run"))]

    assert lines(shown) == lines(printed)


def test_the_how_to_of_proofs_runs_as_it_stands(tmp_path: Path, monkeypatch, capsys) -> None:
    """Its rule file is saved, its commands are run in turn, and what it shows of their output is there."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "prove-a-rule.md").read_text()
    (rule,) = re.findall(r"```json\n(.*?)```", page, re.S)
    (tmp_path / "rule.json").write_text(rule)
    steps = re.findall(r"```sh\nfirstmover (.*?)\n```\n\n```text\n(.*?)```", page, re.S)
    assert len(steps) == page.count("```sh") == 4
    for command, shown in steps:
        assert main(command.split()) == 0
        printed = capsys.readouterr().out.splitlines()
        assert [line for line in shown.splitlines() if line not in printed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(r"`((?:src|tests|docs|benchmarks|examples)/[\w./-]+)`", text):
        assert "your" in path or (ROOT / path).exists(), path
