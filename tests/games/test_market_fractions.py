"""A market that says in fractions what it pays: proofs start from what its author wrote, not from floats."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from own_markets import Shop, Works

from firstmover import Box, Discrete, Market, certify
from firstmover.certificates.exact import exact_game
from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.rules.rule import Rule
from firstmover.testing import check_game, refuse_mistakes


class ExactShop(Shop):
    """The screening shop, and what it pays in fractions."""

    def exact_payoff(self, buyer, buys, prices):
        worth = [[0, 4, 5], [0, 5, 9]][buyer][buys]
        paid = [0, *prices][buys]
        return paid - (Fraction(self.cost) if buys == 2 else 0), worth - paid


def told(market, table):
    rule = Rule(market, np.asarray(table)).as_told()
    return exact_game(rule, judge_of(market).listing(rule.actions))


def test_decimals_of_a_rule_are_what_they_say() -> None:
    game = told(ExactShop(0.3), [[3.9, 7.7]])
    assert game.leader == [[0, Fraction(39, 10), Fraction(67, 10)]] * 2
    assert game.followers == [[[0, Fraction(1, 10), Fraction(-27, 10)], [0, Fraction(11, 10), Fraction(13, 10)]]]
    assert game.probabilities == [Fraction(7, 10), Fraction(3, 10)]
    # From floats alone, 4 - 3.9 is not a tenth.
    floats = told(Shop(0.3), [[3.9, 7.7]])
    assert floats.followers[0][0][1] != Fraction(1, 10)


def test_several_followers_and_what_the_leader_sees() -> None:
    class ExactWorks(Works):
        """Votes, in whole numbers."""

        def exact_payoff(self, types, actions, decision):
            gains = [(2 if t else -1) * decision for t in types]
            return sum(gains), gains

    ours, floats = told(ExactWorks(), [0, 1, 1]), told(Works(), [0, 1, 1])
    assert ours == floats


def test_fractions_that_are_not_what_is_paid_are_refused() -> None:
    class Wrong(ExactShop):
        """Forgets the cost."""

        def exact_payoff(self, buyer, buys, prices):
            return [0, *prices][buys], super().exact_payoff(buyer, buys, prices)[1]

    with pytest.raises(InputError, match="exact_payoff and payoff"):
        refuse_mistakes(Wrong())
    assert all(check.passed for check in check_game(ExactShop()))


def test_transfers_are_told_too() -> None:
    class Sale(Market):
        """A price, which is money."""

        def __init__(self):
            super().__init__(acts=Discrete(["no", "yes"], "buys"), decides=Box(["price"], 0.0, 1.0))

        def payoff(self, _, buys, price):
            return buys * price[0], buys * (0.7 - price[0]), jnp.where(buys == 1, price[0], 0.0)

        def exact_payoff(self, _, buys, price):
            return buys * price[0], buys * (Fraction(7, 10) - price[0]), buys * price[0]

    game = told(Sale(), [[0.6]])
    assert game.revenue == [[0, Fraction(3, 5)]]
    assert game.followers == [[[0, Fraction(1, 10)]]]


def test_a_rule_is_certified_as_it_is_given_and_nothing_is_written(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    rule = Rule.read(ExactShop(0.5), [{"when": {}, "do": {"basic price": 3.9, "full price": 7.8}}])
    certificate = certify(rule)
    assert certificate["value"] == pytest.approx(0.5 * 3.9 + 0.5 * 6.8, abs=1e-9)
    assert certificate["exact"]
    assert list(tmp_path.iterdir()) == []
    certify(rule, out=tmp_path / "certificate.json")
    assert [path.name for path in tmp_path.iterdir()] == ["certificate.json"]
