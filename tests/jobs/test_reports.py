"""The page of a rule: what it holds, and that it is one whole file."""

import json
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from own_markets import Shop
from pages import check_page

import firstmover
from firstmover import Design, InputError, write_report
from firstmover.cli import main
from firstmover.evaluation.by_type import gains_by_type
from firstmover.evaluation.heat_map import heat_map
from firstmover.evaluation.matrix import STATUS_QUO
from firstmover.followers import BestResponse, Logit
from firstmover.games import (
    Agrawal,
    BuyBox,
    CrowdToll,
    Escape,
    Game,
    Maintain,
    Patrol,
    SecurityGame,
    SimpleAllocation,
)
from firstmover.jobs.certifications import respond
from firstmover.jobs.commands import design_command
from firstmover.leaders import CommitmentGradient
from firstmover.report.page import MARK
from firstmover.report.sections import rule_page
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline_actions

QUICK = CommitmentGradient(updates=4)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "shop"
    firstmover.design(Maintain("mixed"), leader=QUICK, seeds=3, seed=7, out=folder)
    return folder


def test_the_page_of_a_run_says_what_its_files_say(run: Path) -> None:
    path = write_report(run, followers=[BestResponse(ties="weak"), Logit(rationality=1.0)], seeds=1)
    assert path == run / "report.html"
    text = unescape(check_page(path))
    result = json.loads((run / "result.json").read_text())
    assert result["rule_text"] in text
    assert text.index("The rule") < text.index("What it comes to")
    for digest in result["digests"].values():
        assert digest in text
    versions = json.loads((run / "config.json").read_text())["versions"]
    assert f"jax {versions['jax']}" in text
    assert "firstmover design maintain -g commitment=mixed -l updates=4 --seeds 3 --seed 7" in text
    assert f"firstmover verify {run}/certificate.json" in text
    assert "The certificate is confirmed" in text
    assert "which earns" in text  # the status quo
    assert text.count("<svg") == 2 and ">proved<" in text
    assert "logit (rationality=1)" in text


