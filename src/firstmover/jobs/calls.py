"""How often a design will call a user's plain Python: counted in its programs before it starts, and bounded."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import jax

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError, require
from firstmover.evaluators import steps_to_judge
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.games.host_calls import HostCalls, calls_of
from firstmover.jobs.settling import rules_and_plays
from firstmover.jobs.training import initial_states
from firstmover.leaders.base import Leader

_CERTIFYING = 16  # how often all profiles of the final rule are played, at most; beside twice for every seed


def host_calls(game: Game, followers: Follower) -> list[HostCalls]:
    """The functions in plain Python that a design calls, of the game's and of the followers'."""
    return [calls for calls in (game.calls, followers.calls) if calls is not None]


class Calling(NamedTuple):
    """What a design will take.

    Attributes:
        words: how often the function is called, to be told before it starts.
        more: whether it is called on and on, rather than once for a table.
    """

    words: str
    more: bool


def fitting(problem: StackelbergPOMDP, leader: Leader, seeds: int, most: int | None) -> tuple[Leader, Calling | None]:
    """The leader with as many updates as the calls allow, and what it will take; None where nothing is called.

    Args:
        problem: what is learnt.
        leader: who learns.
        seeds: side by side.
        most: calls that are allowed; any number if None.

    Raises:
        InputError: not even one update is possible, or there are no calls to bound.
    """
    called = host_calls(problem.game, problem.followers)
    if not called:
        if most is not None:
            raise InputError(
                "--max-calls is for markets with plain = True, environments and followers written outside; nothing "
                "here is called in plain Python."
            )
        return leader, None
    name, made = " and ".join(calls.name for calls in called), sum(calls.made for calls in called)
    states = jax.eval_shape(lambda: initial_states(problem, leader, seeds, 0))
    update = calls_of(jax.make_jaxpr(jax.vmap(lambda state: leader.update(problem, state)))(states).jaxpr)
    if not update:
        done = f"{name} was called {made} times for a table of all payoffs, and will not be again"
        return leader, Calling(done, more=False)
    settle = calls_of(jax.make_jaxpr(lambda state: rules_and_plays(problem, leader, state))(states).jaxpr)
    judged = (_CERTIFYING + 2 * seeds) * steps_to_judge(problem.game) if problem.game.calls is not None else 0
    besides = settle + judged + made
    fits = leader
    if most is not None:
        require(most >= 1, "max_calls must be at least 1", most)
        for calls in called:
            calls.limit = most
        updates = min(leader.updates, (most - besides) // update)
        if updates < 1:
            raise InputError(
                f"an update of {leader.name} with {seeds} seed(s) calls {name} {update} times and what comes "
                f"besides {besides} times, more than --max-calls {most}; take fewer --seeds, fewer -l episodes, or "
                "--leader random-search."
            )
        fits = replace(leader, updates=updates)  # type: ignore[type-var]
    number = update * fits.updates + besides
    return fits, Calling(f"{name} will be called at most {number} times, in {fits.updates} updates", more=True)


@contextlib.contextmanager
def told(game: Game, followers: Follower) -> Iterator[None]:
    """Let what goes wrong in a call of the user's function be told in its own words, not in those of a callback.

    Raises:
        InputError: it does.
    """
    called = host_calls(game, followers)
    logger = logging.getLogger("jax._src.callback")
    level = logger.level
    logger.setLevel(logging.CRITICAL if called else level)
    try:
        yield
    except Exception as error:
        for calls in called:
            if calls.error is not None:
                raise calls.error from error
        raise
    finally:
        logger.setLevel(level)
