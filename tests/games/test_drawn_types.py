"""Markets whose types are drawn: learnt from one sample, judged by another, with an interval and never called exact."""

import numpy as np
import pytest

from firstmover import Box, Discrete, Drawn, InputError, Market, certify, evaluate, solve
from firstmover.cli.certified import certificate as in_words
from firstmover.evaluators import judge_of
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.jobs.designs import design
from firstmover.jobs.fresh_types import on_fresh_types
from firstmover.jobs.respond import respond
from firstmover.rules.rule import Rule, play_text
from firstmover.testing import check_game


class Ticket(Market):
    """A price to a buyer whose worth is uniform on [0, top]: a price p earns p (1 - p / top), at best top / 4."""

    def __init__(self, top: float = 1.0, prices: tuple[float, ...] = ()):
        decides = Discrete(list(prices), "price") if prices else Box(["price"], 0.0, 2.0)
        self.prices = np.array(prices)
        types = Drawn(lambda rng: rng.uniform(0, top), "worth")
        super().__init__(types=types, acts=Discrete(["leave", "buy"], "does"), decides=decides)

    def measures(self, worth, buys, decision):
        return {"sold": buys * 1.0, "worth": worth * 1.0}

    def payoff(self, worth, buys, decision):
        import jax.numpy as jnp

        price = jnp.asarray(self.prices)[decision] if len(self.prices) else decision[0]
        return buys * price, buys * (worth - price)


class Pair(Market):
    """Two buyers, each with a place of their own; the seller names one price for both."""

    def __init__(self):
        own = Drawn(lambda rng: rng.uniform(0, 1), "worth")
        acts = Discrete(["leave", "buy"])
        super().__init__(types=[own, own], acts=[acts, acts], decides=Discrete([0.25, 0.5, 0.75], "price"))

    def payoff(self, worths, buys, price):
        price = 0.25 * (1 + price)
        return price * buys.sum(), buys * (worths - price)


def test_checks_pass_and_the_sample_is_the_same_again():
    game = Ticket(3.0)
    assert [check for check in check_game(game) if not check.passed] == []
    again, anew = Ticket(3.0), game.drawn_anew()
    assert game.knows == again.knows and game.draws_types
    assert anew.knows != game.knows and anew.n_types == (2000,) and anew.parameters() == game.parameters()


def test_a_rule_is_judged_by_types_drawn_anew():
    """The interval of the value holds what a price is worth in closed form, and gets its width from the draws."""
    game = Ticket(2.0, prices=(0.5, 1.0, 1.5))
    rule = Rule(game, np.array([1]))
    certificate = certify(rule)
    low, high = certificate["value_interval"]
    assert low < 1.0 * (1 - 1.0 / 2.0) < high and low < certificate["value"] < high
    bought = certificate["value"]  # the share that buys, at a price of 1
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(bought * (1 - bought) / 1999), rel=1e-3)
    assert not certificate["exact"] and certificate["leader_value_bounds"] is None and certificate["proof"] is None
    assert certificate["epsilon"]["max"] == 0 and "a sample" in "\n".join(in_words(certificate))
    play = respond(rule, BestResponse())
    sold = certificate["measures"]["sold"]
    assert sold["interval"] is None and sold["over"] == "the types that were drawn"
    assert sold["value"] == pytest.approx(np.mean(game._sample.values[0] >= 1.0))
    with pytest.raises(InputError, match="leave out at_least"):
        certify(rule, at_least=["sold=0.1"])
    assert on_fresh_types(rule, play, BestResponse())[0].game is not game
    assert judge_of(game).interval(rule.actions, play) is not None


@pytest.mark.slow
def test_the_interval_over_several_followers_holds_what_is_expected():
    game = Pair()
    certificate = certify(Rule(game, np.array([1])), followers=MultiplicativeWeights(rounds=50))
    low, high = certificate["value_interval"]
    assert low < 2 * 0.5 * 0.5 < high and high - low < 0.2
    assert game.n_types == (20, 20) and not certificate["exact"]


def test_play_in_words_names_ranges_of_types():
    game = Ticket()
    text = play_text(game, respond(Rule(game, np.array([[0.5]])), BestResponse()))
    assert text.count(";") == 1 and text.startswith("Worth 0.0") and text.endswith("buy.")


def test_solve_is_a_search_over_a_sample():
    solution = solve(Ticket(2.0, prices=(0.5, 1.0, 1.5)))
    assert solution.value is None and solution.bounds is None
    assert solution.rule == [{"when": {}, "do": {"price": 1.0}}]
    value, low, high = solution.sampled
    assert low < 0.5 < high and low < value < high and "sample of 400 types" in solution.method
    with pytest.raises(InputError, match="several followers are drawn"):
        solve(Pair())


@pytest.mark.slow
def test_evaluations_are_sampled():
    table = evaluate(rules={"one": Rule(Ticket(2.0), np.array([[1.0]]))}, followers=["best-response"], seeds=2)
    assert table.sampled == (True,)
    low, high = table.interval[0, 0]
    assert low < 0.5 < high and high - low < 0.1


class Wrong(Market):
    """A market whose types are declared so."""

    def __init__(self, types, **given):
        acts = Discrete(["no", "yes"])
        several = len(types) if isinstance(types, list) else 0
        super().__init__(types=types, acts=[acts] * several if several else acts, decides=Discrete(2), **given)

    def payoff(self, type_, action, decision):
        return decision * 1.0, action * 1.0


@pytest.mark.parametrize(
    "types, given, why",
    [
        (Drawn(lambda rng: np.nan), {}, "must return a finite number"),
        (Drawn(lambda rng: "a"), {}, "draw of a type in Wrong fails"),
        (Drawn(lambda rng: rng.poisson(1.0, 1 + rng.integers(2))), {}, "a vector of always as many"),
        (Drawn(lambda rng: 1 / 0), {}, "ZeroDivisionError"),
        (Drawn(lambda rng: rng.uniform(), count=1), {}, "count of a Drawn"),
        (Drawn(lambda rng: rng.uniform()), {"prior": [1.0]}, "leave out prior"),
        ([Drawn(lambda rng: rng.uniform()), Discrete(2)], {}, "Drawn for all followers or for none"),
    ],
)
def test_mistakes_get_a_sentence(types, given, why):
    with pytest.raises(InputError, match=why):
        Wrong(types, **given)


def test_what_needs_listed_types_is_refused_before_training():
    with pytest.raises(InputError, match="are drawn"):
        design(Ticket(), robust=0.1, seeds=1)
    with pytest.raises(InputError, match="are drawn"):
        certify(Rule(Ticket(), np.array([[0.5]])), robust=0.1)
    with pytest.raises(InputError, match="are drawn"):
        Ticket().with_types(Ticket().types)


@pytest.mark.slow
def test_design_says_what_is_sampled():
    made = design(Ticket(), seeds=2)
    certificate = made.as_json()["certificate"]
    low, high = certificate["value_interval"]
    price = made.rule.entries[0]["do"]["price"]
    assert abs(price * (1 - price) - 0.25) < 0.01  # the best price is a half
    assert low < price * (1 - price) < high and not certificate["exact"] and made.optimum.value is None
