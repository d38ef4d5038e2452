"""Fixed points of a crowd: members reply to aggregates to which their own replies add up.

`exact` finds one by Newton's method on the aggregates, at temperatures that fall to the one that is asked for: each
fixed point is where the next search starts. `fictitious_play` and `mirror_descent` learn, round by round.

Sources: slopes from steps, Broyden 1965; fictitious play in mean-field games, Cardaliaguet and Hadikhanloo 2017; online
mirror descent, Perolat et al. 2022, with the entropy that the temperature asks for.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

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

    def off(x: Array, values: Array, temperature: Array) -> tuple[Array, Reply]:
        reply = crowd.reply(x.reshape(start.shape), temperature, values)
        return crowd.felt(reply.flow).ravel() - x, reply

    eps = float(jnp.finfo(start.dtype).eps)
    # A stationary state is as exact as the linear equations that it is the solution of.
    close = 20 * eps if crowd.periods is not None else max(eps**0.7, 3000 * eps)

    def level(carry: tuple[Array, Reply], temperature: Array) -> tuple[tuple[Array, Reply], None]:
        return _newton(lambda x, values: off(x, values, temperature), *carry, close), None

    nobody = jax.eval_shape(lambda: crowd.reply(start, 1.0, jnp.zeros(len(crowd.start), start.dtype)))
    nothing: Reply = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), nobody)
    (_, reply), _ = jax.lax.scan(level, (start.ravel(), nothing), jnp.asarray(temperatures, start.dtype))
    return reply


class _Search(NamedTuple):
    """Where a search stands.

    Attributes:
        best: where the gap is least so far.
        gap, size: it, and its largest entry.
        reply: to these aggregates.
        slope: of the gap there, or near it.
        fresh: whether the slope is that of this very place.
        share: of the step that it asks for.
        steps: so far.
    """

    best: Array
    gap: Array
    size: Array
    reply: Reply
    slope: Array
    fresh: Array
    share: Array
    steps: Array


def _newton(
    off: Callable[[Array, Array], tuple[Array, Reply]], x: Array, reply: Reply, close: float
) -> tuple[Array, Reply]:
    """Where the gap is nothing, from here on, and the reply to it.

    A step that shrinks the gap to a quarter tells enough of the slope (Broyden 1965), which costs as much as several
    steps; after any other it is computed anew, and if it was new the step is halved.
    """

    def going(now: _Search) -> Array:
        far = now.size > close * (1 + jnp.abs(now.best).max())
        return far & (now.share > 1e-3) & (now.steps < _MOST_STEPS)

    def step(now: _Search) -> _Search:
        change = now.share * solve(now.slope, -now.gap)
        gap, reply = off(now.best + change, jax.lax.stop_gradient(now.reply.values))
        size = jnp.abs(gap).max()
        better = size < now.size
        square = change @ change
        more = jnp.outer(gap - now.gap - now.slope @ change, change) / jnp.where(square > 0, square, 1)
        old = now._replace(share=now.share / 2, steps=now.steps + 1)
        new = _Search(
            now.best + change, gap, size, reply, now.slope + more, jnp.array(False), jnp.ones_like(x[0]), old.steps
        )
        then: _Search = jax.tree.map(lambda new, old: jnp.where(better, new, old), new, old)
        again = jnp.where(better, size > now.size / 4, ~now.fresh)
        return jax.lax.cond(again, sloped, lambda then: then, then)

    def sloped(now: _Search) -> _Search:
        slope = jax.jacfwd(lambda x: off(x, jax.lax.stop_gradient(now.reply.values))[0])(now.best)
        return now._replace(slope=slope, fresh=jnp.array(True), share=jnp.ones_like(x[0]))

    gap, own = off(x, reply.values)
    square = jnp.zeros((len(x), len(x)), x.dtype)
    start = _Search(x, gap, jnp.abs(gap).max(), own, square, jnp.array(False), jnp.ones_like(x[0]), jnp.int32(0))
    found: _Search = jax.lax.while_loop(going, step, sloped(start))
    return found.best, found.reply


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
