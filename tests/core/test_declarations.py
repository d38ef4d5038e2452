"""Games that are not what they say of themselves are found out, and never called exact."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import EVERY, Copying, Lottery, Visits, some_rule

from firstmover.certificates import certify_play
from firstmover.core.declarations import check_chance
from firstmover.core.plays import Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluators import choice as module
from firstmover.followers import BestResponse
from firstmover.games import Maintain, MatrixDesign, NormalForm, SequentialPrice, Toll


def _uniform(game) -> Strategies:
    sizes = zip(game.n_obs, game.n_actions, strict=True)
    return Strategies(tuple(jnp.full((o, a), 1 / a) for o, a in sizes))


@pytest.mark.parametrize("name", EVERY)
def test_games_that_are_what_they_say_are_taken(name: str) -> None:
    check_chance(EVERY[name])


class _Rare(NormalForm):
    """Draws once in a billion."""

    def step(self, state, action, follower_actions, key):
        after, paid = super().step(state, action, follower_actions, key)
        return after, paid._replace(leader=paid.leader + (jax.random.uniform(key) < 1e-9))


class _Hidden(Lottery):
    has_chance = False


class _HiddenInSteps(Toll):
    """Draws inside a loop of its step."""

    def step(self, state, action, follower_actions, key):
        after, paid = super().step(state, action, follower_actions, key)
        noise = jax.lax.fori_loop(0, 2, lambda _, x: x + jax.random.normal(key), 0.0)
        return after, paid._replace(followers=paid.followers + noise)


class _Idle(NormalForm):
    """Splits its key, and makes nothing of it."""

    def step(self, state, action, follower_actions, key):
        jax.random.split(key)
        return super().step(state, action, follower_actions, key)


_TABLES = [[1.0, 2.0], [0.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("game", [_Rare(*_TABLES), _Hidden(), _HiddenInSteps(drivers=2, levels=3, steps=3)])
def test_chance_that_is_not_declared_is_found_when_a_problem_is_built_and_when_a_rule_is_certified(game) -> None:
    with pytest.raises(InputError, match=r"declares has_chance=False, but its (step|reset) uses its key"):
        StackelbergPOMDP(game, BestResponse())
    with pytest.raises(InputError, match="declares has_chance=False"):
        certify_play(game, np.zeros(game.n_observations, np.int32), _uniform(game))


def test_a_key_that_changes_nothing_is_no_chance() -> None:
    check_chance(_Idle(*_TABLES))


def test_chance_from_outside_is_found() -> None:
    drawn = iter(np.random.default_rng(0).normal(size=100_000))

    class FromOutside(NormalForm):
        def step(self, state, action, follower_actions, key):
            after, paid = super().step(state, action, follower_actions, key)
            noise = jax.pure_callback(
                lambda x: np.asarray([next(drawn) for _ in range(x.size)], x.dtype).reshape(x.shape),
                jax.ShapeDtypeStruct((), paid.leader.dtype),
                paid.leader,
                vmap_method="expand_dims",
            )
            return after, paid._replace(leader=jnp.clip(noise, 0, 3))

    game = FromOutside(*_TABLES)
    with pytest.raises(InputError, match="pays differently when it is played again"):
        certify_play(game, np.zeros(1, np.int32), _uniform(game))


def _narrow(game, leader=None, follower=None):
    """The game with a range of payments that it leaves."""
    if leader is not None:
        game.leader_payoff_range = leader
    if follower is not None:
        ranges = list(game.follower_payoff_ranges)
        ranges[-1] = follower
        game.follower_payoff_ranges = tuple(ranges)
    return game


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (
            _narrow(Maintain(), leader=(0.0, 19.0)),
            r"the leader from 0 to 19, but it pays 20 at types \[0\] and act",
        ),
        (
            _narrow(Maintain(), follower=(1.0, 15.0)),
            r"follower 0 from 1 to 15, but it pays 0 at types .* \[1\]",
        ),
        (_narrow(MatrixDesign(rule="tau"), follower=(0.0, 1.0)), r"pays follower 1 from 0 to 1, but it pays"),
        (_narrow(Toll(drivers=2, levels=3, steps=3), leader=(-1.0, 1.0)), r"the leader from -1 to 1, but it pays"),
        (
            _narrow(Toll(drivers=2, levels=3, steps=3), follower=(0.0, 9.0)),
            r"follower 1 from 0 to 9, but it pays -",
        ),
        (_narrow(Copying(), follower=(0.0, 3.0)), None),
        (_narrow(SequentialPrice(types=2, messages=1), leader=(0.5, 1.0)), r"pays the leader from 0\.5 to 1, but"),
    ],
    ids=["leader", "follower", "another follower", "toll", "driver", "no table", "prices"],
)
def test_payments_outside_the_declared_range_are_found(game, message: str | None) -> None:
    rule = some_rule(game) if isinstance(game, SequentialPrice) else np.zeros(game.n_observations, np.int32)
    with pytest.raises(InputError, match=message):
        certify_play(game, rule, _uniform(game))


def test_the_range_of_a_sampled_game_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    game = _narrow(Visits(), follower=(0.0, 0.1))

    def refuse(game) -> None:
        raise InputError("too large")

    monkeypatch.setattr(module, "all_profiles", refuse)
    with pytest.raises(InputError, match=r"pays follower 1 from 0 to 0\.1, but it pays"):
        certify_play(game, some_rule(game), _uniform(game), samples=2_000)


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("who", ["leader", "followers", "transfers"])
def test_payments_that_are_not_finite_are_found(who: str, number: float) -> None:
    class Broken(NormalForm):
        def step(self, state, action, follower_actions, key):
            after, paid = super().step(state, action, follower_actions, key)
            bad = jnp.where(follower_actions[0] == 1, number, 0.0)
            if who == "transfers":
                return after, paid._replace(transfers=bad)
            return after, paid._replace(**{who: getattr(paid, who) + bad})

    game = Broken(*_TABLES)
    with pytest.raises(InputError, match="payments must be finite numbers"):
        certify_play(game, np.zeros(1, np.int32), _uniform(game))


def test_a_table_of_states_that_is_not_the_game_is_found() -> None:
    class Tiring(Toll):
        """Its trips are worth less from step to step, which its table does not know."""

        def step(self, state, action, follower_actions, key):
            after, paid = super().step(state, action, follower_actions, key)
            return after, paid._replace(followers=paid.followers - 0.1 * state.time * follower_actions)

    game = Tiring(drivers=2, levels=3, steps=4)
    with pytest.raises(InputError, match="pays otherwise than its table of states says"):
        certify_play(game, np.zeros(game.n_observations, np.int32), _uniform(game))
