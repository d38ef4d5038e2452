"""The README, the documentation and the examples run as they stand, and name what exists."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.cli.commands import COMMANDS
from firstmover.jobs import build

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
BLOCKS = [(page.name, block) for page in PAGES for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S)]


# Their blocks train for long.
LONG = ("choosing-followers.md", "crowds.md", "gymnasium.md", "report.md", "train-once.md")


@pytest.mark.parametrize(
    ("page", "code"),
    [pytest.param(*block, marks=pytest.mark.slow if block[0] in LONG else ()) for block in BLOCKS],
    ids=[f"{page} {k}" for k, (page, _) in enumerate(BLOCKS)],
)
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


def test_the_market_of_the_readmes_first_screen(tmp_path: Path, monkeypatch, capsys) -> None:
    """Fewer seeds learn what it shows, up to a few thousandths."""
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text()
    market, command, shown = re.search(
        r"```python\n(.*?)```\n\n```sh\nfirstmover (.*?)\n```\n\n```text\n(rule .*?)```", readme, re.S
    ).groups()
    (tmp_path / "shop.py").write_text(market)
    assert main([*command.split(), "--seeds", "2"]) == 0
    printed = capsys.readouterr().out
    number = re.compile(r"\d+\.\d+")
    for line in filter(None, re.sub("best of .*", "", shown).splitlines()):
        (same,) = [other for other in printed.splitlines() if number.sub("", other).startswith(number.sub("", line))]
        values = [float(text) for text in number.findall(line)]
        assert [float(text) for text in number.findall(same)] == pytest.approx(values, abs=0.01)


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


@pytest.mark.slow
def test_the_how_to_of_trained_followers_runs_as_it_stands(tmp_path: Path, monkeypatch, capsys) -> None:
    """Its commands are run in turn. Rules and values are as shown; how good replies are may differ by a few rules."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "train-once.md").read_text()
    steps = re.findall(r"```sh\nfirstmover (.*?)\n```\n\n```text\n(.*?)```", page, re.S)
    assert len(steps) == page.count("```sh") == 3
    for command, shown in steps:
        assert main(command.split()) == 0
        printed = capsys.readouterr().out
        lines = [line for line in shown.splitlines() if not line.startswith(("took", " " * 11 + "best reply"))]
        assert [line for line in lines if line not in printed.splitlines()] == []
        if command.startswith("pretrain"):
            own, counting = (float(share) for share in re.findall(r"exact for ([\d.]+)%", printed))
            assert own >= 97
            assert own - counting == pytest.approx(12.5, abs=2)
            assert re.search(r"[\d.e+]+ env steps a seed", printed)[0] in shown


@pytest.mark.slow
def test_the_example_of_markov_games_learns_what_is_exact(capsys: pytest.CaptureFixture) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "markov_design.py"))
    table = {row.game: row for row in example["rows"]()}
    exact = {"prisoners_dilemma": (6, 4), "chicken": (15, 15), "patrol": (-4, -4)}
    assert table.keys() == exact.keys()
    for game, (own, counted) in exact.items():
        row = table[game]
        assert (row.exact, row.exact_counted) == pytest.approx((own, counted))
        np.testing.assert_allclose(row.learned, own, atol=1e-6)
        np.testing.assert_allclose(row.learned_counted, counted, atol=1e-6)
        assert f"{example['SEEDS']} of {example['SEEDS']}" in example["line"](row)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(r"`((?:src|tests|docs|benchmarks|examples)/[\w./-]+)`", text):
        assert "your" in path or (ROOT / path).exists(), path


def test_the_readme_names_all_that_can_be_named() -> None:
    """Commands, games, followers and leaders: none forgotten, none that is not there."""
    readme = (ROOT / "README.md").read_text()
    commands, named = readme.split("| command | what it does |")[1].split("What can be named")
    assert set(re.findall(r"^\| `([a-z]+)` \|", commands, re.M)) == {command.name for command in COMMANDS}
    for kind, row in (("game", "games"), ("followers", "followers"), ("leader", "leaders")):
        (cell,) = re.findall(rf"^\| {row} \| (.*) \|$", named, re.M)
        told = set(re.findall(r"`([a-z0-9-]+)`", cell))
        assert told == set(build.registered(kind)), row
