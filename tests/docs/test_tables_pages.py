"""The pages about acting with a rule and about tables: files are saved, commands are run, what is shown is printed."""

import json
import re
from pathlib import Path

import pytest

from firstmover.cli import main
from firstmover.interop.tables import read_matrix

DOCS = Path(__file__).parents[2] / "docs"


def test_the_how_to_of_acting_runs_as_it_stands(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "act-with-a-rule.md").read_text()
    (rule,) = re.findall(r"```json\n(.*?)```", page, re.S)
    Path("rule.json").write_text(rule)
    blocks = re.findall(r"```python(?: no-run)?\n(.*?)```\n\nprints `(.*?)`", page, re.S)
    assert len(blocks) == page.count("```python")
    for block, shown in blocks:
        exec(compile(block, "page", "exec"), {})
        assert capsys.readouterr().out.strip() == shown
    steps = re.findall(r"```sh\nfirstmover (.*?)\n```\n\n```text\n(.*?)```", page, re.S)
    assert len(steps) == page.count("```sh") == 3
    for command, shown in steps:
        assert main(command.split()) == 0
        assert capsys.readouterr().out == shown
    space: dict = {"__name__": "shop_rule"}
    exec(Path("shop_rule.py").read_text(), space)
    assert space["act"]({"message": 0}) == {"item": 2}


def test_the_tables_of_game_files_are_read_as_the_page_says(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "game-files.md").read_text()
    prices, labelled = (re.search(rf"```csv\n({start}.*?)```", page, re.S)[1] for start in ("seller", ";10"))
    Path("prices.csv").write_text(prices)
    assert main(["solve", "prices.csv", "--compare", "nash"]) == 0
    shown = re.search(r"--compare nash` prints:\n\n```text\n(.*?)```", page, re.S)[1]
    assert capsys.readouterr().out.strip() == shown.strip()
    Path("labelled.csv").write_text(labelled)
    table = read_matrix("labelled.csv")
    assert table.labels == (("low", "high"), ("10", "20"))
    assert [[str(x) for x in row] for row in table.fractions] == [["3/2", "1/3"], ["-2", "0"]]
    assert main(["export", "prices.csv", "--to", "nfg", "-o", "prices.nfg"]) == 0
    capsys.readouterr()
    for name in ("prices.csv", "prices.nfg"):
        assert main(["solve", name, "--json"]) == 0
    one, other = map(json.loads, capsys.readouterr().out.splitlines())
    assert one["game"]["parameters"] == other["game"]["parameters"]
