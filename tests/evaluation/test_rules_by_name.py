"""Rules that go by a name in their game: rows of an evaluation, and what has to be beaten."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.evaluation.compared import rules_of
from firstmover.games import BuyBox, Maintain
from firstmover.games.display import fixed_rule
from firstmover.jobs.status_quo import against
from firstmover.rules.rule import Rule

MARKET = BuyBox(costs=(1.0,))


def test_rows_of_an_evaluation_and_what_has_to_be_beaten() -> None:
    named, game = rules_of([MARKET, "pdp", "lowest", "1.27"], {}, None)
    assert game is MARKET and [name for name, _ in named] == ["pdp", "lowest", "1.27"]
    for (_, rule), name in zip(named, ("pdp", "lowest", 1.27), strict=True):
        np.testing.assert_array_equal(rule.actions, fixed_rule(MARKET, name))
    given = Rule(MARKET, np.asarray(fixed_rule(MARKET, "none")))
    assert [name for name, _ in rules_of(["block-equal", given], {}, None)[0]] == ["rule", "block-equal"]
    beaten = against(MARKET, "lowest").named_status_quo
    assert beaten is not None
    np.testing.assert_array_equal(beaten[1], fixed_rule(MARKET, "lowest"))


def test_names_that_are_none() -> None:
    with pytest.raises(InputError, match="remembers whom it showed"):
        rules_of([MARKET, "dynamic-pdp"], {}, None)
    for given in ([MARKET, "pdpx"], [Maintain(), "pdp"], ["pdp"]):
        with pytest.raises(InputError, match="pdp"):
            rules_of(given, {}, None)
    with pytest.raises(InputError, match="below all prices"):
        against(MARKET, "0.5")
