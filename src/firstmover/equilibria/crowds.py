"""A crowd on plain arrays: what one member is paid and where it goes, its best replies, and the flow that follows.

A crowd is a continuum of members, all alike but for their state. In every period a member makes a move, in one of
several ways: ways differ in what they pay, moves also in where they lead. A *flow* says which share of the crowd takes
which move in which way in which state, [periods, states, moves, ways]; in a crowd that goes on for ever one period
stands for all. What a member feels of the others are a few numbers, the crowd's *aggregates*, [periods, k].

Members choose softly: with the temperature t a choice has probability proportional to exp(value / t), and the value of
having it is t times the log of the sum of these. The limit, t = 0, is the best choice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from firstmover.equilibria.elimination import solve_chain

_MOST_STEPS = 60
IMPOSSIBLE = -1e9  # what a choice pays that a member does not have


class Member(NamedTuple):
    """What one member faces in a period.

    Attributes:
        rewards: of every choice; `IMPOSSIBLE` for one that it does not have.
        successors: the states to which a move may lead.
        chances: how likely each of them is.
    """

    rewards: Float[Array, "*T S M W"]
    successors: Int[Array, "*T S M K"]
    chances: Float[Array, "*T S M K"]

    @classmethod
    def staying(cls, rewards: Float[Array, "S M W"]) -> "Member":
        """Of a member that stays in its state, whatever it does: such as a class of travellers."""
        states, moves, _ = rewards.shape
        own = jnp.broadcast_to(jnp.arange(states, dtype=jnp.int32)[:, None, None], (states, moves, 1))
        return cls(rewards, own, jnp.ones((states, moves, 1), rewards.dtype))


class Reply(NamedTuple):
    """How members reply to the others.

    Attributes:
        flow: of the crowd, if all reply so.
        policy: probabilities of the choices in every state, also where nobody is.
        values: what the rest of its life is worth to a member in each state, at the beginning.
    """

    flow: Float[Array, "T S M W"]
    policy: Float[Array, "T S M W"]
    values: Float[Array, "S"]


@dataclass(frozen=True)
class Crowd:
    """A crowd under one decision of the leader.

    Attributes:
        member: what a member faces, from the aggregates [k] of a period.
        aggregates: of the flow [S, M, W] of a period.
        periods: how many there are; None if it goes on for ever.
        discount: of what a member is paid a period later; below 1 if it goes on for ever.
        start: share of the members in each state at the beginning (where it goes on: before anything is known).
    """

    member: Callable[[Array], Member]
    aggregates: Callable[[Array], Array]
    periods: int | None
    discount: float
    start: Float[Array, "S"]

    def faced(self, x: Float[Array, "T k"]) -> Member:
        """What members face in every period, [T, ...]."""
        return jax.vmap(self.member)(x)

    def felt(self, flow: Float[Array, "T S M W"]) -> Float[Array, "T k"]:
        """The aggregates of every period."""
        return jax.vmap(self.aggregates)(flow)

    def reply(self, x: Float[Array, "T k"], temperature: Float[Array, ""] | float, values: Float[Array, "S"]) -> Reply:
        """The soft reply to these aggregates.

        Args:
            x: the aggregates.
            temperature: positive.
            values: where iteration on values starts, if it goes on for ever.
        """
        return self._replied(self.faced(x), x, lambda choices: soft(choices, temperature), values)

    def best_reply(self, x: Float[Array, "T k"], values: Float[Array, "S"]) -> Reply:
        """The best reply to these aggregates; of equals the first."""
        return self._replied(self.faced(x), x, best, values)

    def _replied(self, faced: Member, x: Array, choose: Callable[[Array], tuple[Array, Array]], values: Array) -> Reply:
        if self.periods is None:
            member = jax.tree.map(lambda leaf: leaf[0], faced)
            known = lasting_values(member, self.discount, choose, values)
            _, policy = choose(member.rewards + self.discount * ahead(member, known)[..., None])
            masses = lasting_masses(transitions(member, policy))
            return Reply((masses[:, None, None] * policy)[None], policy[None], known)
        first, policy = self._backward(faced, choose)
        return Reply(self.moved(faced, policy), policy, first)

    def _backward(self, faced: Member, choose: Callable[[Array], tuple[Array, Array]]) -> tuple[Array, Array]:
        """Values at the beginning, and the choices [T, S, M, W]."""

        def back(later: Array, member: Member) -> tuple[Array, Array]:
            value, policy = choose(member.rewards + self.discount * ahead(member, later)[..., None])
            return value, policy

        nothing = jnp.zeros_like(faced.rewards[0, :, 0, 0])
        return jax.lax.scan(back, nothing, faced, reverse=True)

    def moved(self, faced: Member, policy: Float[Array, "T S M W"]) -> Float[Array, "T S M W"]:
        """The flow of a crowd that chooses so."""
        if self.periods is None:
            member = jax.tree.map(lambda leaf: leaf[0], faced)
            return lasting_masses(transitions(member, policy[0]))[None, :, None, None] * policy

        def forth(masses: Array, now: tuple[Member, Array]) -> tuple[Array, Array]:
            flow = masses[:, None, None] * now[1]
            return arrivals(now[0], flow), flow

        start = jnp.asarray(self.start, faced.rewards.dtype)
        return jax.lax.scan(forth, start, (faced, policy))[1]

    def worth(self, faced: Member, policy: Float[Array, "T S M W"]) -> Float[Array, "S"]:
        """What it is worth to a member to choose so, by the state in which it begins."""

        def of(choices: Array, how: Array) -> Array:
            return jnp.where(how > 0, how * choices, 0).sum((-2, -1))

        if self.periods is None:
            member = jax.tree.map(lambda leaf: leaf[0], faced)
            left = jnp.eye(len(self.start)) - self.discount * transitions(member, policy[0])
            return solve_chain(left, of(member.rewards, policy[0]))

        def back(later: Array, now: tuple[Member, Array]) -> tuple[Array, None]:
            member, how = now
            return of(member.rewards + self.discount * ahead(member, later)[..., None], how), None

        nothing = jnp.zeros_like(faced.rewards[0, :, 0, 0])
        return jax.lax.scan(back, nothing, (faced, policy), reverse=True)[0]


def soft(choices: Float[Array, "S M W"], temperature: Float[Array, ""] | float) -> tuple[Array, Array]:
    """The value of having these choices, [S], and how likely each is, [S, M, W]."""
    flat = choices.reshape(len(choices), -1)
    top = jax.lax.stop_gradient(flat.max(axis=-1, keepdims=True))  # what is taken out is put back below
    weights = jnp.exp((flat - top) / temperature)
    total = weights.sum(axis=-1, keepdims=True)
    return (top + temperature * jnp.log(total))[:, 0], (weights / total).reshape(choices.shape)


def best(choices: Float[Array, "S M W"]) -> tuple[Array, Array]:
    """As `soft`, of who takes the best choice, and of equals the first."""
    flat = choices.reshape(len(choices), -1)
    chosen = jax.nn.one_hot(flat.argmax(axis=-1), flat.shape[-1], dtype=flat.dtype)
    return flat.max(axis=-1), chosen.reshape(choices.shape)


def ahead(member: Member, values: Float[Array, "S"]) -> Float[Array, "S M"]:
    """The expected value of the state to which each move leads."""
    return (member.chances * values[member.successors]).sum(-1)


def transitions(member: Member, policy: Float[Array, "S M W"]) -> Float[Array, "S S"]:
    """How likely a member goes from one state to another."""
    moves = policy.sum(-1)[..., None] * member.chances
    rows = jnp.arange(len(moves))[:, None, None]
    return jnp.zeros((len(moves),) * 2, moves.dtype).at[rows, member.successors].add(moves)


def arrivals(member: Member, flow: Float[Array, "S M W"]) -> Float[Array, "S"]:
    """Share of the members in each state after these moves."""
    moves = flow.sum(-1)[..., None] * member.chances
    return jnp.zeros(len(moves), moves.dtype).at[member.successors].add(moves)


def lasting_masses(transition: Float[Array, "S S"]) -> Float[Array, "S"]:
    """The stationary distribution."""
    size = len(transition)
    balance = jnp.eye(size, dtype=transition.dtype) - transition.T
    masses = solve_chain(balance.at[-1].set(1), jnp.zeros(size, transition.dtype).at[-1].set(1)).clip(0)
    return masses / masses.sum()


def lasting_values(
    member: Member, discount: float, choose: Callable[[Array], tuple[Array, Array]], start: Float[Array, "S"]
) -> Float[Array, "S"]:
    """What a life for ever is worth in each state, to who chooses so: policy iteration, which is Newton's method.

    It rises from its second step on. When a step changes little, one more doubles the digits; only that one is
    differentiated, since what comes before it has no part in where the search ends.
    """
    close = jnp.finfo(member.rewards.dtype).eps ** 0.6
    fixed = jax.lax.stop_gradient(member)

    def improved(member: Member, values: Array) -> tuple[Array, Array]:
        better, policy = choose(member.rewards + discount * ahead(member, values)[..., None])
        left = jnp.eye(len(values), dtype=values.dtype) - discount * transitions(member, policy)
        return values + solve_chain(left, better - values), jnp.abs(better - values).max()

    def going(carry: tuple[Array, Array, Array]) -> Array:
        values, off, steps = carry
        return (off > close * (1 + jnp.abs(values).max())) & (steps < _MOST_STEPS)

    def step(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        return *improved(fixed, carry[0]), carry[2] + 1

    known = jax.lax.while_loop(going, step, (start, jnp.asarray(jnp.inf, start.dtype), jnp.int32(0)))[0]
    return improved(member, jax.lax.stop_gradient(known))[0]
