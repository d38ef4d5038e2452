"""Bad input: one sentence on stderr, exit status 2, no traceback, nothing left behind."""

import json
from pathlib import Path

import pytest

from firstmover.cli import main

LISTED = ["--followers", "multiplicative-weights", "--leader", "commitment-gradient"]
SAMPLED = ["-f", "update=sampled", "-l", "reward_episodes=9"]
GIVEN = Path(__file__).parents[1] / "cases"

CASES = [
    (["design", "simple-alocation"], "did you mean 'simple-allocation'"),
    (["design", "missing.nfg"], "cannot read missing.nfg"),
    (["design", "no/such/game"], "is not a game file"),
    (["design", "simple-allocation", "-g", "item=3"], "did you mean 'items'"),
    (["design", "simple-allocation", "-g", "messages=0"], "must be at least 1"),
    (["design", "simple-allocation", "-g", "messages=two"], "messages must be a whole number; got 'two'"),
    (["solve", str(GIVEN / "exponent_bomb.nfg")], "a finite number expected"),
    (["solve", str(GIVEN / "range_overflow.nfg")], "a finite number expected"),
    (["design", "simple-allocation", "-g", f"items={'9' * 5000}"], "items must have at most 15 digits"),
    (["design", "simple-allocation", "-g", f"items={'9' * 400}"], "items must have at most 15 digits"),
    (["design", "simple-allocation", "-g", "prior=1e-400,1,0"], "0 or of a size from 1e-306 to 1e306"),
    (["design", "agrawal", "-g", "epsilon=1e999999999"], "epsilon must be"),
    (["design", "simple-allocation", "--seeds", "9" * 400], "--seeds must have at most 15 digits"),
    (["design", "simple-allocation", "-f", "epsilon=1e-400"], "epsilon must be 0 or of a size"),
    (["design", "simple-allocation", "-l", "updates=1" + "0" * 400], "updates must have at most 15 digits"),
    (["design", "simple-allocation", "-g", "messages=2.5"], "messages must be a whole number"),
    (["design", "simple-allocation", "-g", "messages"], "KEY=VALUE"),
    (["design", "simple-allocation", "-g", "items=3", "-g", "items=4"], "given twice"),
    (["design", "simple-allocation", "-g", "prior=0.5,0.6,0.1"], "must sum to 1"),
    (["design", "simple-allocation", "-g", "prior=1.5,-0.5,0"], "none negative"),
    (["design", "simple-allocation", "-g", "prior=0.5,0.5"], "one probability per item"),
    (["design", "simple-allocation", "-g", "prior=nan,0.5,0.5"], "finite number"),
    (["design", "simple-allocation", "-g", "prior=a,b,c"], "finite number"),
    (["design", "maintain", "-g", "commitment=mixt"], "commitment must be one of deterministic, mixed"),
    (["design", "maintain", "--followers", "multiplicative"], "valid: best-response, contextual"),
    (["design", "maintain", "-f", "epsilon=-1"], "epsilon must be a positive number"),
    (["design", "maintain", "-f", "epsilon=inf"], "epsilon must be a finite number"),
    (["design", "maintain", "-f", "rounds=0"], "rounds must be at least 1"),
    (["design", "maintain", "-f", "play=best"], "play must be one of"),
    (["design", "maintain", "-f", "round=10"], "did you mean 'rounds'"),
    (["design", "maintain", "--leader", "mapo"], "did you mean 'mappo'"),
    (["design", "maintain", "-l", "updates=0"], "updates must be at least 1"),
    (["design", "maintain", "-l", "learning_rate=fast"], "learning_rate must be a finite number"),
    (["design", "maintain", "--updates", "5", "-l", "updates=5"], "say the same thing"),
    (["design", "maintain", "--seeds", "0"], "seeds must be at least 1"),
    (["design", "maintain", "--seeds", "many"], "--seeds must be a whole number"),
    (["design", "maintain", "--seed", "-1"], "seed must be a whole number from 0"),
    (["design", "maintain", "--out", "taken"], "already holds other files"),
    (["design", "maintain", "--out", "file"], "cannot write to file"),
    (["design", "maintain", "--out", "file/below"], "cannot write to file/below"),
    (["design", "iterated-matrix", "-g", "commitment=both"], "commitment must be one of deterministic, mixed"),
    (["design", "iterated-matrix", "-l", "carry_followers=true", "--leader", "reinforce"], "act once in a sub-episode"),
    (
        ["design", "iterated-matrix", "--followers", "best-response", "--leader", "dqn", "-l", "carry_followers=true"],
        "learn over rounds; best-response ones do not",
    ),
    (["design", "iterated-matrix", "--followers", "contextual", "-f", "network=file"], "is damaged"),
    (["design", "iterated-matrix", "--followers", "contextual", "-f", "at=0,9"], "fewer than are asked at"),
    (["design", "agrawal", "--leader", "meta-gradient"], "meta-gradient needs a table of expected payoffs"),
    (
        ["design", "patrol", "--leader", "bi-level-actor-critic", "--followers", "best-response"],
        "one follower without types that acts once",
    ),
    (["solve", "iterated-matrix", "-g", "commitment=mixed"], "no exact method is known for rules that mix"),
    (["pretrain", "iterated-matrix", "--followers", "logit"], "name 'contextual' or 'meta'"),
    (["pretrain", "iterated-matrix", "-t", "updates=0"], "updates must be at least 1"),
    (["pretrain", "iterated-matrix", "-t", "step=1"], "unknown parameter of the training 'step'"),
    (["pretrain", "iterated-matrix", "--seeds", "0"], "seeds must be at least 1"),
    (["pretrain", "iterated-matrix", "--out", "file"], "file exists"),
    (["pretrain", "iterated-matrix", "-f", "network=none.npz"], "cannot read none.npz"),
    (["pretrain", "iterated-matrix", "--rules", "none.json"], "cannot read none.json"),
    (["pretrain", "iterated-matrix", "--rules", "file"], "is not a rule file"),
    (["design", "normal-form"], "needs leader_payoffs and follower_payoffs"),
    (["design", "normal-form", "-g", "leader_payoffs=a.csv", "-g", "follower_payoffs=wide.csv"], "one shape"),
    (["design", "normal-form", "-g", "leader_payoffs=a.csv", "-g", "follower_payoffs=nan.csv"], "finite number"),
    (["design", "normal-form", "-g", "leader_payoffs=a.csv", "-g", "follower_payoffs=empty.csv"], "is empty"),
    (["design", "normal-form", "-g", "leader_payoffs=ragged.csv", "-g", "follower_payoffs=a.csv"], "differ in length"),
    (["design", "normal-form", "-g", "leader_payoffs=latin.csv", "-g", "follower_payoffs=a.csv"], "UTF-8"),
    (["design", "normal-form", "-g", "leader_payoffs=none.csv", "-g", "follower_payoffs=a.csv"], "cannot read"),
    (["design", "sequential-price", "-g", "buy_at_tie=maybe"], "buy_at_tie must be true or false"),
    (["design", "sequential-price", "-g", "prices=few"], "prices must be a whole number, or continuous; got 'few'"),
    (["design", "sequential-price", "-g", "objective=profit"], "or welfare or revenue; got 'profit'"),
    (["design", "sequential-price", "-g", "units=1,x"], "units must be a whole number; got 'x'"),
    (["design", "sequential-price", "-g", "agents=20", *LISTED], "a smaller game"),
    (
        ["design", "sequential-price", "-g", "agents=8", "-g", "history=left", *SAMPLED, *LISTED[2:]],
        "fewer seeds, restarts, prices or messages",
    ),
    (["design", "sequential-price", "-g", "values=none.csv"], "cannot read none.csv"),
    (["design", "sequential-price", "-g", "values=a.csv"], "must begin with 'agent' or 'probability'"),
    (["design", "sequential-price", "-g", "values=header.csv"], "a header only"),
    (["design", "sequential-price", "-g", "values=gap.csv"], "must be numbered 0, 1"),
    (["design", "sequential-price", "-g", "values=one.csv"], "values are given for 1 agents"),
    (["design", "sequential-price", "-g", "types=8", "-l", "target=worst"], "use target=learned"),
    (["design", "matrix-design", "-g", "payoffs=file.nfg"], "not a valid .nfg game"),
    (["design", "matrix-design", "-g", "rule=both"], "rule must be one of tau, per-follower"),
    (["design", "maintain", "-f", "certified=-1"], "certified"),
    (["design", "maintain", "--leader", "ppo", "-l", "response_steps=2"], "response_steps"),
    (
        ["solve", "sequential-price", "-g", "agents=3", "-g", "items=2", "-g", "prices=continuous"],
        "only known for two agents and one unit of one item",
    ),
    (["solve", "agrawal", "--selection", "any"], "--selection must be best, worst or anf_cce"),
    (["solve", "agrawal", "--selection", "worst", "--threshold"], "threshold messages are only known"),
    (["solve", "agrawal", "--time-limit", "0"], "the time limit must be a positive number of seconds; got 0"),
    (["solve", "agrawal", "--time-limit", "soon"], "--time-limit must be a finite number"),
    (["solve", "agrawal", "--out", "file"], "file exists; name a new file"),
    (["solve", "book.xlsx"], "is a workbook, not a text table"),
    (["design", "a.csv"], "is no game: it needs a row for each profile"),
    (["design", "none.csv"], "cannot read none.csv"),
    (["solve", "book.xlsx", "-g", "memory=2"], "unknown parameter of a game file 'memory'"),
    (["solve", "escape", "--compare", "core"], "--compare must be nash"),
    (["solve", "agrawal", "--compare", "nash"], "are compared for two players"),
    (["design", "normal-form", "-g", "leader_payoffs=two.csv", "-g", "follower_payoffs=a.csv"], "in two ways"),
    (["export", "rule.json"], "--to"),
    (["export", "rule.json", "--to", "pdf"], "unknown form 'pdf'"),
    (["export", "file", "--to", "csv"], "file is not a rule file"),
    (["export", "list.json", "--to", "nfg"], "is not a rule file"),
    (["export", "none", "--to", "python"], "cannot read none"),
    (["export", "rule.json", "--to", "csv", "-o", "file"], "file exists; name a new file"),
    (["export", "simple-allocation", "--to", "nfg"], "has no table of its leader's decisions"),
    (["export", "rule.json", "--to", "csv", "-g", "items=3"], "-g and --code go with --to nfg"),
    (["solve", "agrawal", "--out", "no/such/place.json"], "cannot write no/such/place.json"),
    (["solve", "maintain", "--selection", "worst"], "has no option selection; it is for price mechanisms"),
    (["design", "file.nfg"], "not a valid .nfg game"),
    (["design", "file.nfg", "-g", "items=3"], "unknown parameter of a game file 'items'"),
    (["solve", "maintain", "--ties", "fair"], "--ties must be strong or weak"),
    (["solve", "simple-allocation", "-g", "items=0"], "at least 1"),
    (["certify", "nowhere"], "cannot read nowhere"),
    (["certify", "taken"], "not a run folder"),
    (["certify", "taken", "-f", "rounds=3"], "go with rule files"),
    (["certify", "file"], "it is not JSON"),
    (["certify", "list.json"], "with the keys 'game' and 'rule'"),
    (["certify", "rule.json", "--epsilon", "nan"], "--epsilon must be a finite number"),
    (["certify", "rule.json", "--epsilon", "-1"], "epsilon must be a number of at least 0"),
    (["certify", "rule.json", "--followers", "nobody"], "unknown followers"),
    (["certify", "rule.json", "--out", "file"], "exists and is not a certificate"),
    (["certify", "rule.json", "--out", "no/such/place.json"], "cannot write no/such/place.json"),
    (["certify", "gap.json"], "says nothing for {'message': 1}"),
    (["certify", "wrong.json"], "entry 1 of the rule: item must be a whole number from 0 to 2"),
    (["certify", "key.json"], "unknown condition of entry 1 of the rule 'mesage': did you mean 'message'"),
    (["certify", "twice.json"], "agent 0 was visited already; those left to visit are [1]"),
    (["certify", "dear.json"], "prices must be 1 number(s) from 0 to 1; got [1.5]"),
    (["certify", "unsaid.json"], "says nothing for {'messages': [0, 0], 'remaining': [1]"),
    (["certify", "play.json"], "the play of follower 0, type 0 must sum to 1"),
    (["verify", "nowhere"], "cannot read nowhere"),
    (["verify", "file"], "not JSON"),
    (["verify", "rule.json"], "the certificate has no "),
    (["verify"], "CERTIFICATE"),
    (["resume", "nowhere"], "not a run folder"),
    (["resume", "taken"], "not a run folder"),
    (["design", "maintain", "--out", "n" * 300], "File name too long"),
    (["design", "n" * 300], "unknown game"),
    (["design", "n" * 300 + ".nfg"], "File name too long"),
    (["design", "maintain", "--followers", "contextual", "-f", "network=" + "n" * 300], "File name too long"),
    (["solve", "maintain", "--out", "n" * 300], "File name too long"),
    (["certify", "n" * 300], "File name too long"),
    (["certify", "rule.json", "--out", "n" * 300], "File name too long"),
    (["verify", "n" * 300], "File name too long"),
    (["design", "n" * 300 + ".py"], "is not a file"),
    (["design", "maintain", "--followers", "n" * 300 + ".py"], "is not a file"),
    (["check", "n" * 300 + ".py"], "is not a file"),
    (["resume", "n" * 300], "not a run folder"),
    (["reproduce", "maintain", "--out", "n" * 300], "File name too long"),
    (["pretrain", "iterated-matrix", "--rules", "n" * 300], "File name too long"),
    (["design", "two\nlines\r\x1b[2J"], r"'two\nlines\r\x1b[2J'"),
    (["design", "two\nlines.nfg"], r"cannot read two\nlines.nfg"),
    (["resume", "two\nlines"], r"two\nlines is not a run folder"),
    (["design", "maintain", "-g", "two\nlines"], r"'two\nlines'"),
    (["design", "maintain", "--seeds", "9" * 30], "seeds must have at most 15 digits"),
    (["design", "maintain", "--updates", "9" * 12], "updates must be at most 1000000000"),
    (["design", "maintain", "--updates", "9" * 9], "use fewer seeds, updates"),
    (["dezign"], "dezign"),
    (["design"], "GAME"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("1,2\n3,4\n")
    Path("wide.csv").write_text("1,2,3\n3,4,5\n")
    Path("nan.csv").write_text("1,nan\n3,4\n")
    Path("empty.csv").write_text("\n")
    Path("ragged.csv").write_text("1,2\n3\n")
    Path("latin.csv").write_bytes(b"1,\xff\n")
    Path("header.csv").write_text("agent,probability,value\n")
    Path("gap.csv").write_text("agent,probability,value\n0,1,0.5\n2,1,0.5\n")
    Path("one.csv").write_text("agent,probability,value\n0,1,0.5\n")
    Path("two.csv").write_text("1,500;2\n")
    Path("book.xlsx").write_bytes(b"PK\x03\x04" + bytes(20))
    Path("file.nfg").write_text("not a game")
    Path("file").write_text("a file")
    Path("list.json").write_text("[]")
    item = {"game": "simple-allocation", "rule": [{"do": {"item": 0}}]}
    visit = {"game": "sequential-price", "rule": [{"do": {"agent": 0, "prices": [0.5]}}]}
    dear = [{"do": {"agent": 0, "prices": [1.5]}}]
    once = [{"when": {"remaining": [0, 1]}, "do": {"agent": 0, "prices": [0.5]}}]
    for name, content in {
        "rule": item,
        "gap": item | {"rule": [{"when": {"message": 0}, "do": {"item": 0}}]},
        "wrong": item | {"rule": [{"do": {"item": 3}}]},
        "key": item | {"rule": [{"when": {"mesage": 0}, "do": {"item": 0}}]},
        "play": item | {"play": [[[0.5, 0.6], [1, 0], [1, 0]]]},
        "twice": visit,
        "dear": visit | {"rule": dear},
        "unsaid": visit | {"rule": once},
    }.items():
        Path(f"{name}.json").write_text(json.dumps(content))
    Path("taken").mkdir()
    Path("taken/notes.txt").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), CASES, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
@pytest.mark.parametrize("as_json", [False, True])
def test_one_clear_sentence(folder: Path, capsys: pytest.CaptureFixture, arguments, message, as_json) -> None:
    before = sorted(folder.rglob("*"))
    status = main([*arguments, "--json"] if as_json and arguments else arguments)
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert message in err
    assert err.startswith("firstmover: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before


def test_a_run_is_never_overwritten(folder: Path, capsys: pytest.CaptureFixture) -> None:
    arguments = ["design", "escape", "--seeds", "2", "--updates", "5", "--out", "run", "--json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["game"]["name"] == "escape"
    before = {path: path.read_bytes() for path in Path("run").iterdir()}
    assert main(arguments) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path("run").iterdir()} == before