def test_a_page_is_written_anew_and_nothing_else_is_replaced(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_report(run, page, followers=[])
    before = page.read_text()
    assert write_report(run, page, followers=[]).read_text() == before  # the same numbers, the same page
    page.write_text("my own notes")
    with pytest.raises(InputError, match="no page of firstmover"):
        write_report(run, page, followers=[])
    assert page.read_text() == "my own notes"
    with pytest.raises(InputError, match="no such folder"):
        write_report(run, tmp_path / "none" / "page.html")
    with pytest.raises(InputError, match="has no folder of its own"):
        write_report(Rule(Maintain(), np.array([0])))


def test_pages_of_rule_files_and_certificates(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps({"game": "maintain", "rule": [{"do": {"action": 1}}]}))
    text = check_page(write_report(file, followers=[]))
    assert (tmp_path / "rule.report.html").exists()
    assert "Always play B." in text and "less than the status quo" in unescape(text)
    shutil.copy(run / "certificate.json", tmp_path / "certificate.json")
    text = check_page(write_report(tmp_path / "certificate.json", followers=[]))
    assert "does not carry the followers" in text
    content = json.loads((run / "certificate.json").read_text())
    content["value"] += 1
    (tmp_path / "certificate.json").write_text(json.dumps(content))
    text = check_page(write_report(tmp_path / "certificate.json", followers=[]))
    assert "The certificate is refuted" in text and "must not be relied on" in text and ">proved<" not in text


@pytest.mark.parametrize(
    "game",
    [
        SimpleAllocation(items=2),
        *(pytest.param(game, marks=pytest.mark.slow) for game in (Agrawal(), Shop(), Patrol())),
    ],
    ids=lambda game: game.name,
)
def test_pages_of_games_of_every_kind(game, tmp_path: Path) -> None:
    followers = BestResponse() if game.followers_act == "every step" else game.usual_followers
    design = firstmover.design(game, followers=followers, leader=CommitmentGradient(updates=2), seeds=2, optimum=False)
    text = check_page(write_report(design, tmp_path / "page.html", followers=[]))
    assert "Who gains and who loses" in text
    assert "earns" in text


def test_who_gains_and_who_loses_is_what_the_types_pay() -> None:
    rule = Rule.read(Shop(), [{"do": {"basic price": 3.5, "full price": 7.5}}])
    gains = gains_by_type(rule, respond(rule, BestResponse()), BestResponse())
    assert [row.type for row in gains.rows] == ["casual", "keen"]
    assert [row.chance for row in gains.rows] == pytest.approx([0.6, 0.4])
    # Worth 4 or 5 to casual buyers and 5 or 9 to keen ones: the first take the basic version, the second the full one.
    assert [row.rule for row in gains.rows] == pytest.approx([4 - 3.5, 9 - 7.5])
    assert [row.status_quo for row in gains.rows] == pytest.approx([4 - 3.0, 9 - 6.0])


def test_the_heat_map_puts_what_speaks_for_the_status_quo_first() -> None:
    found = firstmover.evaluate(
        Maintain(),
        rules={"B": Rule(Maintain(), np.array([1]))},
        followers=[BestResponse(), Logit(rationality=1.0)],
        seeds=1,
        optimum_seconds=0,
    )
    assert found.best_for == [STATUS_QUO, "B"]  # the second row is the status quo's no more
    drawn = heat_map(found)
    assert [row.status_quo_wins for row in drawn.rows] == [True, False]
    assert drawn.rows[0].cells[0].below and not drawn.rows[1].cells[0].below
    red, blue = (int(drawn.rows[0].cells[0].colour[k : k + 2], 16) for k in (1, 5))
    assert red > blue  # orange
    for row in drawn.rows:
        for cell in row.cells:
            assert _contrast(cell.colour, cell.ink) >= 4.5


def _contrast(first: str, second: str) -> float:
    """Of two colours, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_what_data_add_is_shown_and_warned_of(run: Path) -> None:
    design = Design.load(run)
    more = {
        "measures": {"share served": {"value": 0.5, "interval": [0.25, 0.75]}},
        "constraints": [{"name": "seller profit", "at_least": 0.03, "value": 0.02, "holds": False}],
        "holdout": {"rows": 50, "value": 1.5, "interval": [1.25, 2.0], "status_quo": 2.5},
        "robust": {"radius": 0.1, "value": 0.75},
    }
    page = rule_page(design.rule, design.certificate, {**design.as_json(), **more})
    assert page.measures is not None and page.measures.rows == [["share served", "0.5", "0.25 to 0.75"]]
    assert page.constraints is not None and page.constraints.rows[0][-1] == "does not hold"
    assert "50 rows" in page.data[0] and "1.25 to 2" in page.data[0] and "0.1 in total variation" in page.data[-1]
    assert len(page.warnings) == 2 and "seller profit" in page.warnings[1]


def test_words_of_a_user_are_text_on_the_page(tmp_path: Path) -> None:
    names = [["<script>alert(1)</script>", "B"], ["x", "y"]]
    game = firstmover.games.NormalForm([[1, 0], [0, 1]], [[[1, 0], [0, 1]]], action_names=names)
    rule = Rule(game, np.array([0]))
    assert "&lt;script&gt;" in check_page(write_report(rule, tmp_path / "page.html", followers=[]))
    assert "<script" not in rule._repr_html_()


def test_the_command_writes_a_page_and_refuses_in_a_sentence(run: Path, tmp_path: Path, capsys) -> None:
    page = tmp_path / "own.html"
    assert main(["report", str(run), "-o", str(page), "--followers", "none", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"page": str(page), "bytes": page.stat().st_size}
    assert MARK in page.read_text()[:1000]
    for wrong in (["none.json"], [str(run), "--followers", "logt"], [str(run), "--seeds", "0"]):
        assert main(["report", *wrong, "-o", str(page)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_command_with_tables_says_where_they_are(run: Path) -> None:
    game = firstmover.games.NormalForm([[1, 0], [0, 1]], [[[1, 0], [0, 1]]])
    command = design_command(replace(Design.load(run), game=game))
    assert command.startswith(
        "firstmover design normal-form -l updates=4 --seeds 3 --seed 7  # with leader_payoffs and"
    )


def test_a_status_quo_in_entries_may_be_read_while_a_learner_is_traced() -> None:
    class Offered(Shop):
        """A shop that offers prices by name."""

        status_quo = ({"do": {"basic price": 3.0, "full price": 6.0}},)

    game = Offered()
    read = jax.eval_shape(lambda: jnp.asarray(baseline_actions(game)))
    assert read.shape == (1, 2)


_PROBE = """<script>
const seen = [], width = document.documentElement.clientWidth + 1;
for (const e of document.querySelectorAll('.fm *'))
  if (e.getBoundingClientRect().right > width && !e.closest('.wide')) seen.push(e.tagName);
const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ground = e => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (!colour.endsWith(', 0)')) return colour;
  }
  return 'rgb(255, 255, 255)';
};
let least = 99;
for (const e of document.querySelectorAll('.fm :not(svg *):not(style)')) if (e.childNodes.length && e.innerText) {
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
  least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
}
document.title = JSON.stringify({wide: document.documentElement.scrollWidth > innerWidth, seen, least});
</script>"""


_OF_KINDS = {
    "a rule with messages": Agrawal(),
    "a mixture": Maintain("mixed"),
    "coverage": SecurityGame([[1, -2, -1, 2], [2, -1, -2, 1], [0.5, -3, -1, 1.5]], 1.25),
    "a Markov game": Escape(),
    "sellers who learn": BuyBox(prices=(1.05, 1.27, 1.7)),
    "a crowd": CrowdToll("parallel", temperature=0.1),
    "a market of one's own": Shop(0.5),
}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium to look at the page with")
@pytest.mark.parametrize("game", _OF_KINDS.values(), ids=_OF_KINDS)
def test_in_a_browser_nothing_overflows_and_everything_can_be_read(game: Game, tmp_path: Path) -> None:
    learnt = firstmover.design(game, seeds=2, optimum=False, out=tmp_path / "run")
    page = write_report(learnt, tmp_path / "page.html", seeds=2)
    check_page(page)
    page.write_text(page.read_text().replace("</body>", f"{_PROBE}</body>"))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    for width in (500, 1200):
        window = [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", page.as_uri()]
        shown = subprocess.run([*command, *window], capture_output=True, text=True, timeout=60, check=True)
        assert "CONSOLE" not in shown.stderr
        seen = json.loads(unescape(shown.stdout.partition("<title>")[2].partition("</title>")[0]))
        assert not seen["wide"] and seen["seen"] == []
        assert seen["least"] >= 4.5


def test_a_game_that_was_made_in_python_is_handed_over(tmp_path: Path, capsys) -> None:
    firstmover.design(Shop(0.5), leader=QUICK, seeds=1, optimum=False, out=tmp_path / "run")
    assert main(["report", str(tmp_path / "run"), "--followers", "none"]) == 2
    assert "handed over with Design.load(..., game=...)" in capsys.readouterr().err
    page = write_report(Design.load(tmp_path / "run", game=Shop(0.5)), tmp_path / "page.html", followers=[])
    assert json.loads((tmp_path / "run" / "result.json").read_text())["rule_text"] in unescape(page.read_text())
