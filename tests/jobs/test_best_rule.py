"""Which of many rules a design hands out: the best copy of every seed, and the best seed; and what it counts."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover import design
from firstmover.followers import BestResponse, MultiplicativeWeights
from firstmover.games import IteratedMatrix, NormalForm, SimpleAllocation
from firstmover.jobs.finished import Design
from firstmover.leaders.base import Leader, Metrics

ALLOCATION = SimpleAllocation(4, 2, (0.1, 0.2, 0.3, 0.4))
# Rules of the allocation by what they are worth: two items of four, the prior is in tenths.
WORTH = {(0, 0): 0.1, (0, 1): 0.3, (1, 2): 0.5, (1, 3): 0.6, (2, 3): 0.7}
DILEMMA = IteratedMatrix("prisoners_dilemma")
# Always cooperate: the follower defects, ten times 1 - 2.5. Defect first, then copy: 4.
REPEATED = {(0, 0, 0, 0, 0): -15.0, (1, 0, 1, 0, 1): 4.0}


@dataclass(frozen=True)
class Stated(Leader):
    """A leader that learns nothing: seed s commits to one of `rules[s]`."""

    rules: tuple[tuple[tuple[int, ...], ...], ...] = ()
    updates: int = 1
    reward_episodes: int = 0

    name = "stated"

    def init(self, problem, key):
        return _State(jnp.int32(0), key)

    def update(self, problem, state):
        return state, Metrics(*(jnp.float32(0),) * len(Metrics._fields))

    def tables(self, problem, state):
        return jnp.asarray(self.rules, jnp.int32)[jax.random.key_data(state.key)[-1]]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _State:
    step: jax.Array
    key: jax.Array


def _designed(game, rules, **arguments) -> Design:
    return design(game, leader=Stated(tuple(map(tuple, rules))), seeds=len(rules), **arguments)


@pytest.mark.parametrize("followers", [MultiplicativeWeights(), BestResponse()], ids=lambda item: item.name)
@pytest.mark.parametrize("best", range(4))
def test_the_best_copy_of_a_seed_is_kept_wherever_it_stands(followers, best: int) -> None:
    others = [(0, 1), (1, 2), (0, 0)]
    made = _designed(ALLOCATION, [[*others[:best], (2, 3), *others[best:]]], followers=followers)
    assert made.tables.tolist() == [[2, 3]]
    assert made.values == pytest.approx([0.7], abs=1e-2)
    assert made.certificate["value"] == pytest.approx(made.value, abs=1e-9)


@pytest.mark.parametrize("best", range(3))
def test_the_best_copy_is_kept_where_followers_act_in_every_step(best: int) -> None:
    bad, good = REPEATED
    rules = [bad] * best + [good] + [bad] * (2 - best)
    made = _designed(DILEMMA, [rules], followers=BestResponse())
    assert made.tables.tolist() == [list(good)]
    assert made.value == made.certificate["value"] == pytest.approx(REPEATED[good])


@pytest.mark.parametrize("best", range(3))
def test_every_seed_keeps_its_own_and_the_best_seed_is_handed_out(best: int) -> None:
    others = [[(0, 1), (0, 0)], [(0, 0), (1, 2)]]
    rules = [*others[:best], [(1, 3), (0, 0)], *others[best:]]
    kept = [max(candidates, key=WORTH.get) for candidates in rules]
    made = _designed(ALLOCATION, rules, followers=BestResponse())
    assert made.tables.tolist() == [list(rule) for rule in kept]
    np.testing.assert_allclose(made.values, [WORTH[rule] for rule in kept])
    assert (made.best, made.as_json()["best_seed"]) == (best, best)
    assert made.value == made.as_json()["best_value"] == pytest.approx(0.6)
    assert made.certificate["value"] == pytest.approx(0.6)
    assert [entry["do"]["item"] for entry in made.rule.entries] == [1, 3]
    # And with it how its followers play, who want item 1 or 3.
    (play,) = made.play.tables
    assert (play[1].argmax(), play[3].argmax()) == (0, 1)
    assert "wants item 3 sends message 1 (100%)" in made.as_json()["play_text"]
    assert made.as_json()["mean_value"] == pytest.approx(np.mean([WORTH[rule] for rule in kept]))


def test_the_play_goes_with_the_rule_that_was_kept() -> None:
    """Followers of different copies and seeds reply differently: each rule is handed out with the reply to itself."""
    made = _designed(ALLOCATION, [[(0, 1), (2, 3)], [(3, 0), (0, 0)]], followers=BestResponse())
    (table,) = made.plays.tables
    for k, rule in enumerate(made.tables.tolist()):
        for message, item in enumerate(rule):
            assert table[k, item].argmax() == message


def test_seeds_at_the_optimum_are_counted() -> None:
    rules = [[(2, 3)], [(1, 3)], [(3, 2)], [(0, 0)], [(0, 1)]]
    made = _designed(ALLOCATION, rules, followers=BestResponse())
    assert made.solution.value == pytest.approx(0.7)
    assert made.at_optimum == made.as_json()["seeds_at_optimum"] == 2
    low, high = made.as_json()["seeds_at_optimum_interval"]
    assert low < 2 / 5 < high


def test_what_rests_on_followers_that_have_not_settled_does_not_count() -> None:
    made = _designed(ALLOCATION, [[(2, 3)], [(1, 3)]], followers=BestResponse())
    beyond = replace(made, learned_values=made.learned_values + np.array([0.0, 0.2]))
    assert (made.at_optimum, made.beyond_optimum) == (1, 0)
    assert (beyond.at_optimum, beyond.beyond_optimum) == (1, 1)


@pytest.mark.parametrize("safe_first", [True, False])
def test_where_the_worst_case_is_designed_for_it_decides(safe_first: bool) -> None:
    """A risky row may pay 3 or 0, since its follower is indifferent; the safe one pays 2 for certain."""
    game = NormalForm([[3.0, 0.0], [2.0, 2.0]], [[1.0, 1.0], [1.0, 0.0]])

    @dataclass(frozen=True)
    class Guarded(Stated):
        target: str = "worst"

    rows = (1, 0) if safe_first else (0, 1)
    copies = design(game, leader=Guarded((tuple((row,) for row in rows),)), seeds=1, followers=BestResponse())
    seeds = design(game, leader=Guarded(tuple(((row,),) for row in rows)), seeds=2, followers=BestResponse())
    for made in (copies, seeds):
        assert made.rule() == 1
        assert made.as_json()["best_worst_value"] == pytest.approx(2.0)
        assert made.certificate["leader_value_bounds"]["cce"] == pytest.approx([2.0, 2.0])
    np.testing.assert_allclose(np.sort(seeds.worst_values), [0.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(np.sort(seeds.values), [2.0, 3.0])
