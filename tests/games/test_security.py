"""Security games: payoffs by hand, what a decision comes to, files, and what a run learns."""

import json
from pathlib import Path

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.games import SecurityGame
from firstmover.games.targets import COLUMNS
from firstmover.jobs import build
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import baseline, optimum

ROWS = [[5, -10, -5, 10], [3, -4, -2, 5], [2, -20, -8, 6]]
CSV = """target,defender_covered,defender_uncovered,attacker_covered,attacker_uncovered
museum,5,-10,-5,10
"bridge, north",3,-4,-2,5
school,4/2,-20,-8,6.0
"""


def test_payoffs_are_those_of_the_coverage() -> None:
    finite = induced_game(SecurityGame(ROWS, 2), np.array([[0.5, 1.0, 0.25]]))
    np.testing.assert_allclose(finite.leader[0], [-2.5, 3, -14.5])
    np.testing.assert_allclose(finite.followers[0, 0], [2.5, -2, 2.5])


def test_any_vector_in_the_box_is_read_as_a_coverage_within_the_resources() -> None:
    game = SecurityGame(ROWS, 1.5)
    for decision, coverage in [
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        ([1.0, 1.0, 1.0], [0.5, 0.5, 0.5]),
        ([1.0, 0.0, 1.0], [0.75, 0.0, 0.75]),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    ]:
        np.testing.assert_allclose(game.played(np.array(decision)), coverage)
        np.testing.assert_allclose(Rule(game, np.array([decision]))(0), coverage)
        played, meant = (induced_game(game, np.array([vector])) for vector in (decision, coverage))
        np.testing.assert_allclose(played.leader, meant.leader)
        np.testing.assert_allclose(played.followers, meant.followers)


@pytest.mark.parametrize("ties", ["strong", "weak"])
def test_the_optimal_rule_earns_the_optimum_when_the_attacker_replies_exactly(ties: str) -> None:
    for seed in range(3):
        rows = np.random.default_rng(seed).normal(size=(5, 4))
        game = SecurityGame(rows, 1.5)
        solution = optimum(game, ties)
        coverage = game.decision({}, solution.rule[0]["do"])
        finite = induced_game(game, coverage[None])
        pays = finite.followers[0, 0]
        earns = finite.leader[0][pays >= pays.max() - 1e-9]
        low, high = game.leader_payoff_range
        assert (earns.max() if ties == "strong" else earns.min()) >= solution.value - 1.1e-6 * (high - low)
        assert game.played(coverage) == pytest.approx(coverage)
        name, same, table = baseline(game)
        assert (name, same) == ("uniform coverage", game)
        pays = induced_game(game, table)
        assert solution.value >= pays.leader[0][np.argmax(pays.followers[0, 0])] - 1e-9


def test_words() -> None:
    game = SecurityGame(dict(zip(COLUMNS, np.transpose(ROWS).tolist(), strict=True)) | {"target": ["a", "b", "c"]})
    entry = game.entry([0], np.array([0.25, 0.0, 0.5]))
    assert entry == {"when": {}, "do": {"coverage": [0.25, 0.0, 0.5]}}
    assert game.sentence(entry) == "cover a with probability 0.2500, c with probability 0.5000"
    assert game.sentence({"when": {}, "do": {"coverage": [0, 0, 0]}}) == "cover nothing"
    assert game.play_sentence(0, 0, np.array([0.5, 0.0, 0.5])) == "the attacker attacks a (50%) or c (50%)"
    np.testing.assert_array_equal(game.decision(entry["when"], entry["do"]), [0.25, 0.0, 0.5])


