"""What no rule of a market can exceed whose payoffs are affine in the leader's real decision, by linear programs.

Whether they are is read off the program that JAX makes of the payoff, never guessed from numbers: every operation that
a decision goes through has to be one that keeps an affine function affine.

A single follower's types each reply by some action. For every way to do so, the decisions to which these replies are
best are a polytope, over which the leader's payoff is affine: a linear program. The greatest of them is the optimum,
ties for the leader (Conitzer and Sandholm 2006, for mixtures). Where there are too many ways, the types are taken one
by one, which bounds the optimum from above.
"""

import itertools
import math
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr
from jaxtyping import Array, Float, PyTree

from firstmover.equilibria.solver import NoAnswerError, attempt
from firstmover.games.market import Market

_WAYS = 1_000  # in which all types may reply
_PROGRAMS = 5_000
# What an affine function stays affine through, by how many of the operands may depend on the decision.
_SHAPES = frozenset(
    [
        "broadcast_in_dim",
        "reshape",
        "squeeze",
        "expand_dims",
        "concatenate",
        "slice",
        "split",
        "transpose",
        "rev",
        "pad",
    ]
)
_LINEAR = _SHAPES | frozenset(["add", "sub", "add_any", "neg", "reduce_sum", "cumsum", "copy", "copy_p"])
_FIRST_ONLY = frozenset(["div", "gather", "dynamic_slice"])  # the others are known
_ONE_ONLY = frozenset(["mul", "dot_general"])
_NOT_FIRST = frozenset(["select_n"])  # what is chosen may depend on the decision, which one may not


class Bound(NamedTuple):
    """What no rule can exceed.

    Attributes:
        value: the bound.
        decision: one at which it is reached if ties go to the leader; None where types were taken one by one.
    """

    value: float
    decision: Float[np.ndarray, "size"] | None


def upper_bound(market: Market, until: float = math.inf) -> Bound | None:
    """What no rule can exceed against one follower that replies best; None where payoffs are not seen to be affine.

    Args:
        market: a market whose leader decides on a real vector, and sees nothing.
        until: the reading of `time.monotonic` at which it is given up.
    """
    if market.calls is not None or market.n_followers > 1 or market.sees or market.replying or not _is_affine(market):
        return None
    types, actions = market.possible_profiles()
    at = [np.zeros(market.decides.mask_size), *np.eye(market.decides.mask_size)]
    leader, followers = market.paid_at(types, actions, np.array(at))  # [K, 1 + size]
    constant = np.stack([leader[:, 0], followers[:, 0, 0]])
    slopes = np.stack([leader[:, 1:], followers[:, 1:, 0]]) - constant[..., None]
    support, probs = market.types.profiles
    of_type = [np.flatnonzero(types[:, 0] == t).tolist() for t in support[:, 0]]
    ways = math.prod(len(own) for own in of_type)
    if min(ways, sum(map(len, of_type))) > _PROGRAMS:
        return None
    try:
        if ways <= _WAYS:
            found = [_best(market, constant, slopes, of_type, probs, way, until) for way in itertools.product(*of_type)]
            value, decision = max(found, key=lambda own: own[0])
            return Bound(value, decision) if math.isfinite(value) else None
        total = 0.0
        for own, p in zip(of_type, probs, strict=True):
            best = [_best(market, constant, slopes, [own], np.ones(1), (k,), until)[0] for k in own]
            total += float(p) * max(best)
        return Bound(total, None) if math.isfinite(total) else None
    except (NoAnswerError, TimeoutError):
        return None


def _best(
    market: Market,
    constant: Float[np.ndarray, "2 K"],
    slopes: Float[np.ndarray, "2 K size"],
    of_type: list[list[int]],
    probs: np.ndarray,
    way: tuple[int, ...],
    until: float,
) -> tuple[float, np.ndarray | None]:
    """The most that the leader earns by decisions to which this way to reply is best; minus infinity without one."""
    if time.monotonic() > until:
        raise TimeoutError
    chosen = list(way)
    rows = np.concatenate([slopes[1, own] - slopes[1, k] for own, k in zip(of_type, way, strict=True)])
    room = np.concatenate([constant[1, k] - constant[1, own] for own, k in zip(of_type, way, strict=True)])
    limits = market.decides.limits()
    if "A_ub" in limits:
        rows, room = np.vstack([rows, limits["A_ub"]]), np.append(room, limits["b_ub"])
    result = attempt(-probs @ slopes[0, chosen], **{**limits, "A_ub": rows, "b_ub": room})
    if result.status != 0:
        return -math.inf, None
    return float(probs @ constant[0, chosen] - result.fun), np.asarray(result.x)


def _is_affine(market: Market) -> bool:
    """Whether all payoffs are affine in the decision, as far as the operations in them tell."""
    nobody = jnp.zeros(market.n_followers, jnp.int32)
    known = [np.asarray(market.given_types(nobody)), jnp.int32(0)]

    def pays(who: Array, what: Array, decision: Array) -> list[PyTree]:
        leader, followers, *_ = market.paid(who, what, decision)
        return [leader, followers]

    with jax.enable_x64(True):
        program = jax.make_jaxpr(pays)(*known, jnp.zeros(market.decides.mask_size))
    return _keeps(program.jaxpr, [False, False, True]) is not None


def _keeps(program: Jaxpr, depends: list[bool]) -> list[bool] | None:
    """Which outputs of a program depend on the inputs that do, affinely; None where an operation is not known to be."""
    known = {id(var): own for var, own in zip(program.invars, depends, strict=True)}

    def of(operand: object) -> bool:
        return known.get(id(operand), False)

    for equation in program.eqns:
        inputs, name = [of(operand) for operand in equation.invars], equation.primitive.name
        outputs: list[bool] | None = [any(inputs)] * len(equation.outvars)
        inner = equation.params.get("jaxpr") or equation.params.get("call_jaxpr")
        if not any(inputs):
            pass
        elif name in ("pjit", "jit", "closed_call", "core_call", "remat") and inner is not None:
            outputs = _keeps(getattr(inner, "jaxpr", inner), inputs)
        elif name == "convert_element_type":
            outputs = outputs if np.issubdtype(equation.params["new_dtype"], np.floating) else None
        elif name not in _LINEAR:
            first, rest = inputs[0], any(inputs[1:])
            fits = (
                (name in _FIRST_ONLY and not rest)
                or (name in _ONE_ONLY and not (first and rest))
                or (name in _NOT_FIRST and not first)
            )
            outputs = outputs if fits else None
        if outputs is None:
            return None
        known |= {id(var): own for var, own in zip(equation.outvars, outputs, strict=True)}
    return [of(var) for var in program.outvars]
