"""The evaluator that CONTRIBUTING shows is one: an episode is rewarded with it, and what it pays is right."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import Visits, some_rule

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.evaluators.base import Evaluator
from firstmover.evaluators.view import View
from firstmover.followers import BestResponse

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()


def _cautious() -> type[Evaluator]:
    (code,) = re.findall(r"```python\n((?:(?!```).)*?class Cautious.*?)```", TEXT, re.S)
    names: dict[str, type[Evaluator]] = {"__name__": "cautious"}
    exec(code, names)
    return names["Cautious"]


def test_a_cautious_leader_is_paid_for_the_worst_tenth() -> None:
    class Problem(StackelbergPOMDP):
        @property
        def evaluator(self) -> Evaluator:
            return _cautious()(self.game, self.reward_episodes)

    game, key = Visits(), jax.random.key(5)
    commitment = table_of(game, jnp.asarray(some_rule(game)))
    mean = StackelbergPOMDP(game, BestResponse(), 50)
    episode = Problem(game, BestResponse(), 50).episode(commitment, key)
    every = mean.evaluator.query(episode.strategy, mean.evaluator.noise(key), None)
    view = View(game, commitment, key)
    paid = np.sort(view.outcome(every, mean.followers.asks(game)).leader)
    assert float(episode.reward) == pytest.approx(paid[:5].mean(), rel=1e-6)
    assert float(episode.reward) < float(mean.episode(commitment, key).reward)
