"""Fixed points of a crowd: members reply to aggregates to which their own replies add up.

`exact` finds one by Newton's method on the aggregates, at temperatures that fall to the one that is asked for: each
fixed point is where the next search starts. `fictitious_play` and `mirror_descent` learn, round by round.

Sources: fictitious play in mean-field games, Cardaliaguet and Hadikhanloo 2017; online mirror descent, Perolat et al.
2022, with the entropy that the temperature asks for.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from firstmover.equilibria.crowds import Crowd, Member, Reply, ahead, soft
from firstmover.equilibria.elimination import solve

_MOST_STEPS = 40
_FALL = 3.0  # by which a temperature is lower than the one before


def ladder(first: float, last: float) -> list[float]:
    """Temperatures from the first down to the last."""
    rungs = [max(first, last)]
    while rungs[-1] > last * (1 + 1e-9):
        rungs.append(max(rungs[-1] / _FALL, last))
    return rungs


def least_temperature(scale: float) -> float:
    """The least temperature that the numbers of today's precision resolve, where payoffs are of this size."""
    return float(jnp.finfo(jnp.zeros(()).dtype).eps) ** 0.45 * scale


def exact(crowd: Crowd, temperatures: Float[Array, "levels"], start: Float[Array, "T k"]) -> Reply:
    """The fixed point at the last of these temperatures to which Newton's method comes from these aggregates.

    If it comes to none, the best of what it has met; `certificates` measure by how much it is none.
    """

    def off(x: Array, values: Array, temperature: Array) -> tuple[Array, tuple[Array, Array]]:
        reply = crowd.reply(x.reshape(start.shape), temperature, values)
        gap = crowd.felt(reply.flow).ravel() - x
        return gap, (gap, reply.values)

    slopes = jax.jacfwd(off, has_aux=True)
    eps = float(jnp.finfo(start.dtype).eps)
    # A stationary state is as exact as the linear equations that it is the solution of.
    close = 20 * eps if crowd.periods is not None else max(eps**0.7, 3000 * eps)

    def level(carry: tuple[Array, Array], temperature: Array) -> tuple[tuple[Array, Array], None]:
        return _newton(lambda x, values: slopes(x, values, temperature), *carry, close), None

    x = start.ravel()
    nothing = jnp.zeros(len(crowd.start), x.dtype)
    (x, values), _ = jax.lax.scan(level, (x, nothing), jnp.asarray(temperatures, x.dtype))
    return crowd.reply(x.reshape(start.shape), temperatures[-1], values)


def _newton(slopes: Callable[..., Any], x: Array, values: Array, close: float) -> tuple[Array, Array]:
    """Where the gap is nothing, from here on; steps are halved until the gap shrinks."""

    def going(carry: PyTree) -> Array:
        best, _, size, share, _, steps = carry
        return (size > close * (1 + jnp.abs(best).max())) & (share > 1e-3) & (steps < _MOST_STEPS)

    def step(carry: PyTree) -> PyTree:
        best, direction, size, share, values, steps = carry
        trial = best + share * direction
        slope, (gap, known) = slopes(trial, jax.lax.stop_gradient(values))
        reached = jnp.abs(gap).max()
        better = reached < size
        ahead_of = solve(slope, -gap)
        return (
            jnp.where(better, trial, best),
            jnp.where(better, ahead_of, direction),
            jnp.where(better, reached, size),
            jnp.where(better, 1.0, share / 2).astype(x.dtype),
            jnp.where(better, known, values),
            steps + 1,
        )

    infinite = jnp.asarray(jnp.inf, x.dtype)
    start = (x, jnp.zeros_like(x), infinite, jnp.ones((), x.dtype), values, jnp.int32(0))
    found: tuple[Array, ...] = jax.lax.while_loop(going, step, start)
    return found[0], found[4]


def fictitious_play(crowd: Crowd, temperature: float, start: Float[Array, "T S M W"], rounds: int) -> Reply:
    """The average flow of so many rounds, in each of which everybody replies to the average so far.

    Args:
        crowd: the crowd.
        temperature: of the replies; 0 for best ones.
        start: the flow before the first round.
        rounds: at least 1.
    """

    def play(carry: tuple[Array, Array], number: Array) -> tuple[tuple[Array, Array], None]:
        average, values = carry
        x = crowd.felt(average)
        reply = crowd.reply(x, temperature, values) if temperature > 0 else crowd.best_reply(x, values)
        return (average + (reply.flow - average) / (number + 1), reply.values), None

    nothing = jnp.zeros(start.shape[1], start.dtype)
    (average, values), _ = jax.lax.scan(play, (start, nothing), jnp.arange(1, rounds + 1, dtype=start.dtype))
    mass = average.sum((-2, -1), keepdims=True)
    even = jnp.full_like(average, 1 / average[0, 0].size)
    return Reply(average, jnp.where(mass > 0, average / jnp.where(mass > 0, mass, 1), even), values)


def mirror_descent(crowd: Crowd, temperature: float, start: Float[Array, "T S M W"], rounds: int, rate: float) -> Reply:
    """The last play of so many rounds of online mirror descent.

    Args:
        crowd: the crowd.
        temperature: of the entropy that members value; 0 for none.
        start: the flow before the first round.
        rounds: at least 1.
        rate: by how much what a choice is worth raises its logarithm, in units of one over payoffs.
    """

    def play(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        scores, flow = carry
        faced = crowd.faced(crowd.felt(flow))
        policy = jax.vmap(lambda s: soft(s, 1.0)[1])(scores)
        worth = _choices(crowd, faced, policy, temperature)
        keep = 1 - rate * temperature if rate * temperature < 1 else 0.0
        step = rate if rate * temperature < 1 else 1 / temperature
        scores = keep * scores + step * worth
        scores = (scores - scores.max((-2, -1), keepdims=True)).clip(-1e6)
        policy = jax.vmap(lambda s: soft(s, 1.0)[1])(scores)
        return (scores, crowd.moved(faced, policy)), None

    (scores, flow), _ = jax.lax.scan(play, (jnp.zeros_like(start), start), None, rounds)
    policy = jax.vmap(lambda s: soft(s, 1.0)[1])(scores)
    return Reply(flow, policy, crowd.worth(crowd.faced(crowd.felt(flow)), policy))


def _choices(crowd: Crowd, faced: Member, policy: Array, temperature: float) -> Array:
    """What every choice is worth to who goes on as the policy says, [T, S, M, W], its entropy valued."""
    surprise = jnp.where(policy > 0, -jnp.log(jnp.where(policy > 0, policy, 1)), 0)
    valued = faced._replace(rewards=faced.rewards + temperature * surprise)
    if crowd.periods is None:
        member = jax.tree.map(lambda leaf: leaf[0], faced)
        later = ahead(member, crowd.worth(valued, policy))
        return (member.rewards + crowd.discount * later[..., None])[None]

    def back(later: Array, now: tuple[Member, Member, Array]) -> tuple[Array, Array]:
        plain, with_entropy, how = now
        ahead_of = crowd.discount * ahead(plain, later)[..., None]
        mean = jnp.where(how > 0, how * (with_entropy.rewards + ahead_of), 0).sum((-2, -1))
        return mean, plain.rewards + ahead_of

    nothing = jnp.zeros_like(faced.rewards[0, :, 0, 0])
    return jax.lax.scan(back, nothing, (faced, valued, policy), reverse=True)[1]
