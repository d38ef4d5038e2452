"""Designs that differ in numbers only share one compiled program, and compute what they would have alone."""

import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contracts.test_registry import FOLLOWERS, LEADERS
from tiny_games import REGISTERED

from firstmover import Discrete, Market, design
from firstmover.core.traced import numbers_of, with_numbers
from firstmover.followers import Logit, MultiplicativeWeights
from firstmover.games import Maintain, MatrixDesign
from firstmover.jobs import programs
from firstmover.jobs.memory import for_seed
from firstmover.jobs.programs import traced_from
from firstmover.jobs.training import initial_states
from firstmover.leaders import CommitmentGradient, Reinforce

COMPILED: list[str] = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **said: COMPILED.append(str(said.get("fun_name"))) if "backend_compile" in event else None
)
PARTS = [part for part in [*FOLLOWERS, *LEADERS] if part.traced]


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_KEPT", programs.OrderedDict())


def test_settings_of_one_design_compile_once() -> None:
    def made(rate: float, entropy: float, epsilon: float, seed: int):
        leader = CommitmentGradient(updates=3, episodes=10, restarts=1, learning_rate=rate, entropy=entropy)
        followers = MultiplicativeWeights(rounds=3, epsilon=epsilon)
        return design(Maintain(), leader=leader, followers=followers, seeds=2, seed=seed, optimum=False)

    COMPILED.clear()
    first = made(0.1, 0.05, 10.0, 0)
    large = {"jit(repeated)", "jit(settles)", "jit(start)"}
    assert large <= set(COMPILED)
    COMPILED.clear()
    others = [made(0.3, 0.05, 10.0, 0), made(0.1, 0.2, 10.0, 0), made(0.1, 0.05, 0.5, 0), made(0.1, 0.05, 10.0, 5)]
    assert not large & set(COMPILED)
    for other in others:  # and the numbers count
        assert (other.history.entropy != first.history.entropy).any()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_traced_numbers_are_parameters_out_of_range_only_where_parts_are_made(part) -> None:
    numbers = numbers_of(part)
    assert numbers
    assert all(isinstance(number, float) for number in numbers.values())
    other = with_numbers(part, dict.fromkeys(numbers, -7.0))
    assert traced_from(other) == traced_from(part)
    assert set(numbers_of(other).values()) == {-7.0}
    assert numbers_of(part) == numbers


def test_what_is_no_traced_number_makes_another_program() -> None:
    def payoffs(last: float) -> MatrixDesign:
        return MatrixDesign(np.array([[[1.0, 2.0], [3.0, last]]] * 2))

    leader = CommitmentGradient()
    for field, other in {"updates": 7, "episodes": 11, "epochs": 2, "restarts": 3, "policy": "network"}.items():
        assert traced_from(leader) != traced_from(replace(leader, **{field: other})), field
    assert traced_from(Logit(scale=1.0)) != traced_from(Logit(scale=2.0))
    assert traced_from(payoffs(4.0)) == traced_from(payoffs(4.0))
    assert traced_from(payoffs(4.0)) != traced_from(payoffs(4.5))
    assert traced_from(0.0) != traced_from(-0.0)
    assert traced_from(1) != traced_from(True)
    assert traced_from(lambda: 0) != traced_from(lambda: 0)
    assert traced_from(np.zeros(2, np.float32)) != traced_from(np.zeros(2))

    class Own(CommitmentGradient):
        """A subclass may compute otherwise: it has no traced numbers unless it says so."""

    assert numbers_of(Own()) == {}
    assert traced_from(Own()) is None  # and may read what is not seen


FAVOURED = 0


class Shop(Market):
    """A market of one's own that reads a global."""

    def __init__(self) -> None:
        super().__init__(acts=Discrete(["leave", "buy"], "buys"), decides=Discrete(["low", "high"], "price"))

    def payoff(self, type_, buys, price):
        return jnp.where(price == FAVOURED, 1.0, 0.0), -1.0 * buys


def test_a_market_of_ones_own_is_traced_anew_whatever_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def learned() -> int:
        leader = CommitmentGradient(updates=10, episodes=10, restarts=1)
        done = design(Shop(), leader=leader, followers="best-response", seeds=1, optimum=False)
        return int(done.rule.actions[0])

    assert learned() == 0
    monkeypatch.setattr(sys.modules[__name__], "FAVOURED", 1)
    assert learned() == 1


CASES = [
    *((leader, MultiplicativeWeights(rounds=3)) for leader in LEADERS if leader.traced),
    (CommitmentGradient(updates=2, episodes=10), Logit(rounds=3)),
    *(
        (Reinforce(2, 32, policy="table"), followers)
        for followers in FOLLOWERS
        if followers.traced and followers.name not in ("population", "logit", "multiplicative-weights")
    ),
]


@pytest.mark.slow  # an update of each is compiled twice
@pytest.mark.parametrize(("leader", "followers"), CASES, ids=lambda part: part.name)
def test_an_update_with_numbers_as_arguments_is_what_it_is_with_constants(leader, followers) -> None:
    game = Maintain() if leader.name in ("bi-level-actor-critic", "meta-gradient") else REGISTERED["simple-allocation"]
    problem = leader.problem(game, followers)
    given = numbers_of(leader), numbers_of(followers)

    def updated(numbers):
        own = replace(problem, followers=with_numbers(followers, numbers[1]))
        learner = with_numbers(leader, numbers[0])
        states = initial_states(own, learner, 2, 0)
        return jax.vmap(for_seed(own, 2, 1, learner.update))(states, jnp.arange(2))

    for one, other in zip(
        jax.tree.leaves(jax.jit(updated)(given)), jax.tree.leaves(jax.jit(lambda: updated(given))()), strict=True
    ):
        if jnp.issubdtype(one.dtype, jax.dtypes.prng_key):
            one, other = jax.random.key_data(one), jax.random.key_data(other)
        # To the bit, but for what XLA rounds otherwise where it knows a number.
        if isinstance(leader, CommitmentGradient) and leader.policy == "table":
            np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