@pytest.mark.parametrize(
    ("do", "match"),
    [
        ({"mixture": [0.2, 0.2, 0.2]}, "'do' must have 'coverage'"),
        ({"coverage": [0.5, 0.5]}, "3 number"),
        ({"coverage": [0.5, 0.5, 1.5]}, "from 0 to 1"),
        ({"coverage": [0.5, 0.5, float("nan")]}, "finite"),
        ({"coverage": "all"}, "finite number"),
        ({"coverage": [0.5, 0.5, 0.5]}, "at most 1; the sum is 1.5"),
    ],
)
def test_rules_that_are_impossible_are_refused(do, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SecurityGame(ROWS, 1).decision({}, do)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"targets": [[1, 2, 3]]}, "four payoffs"),
        ({"targets": []}, "four payoffs"),
        ({"targets": [[1, 2, 3, "x"]]}, "finite number"),
        ({"targets": [[1, 2, 3, float("nan")]]}, "NaN"),
        ({"targets": {"defender_covered": [1]}}, "need the columns"),
        ({"targets": {column: [1.0] for column in COLUMNS} | {"attacker_covered": [1.0, 2.0]}}, "one length"),
        ({"targets": {column: [1.0, 2.0] for column in COLUMNS} | {"target": ["a"]}}, "as many names"),
        ({"targets": ROWS, "resources": 0}, "more than 0 and at most the number of targets, 3; got 0"),
        ({"targets": ROWS, "resources": 3.5}, "at most the number of targets"),
        ({"targets": ROWS, "resources": float("nan")}, "more than 0"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(parameters, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SecurityGame(**parameters)


def test_targets_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(CSV)
    game = build.build("game", "security", {"targets": str(path), "resources": "1.5"})
    assert game.names == ("museum", "bridge, north", "school")
    assert game.resources == 1.5
    np.testing.assert_array_equal(game.payoffs, [ROWS])
    # The order of the columns does not matter.
    rows = [line.rsplit(",", 1) for line in CSV.splitlines()]
    path.write_text("\n".join(f"{last},{first}" for first, last in rows))
    assert build.build("game", "security", {"targets": str(path)}).payoffs.tolist() == [ROWS]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (CSV.replace("attacker_covered", "attacked"), "the header of .* must be target,defender_covered"),
        ("\n".join(line.rsplit(",", 1)[0] for line in CSV.splitlines()), "the header of"),
        (CSV.replace(",attacker_uncovered", ""), "the header of"),
        (
            CSV.replace("\n", ",1\n").replace("uncovered,1\n", "uncovered\n"),
            "5 cells in its header, and 6 in the rows below",
        ),
        (CSV.replace("museum,5", "museum,nan"), "defender_covered in row 2 of .* finite number"),
        (CSV.replace("museum,5", "museum"), "row 2 of .* must have 5 cells; got 4"),
        (CSV.splitlines()[0], "a header only"),
        ("", "is empty"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(tmp_path: Path, capsys, content: str, match: str) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=match):
        build.build("game", "security", {"targets": str(path)})
    assert main(["solve", "security", "-g", f"targets={path}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_comes_near_the_optimum(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("targets.csv").write_text(CSV)
    game = ("security", "-g", "targets=targets.csv", "-g", "resources=1")
    learner = ("--seeds", "2", "--updates", "30", "--followers", "best-response", "-f", "ties=weak")
    assert main(["design", *game, *learner, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert main(["solve", *game, "--ties", "weak", "--json"]) == 0
    solved = json.loads(capsys.readouterr().out)
    low, high = SecurityGame(ROWS).leader_payoff_range
    assert max(result["value"]) <= solved["optimum"] + 1e-6
    assert max(result["value"]) >= solved["optimum"] - 0.03 * (high - low)
    assert result["rule_text"].startswith("Cover museum with probability")


OTHERS = CSV.replace("museum,5,-10,-5,10", "museum,5,-10,-2,1").replace("school,4/2,-20,-8,6.0", "school,2,-9,-1,12")


def test_types_of_attackers_come_from_files_and_are_verified(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thieves.csv").write_text(CSV)
    # In another order, and in one file with a column of types.
    lines = OTHERS.splitlines()
    Path("vandals.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    both = [
        f"{lines[0]},type",
        *(f"{line},thieves" for line in CSV.splitlines()[1:]),
        *(f"{x},vandals" for x in lines[1:]),
    ]
    Path("both.csv").write_text("\n".join(both))
    given = build.build("game", "security", {"targets": "thieves.csv,vandals.csv", "prior": "0.6,0.4"})
    assert given.attackers == ("thieves", "vandals")
    assert given.payoffs[1, 2].tolist() == [2, -9, -1, 12]
    same = build.build("game", "security", {"targets": "both.csv", "prior": [0.6, 0.4]})
    np.testing.assert_array_equal(given.payoffs, same.payoffs)
    finite = induced_game(given, np.array([[0.5, 0.25, 0.25]]))
    np.testing.assert_allclose(finite.leader[1], [-2.5, -2.25, -6.25])
    np.testing.assert_allclose(finite.followers[0, 1], [-0.5, 3.25, 8.75])
    assert given.play_sentence(0, 1, np.array([0, 0, 1.0])) == "attacker vandals attacks school (100%)"

    game = ("security", "-g", "targets=thieves.csv,vandals.csv", "-g", "prior=0.6,0.4")
    assert main(["solve", *game, "--out", "rule.json", "--json"]) == 0
    solved = json.loads(capsys.readouterr().out)
    assert solved["exact"]
    assert main(["certify", "rule.json", "--out", "proof.json", "--json"]) == 0
    capsys.readouterr()
    assert main(["verify", "proof.json", "--json"]) == 0
    capsys.readouterr()
    proof = json.loads(Path("proof.json").read_text())
    text = json.dumps(proof)
    assert "0.4" in text
    Path("forged.json").write_text(text.replace("[0.6, 0.4]", "[0.5, 0.5]"))
    assert main(["verify", "forged.json"]) == 1


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"prior": [0.5, 0.6]}, "must sum to 1"),
        ({"prior": [1]}, "one probability per type of attacker, 2; got 1"),
        ({"type": ["a"] * 6}, None),
        ({"type": ["a", "a", "b", "b", "b", "b"]}, "one row for every target; b has"),
        ({"type": ["a"] * 3}, "as many names"),
    ],
)
def test_types_that_do_not_fit_are_refused(parameters, match: str | None) -> None:
    columns = dict(zip(COLUMNS, np.transpose(ROWS * 2).tolist(), strict=True))
    own = {"type": ["a"] * 3 + ["b"] * 3, "target": ["x", "y", "z"] * 2} | parameters
    prior = own.pop("prior", None)
    if match is None:
        assert len(SecurityGame(columns | own, prior=prior).names) == 6
    else:
        with pytest.raises(InputError, match=match):
            SecurityGame(columns | own, prior=prior)
