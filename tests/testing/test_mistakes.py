"""Mistakes that people make in files of their own: each is told in a sentence, by `check` and by `design`."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import firstmover.templates
from firstmover.cli import main
from firstmover.testing import check_game
from firstmover.testing.own_files import check_file

ROOM = Path(firstmover.templates.__file__).parent


class Mistake(NamedTuple):
    """A template, what is changed in it, and what is said of it."""

    kind: str
    right: str
    wrong: str
    says: str


PAYS = "return paid - cost, worth - paid"
MISTAKES = {
    "a mask of the wrong length": Mistake(
        "market", "status_quo =", "def mask(self, visitor): return [True]\n    status_quo =", "each of 3 actions"
    ),
    "measures that are a list": Mistake(
        "market",
        "    def payoff",
        "    def measures(self, visitor, buys, prices):\n        return [1.0]\n\n    def payoff",
        "must return numbers by name",
    ),
    "an if on a traced value": Mistake("market", PAYS, f"if buys > 0:\n            cost = 1.0\n        {PAYS}", "'if'"),
    "a float of a traced value": Mistake("market", PAYS, "return float(paid), worth - paid", "float()"),
    "a NumPy function": Mistake("market", PAYS, "import math\n        return math.sqrt(paid), worth", "float()"),
    "a NumPy array of traced values": Mistake(
        "market", PAYS, "import numpy as np\n        return np.array([paid]).sum(), worth - paid", "NumPy"
    ),
    "a list that is indexed": Mistake("market", PAYS, "return [1.0, 2.0, 3.0][buys], worth - paid", "list"),
    "a program that exits": Mistake("market", PAYS, f"import sys\n        sys.exit()\n        {PAYS}", "SystemExit"),
    "a budget below the lows": Mistake(
        "market", '"pass price"], 0.0, 10.0)', '"pass price"], 6.0, 10.0, total=10.0)', "above the sum of its lows, 12"
    ),
    "a measure that fails": Mistake(
        "market",
        "    def payoff",
        "    def measures(self, visitor, buys, prices):\n        return {'share': 1 / 0}\n\n    def payoff",
        "ZeroDivisionError",
    ),
    "a division by zero": Mistake(
        "market",
        PAYS,
        "return 1 / prices[0], worth - paid",
        "pays the leader inf, not a finite number, at visitor tour",
    ),
    "no number": Mistake(
        "market", PAYS, "return paid - cost, jnp.where(buys == 2, jnp.nan, 0)", "pays the follower nan.*buys a pass"
    ),
    "one value": Mistake("market", PAYS, "return paid - cost", "must return the leader's payoff and the followers'"),
    "a payoff that is a vector": Mistake("market", PAYS, "return prices, worth - paid", r"of shape \(2,\)"),
    "complex payoffs": Mistake("market", PAYS, "return paid * 1j, worth - paid", "complex"),
    "payoffs for two": Mistake("market", PAYS, "return paid, jnp.zeros(2)", r"followers' payoffs as .* \(2,\)"),
    "NumPy's random numbers": Mistake(
        "market", PAYS, "import numpy as np\n        return paid + np.random.normal(), worth - paid", "frozen"
    ),
    "Python's random numbers": Mistake(
        "market", PAYS, "import random\n        return paid + random.random(), worth - paid", "frozen"
    ),
    "random numbers in the constructor": Mistake(
        "market",
        "self.cost = cost",
        "import numpy as np\n        self.cost = cost + np.random.rand()",
        "built again from its parameters is another game",
    ),
    "an attribute that is not there": Mistake("market", "self.cost, 2", "self.costs, 2", "line 4[0-9]: AttributeError"),
    "a prior that does not sum to 1": Mistake("market", "[1 - neighbours, neighbours]", "[0.5, 0.6]", "must sum to 1"),
    "a prior for three": Mistake("market", "[1 - neighbours, neighbours]", "[0.2, 0.3, 0.5]", "labels"),
    "a word of the constructor": Mistake("market", "types=Discrete", "type=Discrete", "line [0-9]*: TypeError.*'type'"),
    "what is seen is not there": Mistake(
        "market",
        "decides=Box",
        'sees=Discrete(["no", "yes"], "bought"),\n            decides=Box',
        "seen of .* returns 2",
    ),
    "nothing to do": Mistake(
        "market", "status_quo =", "def mask(self, visitor): return [False] * 3\n    status_quo =", "mask must leave"
    ),
    "a status quo of three prices": Mistake(
        "market", "status_quo = (2.0, 4.0)", "status_quo = (2.0, 4.0, 1.0)", "status_quo of .* must be a decision"
    ),
    "a status quo that is no rule": Mistake(
        "market",
        "status_quo = (2.0, 4.0)",
        'status_quo = [{"when": {"weather": "fair"}, "do": {}}]',
        "status_quo of .*: unknown condition of entry 1 of the rule 'weather'",
    ),
    "a parameter that JSON does not hold": Mistake(
        "market", "cost: float = 1.0", "cost=jnp.float32(1)", "which JSON cannot hold"
    ),
    "a constructor that forgets its parent": Mistake(
        "market", "super().__init__(", "dict(", r"must call super\(\).__init__"
    ),
    "an exception in plain Python": Mistake(
        "market", PAYS, "return {}[buys], 0.0\n    plain = True", "line [0-9]*: KeyError: 0"
    ),
    "a syntax error": Mistake("market", "def payoff(self, ", "def payoff(self ", "line [0-9]*: "),
    "an if in a game": Mistake(
        "game", "hard = state.types[0]", "hard = 1 if state.types[0] else 0", "line [0-9]*: a Python 'if'"
    ),
    "chance that is not declared": Mistake(
        "game",
        "works = ",
        "import jax\n        leader += jax.random.normal(key)\n        works = ",
        "declare the chance",
    ),
    "a payoff range that does not hold": Mistake("game", "(-2.0, 4.0)", "(-2.0, 3.0)", "declares .* from -2 to 3"),
    "an observation that is not there": Mistake(
        "game", "jnp.stack([state.said, ", "jnp.stack([2 * state.said, ", "component 0 of leader_obs .* is 2"
    ),
    "a state that changes its dtype": Mistake(
        "game", "state.paid + 1)", "state.paid + 0.5)", "int32 .* that is float32"
    ),
    "an observation that is no type": Mistake(
        "game", "follower_obs=state.types", "follower_obs=1 - state.types", "must be its type"
    ),
    "words that do not read back": Mistake(
        "game",
        "    def reset(",
        "    def decision(self, when, do):\n        return 1 - super().decision(when, do)\n\n    def reset(",
        "do not read back",
    ),
    "a reward for nobody": Mistake("game", "customer[None])", "customer)", r"of shape \(1,\); got float32"),
    "a method that is missing": Mistake("game", "def reset(", "def start(", "lacks what every Game has: reset"),
    "nobody who may act": Mistake("game", "jnp.ones((1, 2), bool)", "jnp.zeros((1, 2), bool)", "nothing to do"),
}


def test_there_are_24_and_more() -> None:
    assert len(MISTAKES) >= 24


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_a_sentence(name: str, tmp_path, capsys, monkeypatch) -> None:
    mistake = MISTAKES[name]
    source = (ROOM / f"{mistake.kind}.py").read_text()
    assert mistake.right in source
    (tmp_path / "mine.py").write_text(source.replace(mistake.right, mistake.wrong))
    monkeypatch.chdir(tmp_path)
    # Before anything is learnt, and nothing is left behind.
    assert main(["design", "mine.py", "--seeds", "1", "--updates", "1"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.search(mistake.says, said), said
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())
    if name == "a syntax error":
        assert main(["check", "mine.py"]) == 2  # nothing can be looked at
        return
    assert main(["check", "mine.py"]) == 1
    assert re.search(mistake.says, capsys.readouterr().out)


LEADERS = {
    "a state that changes": ("state.step + 1,", "state.step + 0.5,", r"int32 \(\) after init that is float32"),
    "a rule without candidates": ("state.best[None]", "state.best", r"\[candidates, \d\]; got the shape \(\d,\)"),
    "a decision that is not possible": (
        "state.best[None]",
        "state.best[None] + 3",
        r"holds no rule of simple-allocation: the decisions \[[3-5]",
    ),
    "NumPy's random numbers": (
        "state.best[None]",
        "(state.best[None] + np.random.default_rng().integers(0, 9999, state.best.shape)) % 3",
        "begins again with the same key",
    ),
    "NumPy's random numbers that change nothing this time": (
        "state.best[None]",
        "(state.best[None] + 3 * np.random.default_rng().integers(0, 2**20, state.best.shape)) % 3",
        "begins again with the same key",
    ),
    "no metrics": ("return after, metrics", "return after, 0.0", "a state and its Metrics"),
    "an if": ("drawn, state.best)", "drawn if state.step else drawn, state.best)", "line 6[0-9]: a Python 'if'"),
    "a parameter that JSON does not hold": (
        "mutation: float = 0.5",
        "mutation: float = 0.5\n    extra: object = frozenset()",
        "must be a dataclass",
    ),
    "a method that is missing": ("def tables(", "def table(", "lacks what every Leader has: tables"),
}


@pytest.mark.parametrize("name", LEADERS)
def test_a_mistake_in_a_leader_is_told_in_a_sentence(name: str, tmp_path, capsys) -> None:
    right, wrong, says = LEADERS[name]
    source = (ROOM / "leader.py").read_text()
    assert right in source
    (tmp_path / "mine.py").write_text(
        source.replace(right, wrong).replace("import jax\n", "import jax\nimport numpy as np\n")
    )
    assert main(["check", str(tmp_path / "mine.py")]) == 1
    out = capsys.readouterr().out
    assert re.search(says, out), out


def test_a_type_that_sees_the_other_is_found() -> None:
    from tiny_games import Visits

    class Leaky(Visits):
        """Follower 0 observes the type of follower 1, where it is one of its own."""

        followers_act = "every step"

        def observe(self, state):
            turn = super().observe(state)
            return turn._replace(follower_obs=turn.follower_obs.at[0].set(state.types[1] % 2))

    failed = [check for check in check_game(Leaky()) if not check.passed]
    assert [check.check for check in failed] == ["information"]
    assert "sees what it should not" in failed[0].why


@pytest.mark.parametrize("kind", ["market", "game", "follower", "leader"])
def test_a_new_file_passes_every_check(kind: str, tmp_path, capsys) -> None:
    path = tmp_path / "my-own.py"
    assert main(["new", str(path), "--kind", kind]) == 0
    written = tmp_path / "my_own.py"
    text = written.read_text()
    assert "class MyOwn(" in text
    assert main(["new", str(path), "--kind", kind]) == 2
    assert "exists" in capsys.readouterr().err
    assert written.read_text() == text
    checks = check_file(str(written), {})
    assert len(checks) >= 5
    assert {check.check.partition(": ")[0] for check in checks} == {"MyOwn"}
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["new", "7up"], "must begin with a letter"),
        (["new", "a", "--kind", "auction"], "must be one of market, game, follower, leader"),
        (["check", "nothing.py"], "is not a file"),
        (["check", "escape"], "there is no module"),
    ],
)
def test_bad_input_is_one_sentence(command, says, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
