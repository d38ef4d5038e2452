"""An option that is written in Python: by its number or its value, and refused where two may be meant."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.games.entries import status_quo_table
from firstmover.games.market import Market
from firstmover.spaces import Discrete


def test_numbers_and_values():
    assert Discrete([0.5, 2.0], "toll").decided(1) == 1
    assert Discrete([0.5, 2.0], "toll").decided(2.0) == 1  # no number of an option
    assert Discrete([0, 1, 2], "toll").decided(np.int64(2)) == 2
    assert Discrete(["no", "yes"], "word").decided(0) == 0


@pytest.mark.parametrize("given", [3.5, 2, -1, True, None, [0]])
def test_what_is_no_option(given):
    with pytest.raises(InputError, match=r"toll must be the number of an option, from 0 to 1"):
        Discrete([0.5, 2.5], "toll").decided(given)


def test_what_may_be_two():
    with pytest.raises(InputError, match=r"option 1 or the option 1: give its label"):
        Discrete([1, 2], "toll").decided(1)


class Road(Market):
    """A toll, and a driver who pays it."""

    def __init__(self):
        super().__init__(acts=Discrete(["goes round", "pays"]), decides=Discrete([0.5, 2.5], "toll"))

    def payoff(self, driver, pays, toll):
        return pays * toll * 1.0, pays * (2.0 - toll)


def test_a_status_quo_that_is_no_option_is_refused_before_training():
    road = Road()
    road.status_quo = 3.5
    with pytest.raises(InputError, match="status_quo of Road: toll must be the number of an option"):
        status_quo_table(road)
    road.status_quo = 2.5
    assert status_quo_table(road).tolist() == [1]
