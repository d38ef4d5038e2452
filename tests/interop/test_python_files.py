"""Classes from a user's own file, and the sentence for everything that may be wrong with it."""

import pytest

from firstmover.errors import InputError
from firstmover.games import Game
from firstmover.interop.python_files import class_named, digest

MARKET = '''
from firstmover.games import Market
from firstmover.spaces import Discrete


class Vote(Market):
    """One vote."""

    def __init__(self, stake: float = 1.0):
        self.stake = stake
        super().__init__(acts=Discrete(["no", "yes"], "votes"), decides=Discrete(["stop", "go"], "decision"))

    def payoff(self, type_, action, decision):
        return (action == decision) * self.stake, action * 1.0
'''


def test_a_class_is_found_by_its_name_or_as_the_only_one(tmp_path) -> None:
    file = tmp_path / "vote.py"
    file.write_text(MARKET)
    for argument in (str(file), f"{file}:Vote"):
        cls = class_named(argument, Game)
        assert cls(stake=2.0).parameters() == {"stake": 2.0}
        assert cls.name == "vote.py:Vote"
    before = digest(cls)
    file.write_text(MARKET + "\n# changed\n")
    assert digest(class_named(str(file), Game)) != before


@pytest.mark.parametrize(
    ("content", "named", "says"),
    [
        (MARKET, ":Vode", "did you mean 'Vote'"),
        ("x = 1\n", "", "must hold one Game"),
        (MARKET + MARKET.replace("Vote", "Veto"), "", "it holds Vote, Veto"),
        ("x = 1\n\ny = x / 0\n", "", "line 3: ZeroDivisionError"),
        ("def f(:\n", "", "line 1: "),
        ("import no_such_module_anywhere\n", "", "line 1: ModuleNotFoundError"),
        (MARKET.replace("payoff", "pay"), "", "lacks what every Game has: payoff"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, content, named, says) -> None:
    file = tmp_path / "vote.py"
    file.write_text(content)
    with pytest.raises(InputError, match=says):
        class_named(f"{file}{named}", Game)


def test_a_missing_file_or_module_is_said() -> None:
    with pytest.raises(InputError, match="is not a file"):
        class_named("nowhere.py:Vote", Game)
    with pytest.raises(InputError, match="there is no module"):
        class_named("nowhere_at_all:Vote", Game)
