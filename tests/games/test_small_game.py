"""The whole game that CONTRIBUTING shows is one: what it does not say follows."""

import re
from pathlib import Path

import numpy as np

import firstmover
from firstmover.followers import BestResponse
from firstmover.games.base import Game
from firstmover.leaders import RandomSearch
from firstmover.rules.rule import Rule
from firstmover.testing.games import check_game

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
CODE = re.search(r"```python\n(.*?)```", TEXT, re.S)[1]


def _lighthouse(**parameters: float) -> Game:
    names: dict[str, type[Game]] = {}
    exec(CODE, names)
    return names["Lighthouse"](**parameters)


def test_it_is_short_and_passes_every_check() -> None:
    assert len(CODE.split("class ")[1].splitlines()) < 30
    assert all(check.passed for check in check_game(_lighthouse()))


def test_its_words_follow_from_its_labels() -> None:
    game = _lighthouse(deep=0.25)
    assert game.parameters() == {"deep": 0.25}
    assert (game.n_obs, game.n_actions, game.leader_obs_sizes) == ((2,), (2,), (2,))
    rule = Rule(game, np.array([1, 0]))
    assert rule.entries == [
        {"when": {"signal": "shallow"}, "do": {"channel": "deep"}},
        {"when": {"signal": "deep"}, "do": {"channel": "shallow"}},
    ]
    np.testing.assert_array_equal(Rule.read(game, rule.entries).actions, rule.actions)
    assert rule.text.startswith("On signal shallow: channel deep.")
    assert game.play_sentence(0, 1, np.array([0.25, 0.75])) == "signal deep: signal shallow (25%) or deep (75%)"


def test_it_is_designed_and_certified() -> None:
    made = firstmover.design(
        _lighthouse(), followers=BestResponse(), leader=RandomSearch(updates=2, episodes=8), seeds=1, optimum=False
    )
    assert made.values[0] == 1 and made.certificate["exact"]
    assert {entry["do"]["channel"] for entry in made.rule.entries} == {"shallow", "deep"}
