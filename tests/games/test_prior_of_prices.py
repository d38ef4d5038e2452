"""Price mechanisms whose prior comes from data: the same market, other probabilities, in files and proofs too."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from firstmover import verify
from firstmover.core.types import TypeDistribution
from firstmover.errors import InputError
from firstmover.evaluators import induced_game
from firstmover.games import Agrawal, SequentialPrice
from firstmover.interop.observed_types import read_types
from firstmover.jobs import build

GRID = [[Fraction(1, 4), Fraction(3, 4), Fraction(0)], [Fraction(1, 2), Fraction(0), Fraction(1, 2)]]
JOINT = np.array([[Fraction(1, 4), Fraction(0)], [Fraction(1, 4), Fraction(1, 2)]], object)


@pytest.mark.parametrize(
    ("game", "types"),
    [
        (SequentialPrice(messages=1), TypeDistribution.independent(GRID)),
        (Agrawal(), TypeDistribution.correlated(JOINT)),
        (Agrawal(), TypeDistribution.correlated([[0.5, 0.0], [0.5, 0.0]])),
    ],
    ids=["a grid, independent", "correlated", "a value that nobody has"],
)
def test_payoffs_stay_and_probabilities_are_those_that_were_observed(game, types) -> None:
    estimated = game.with_types(types)
    np.testing.assert_array_equal(estimated.types.table(), types.table())
    for now, before in zip(estimated.values, game.values, strict=True):
        np.testing.assert_array_equal(now, before)
    again = build.build("game", estimated.name, json.loads(json.dumps(estimated.parameters())))
    np.testing.assert_allclose(again.types.table().astype(float), types.table().astype(float), atol=1e-15)
    rule = np.stack([np.append([int(row[0] > 0)], [5] * game.items) for row in game.observations()]).astype(np.int32)
    rule[:, 0] = [int(np.argmin(row[game.n_followers : 2 * game.n_followers])) for row in game.observations()]
    content = {"game": estimated.name, "parameters": again.parameters(), "rule": estimated.rule(rule)}
    derived = verify.derive(json.loads(json.dumps(content), parse_float=Fraction))
    finite, support = induced_game(estimated, rule), types.profiles
    assert [tuple(row) for row in support[0].tolist()] == derived.types
    np.testing.assert_allclose([float(p) for p in derived.probabilities], support[1])
    np.testing.assert_allclose(np.array(derived.leader, float), finite.leader.reshape(len(support[1]), -1), atol=1e-6)


def test_cells_are_values_however_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    path.write_text("agent 1,agent 0\n1,2.50\n0,1/2\n1,0.5\n")
    np.testing.assert_array_equal(read_types(path, Agrawal()).profiles, [[1, 1], [0, 0], [0, 1]])
    path.write_text("agent 0,agent 1\n0.7,1\n")
    with pytest.raises(InputError, match=r"'0.7' is no type of follower 0; valid: 0.5, 2.5"):
        read_types(path, Agrawal())
