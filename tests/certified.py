"""Certificates of small games of every family, and ways to change what they state."""

import copy
import functools
import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np
from tiny_games import LISTABLE, some_rule

from firstmover import verify
from firstmover.certificates import certify_play
from firstmover.core.plays import Strategies
from firstmover.evaluators.forms import type_masks
from firstmover.games import Maintain, MatrixDesign, SequentialPrice, SimpleAllocation

GAMES = {
    "maintain": (Maintain("mixed"), np.array([[0.25, 0.75, 0.0]])),
    "allocation": (SimpleAllocation(3, 2), np.array([0, 1])),
    "prices": (SequentialPrice(types=3), some_rule(SequentialPrice(types=3))),
    "payments": (MatrixDesign(rule="per-follower"), some_rule(MatrixDesign(rule="per-follower"))),
    "visits": (LISTABLE["visits"], some_rule(LISTABLE["visits"])),
    "bayesian": (LISTABLE["bayesian-normal-form"], some_rule(LISTABLE["bayesian-normal-form"])),
    "security": (LISTABLE["security"], some_rule(LISTABLE["security"])),
}
FOLLOWERS = {"name": "multiplicative-weights", "parameters": {"rounds": 100}}


def uniform(game: Any) -> Strategies:
    """Everybody plays all that it may, equally likely."""
    masks = [jnp.asarray(mask, float) for mask in type_masks(game)]
    return Strategies(tuple(mask / mask.sum(axis=1, keepdims=True) for mask in masks))


def certificate(game: Any, actions: np.ndarray, play: Any = None) -> dict[str, Any]:
    """A certificate as JSON, by default of uniform play."""
    return certify_play(game, actions, uniform(game) if play is None else play, followers=FOLLOWERS).as_json()


def certificates_of(*names: str) -> dict[str, dict[str, Any]]:
    """The certificates of these games, by name."""
    return {name: copy.deepcopy(_stated(name)) for name in names}


@functools.cache
def _stated(name: str) -> dict[str, Any]:
    return certificate(*GAMES[name])


def checked(stated: Any) -> str:
    """The verdict on a certificate."""
    return verify.verdict(verify.check(verify.read(json.dumps(stated))))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number, text, truth value and null, with the way to it."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    else:
        yield path, value


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every part, lists and objects too, with the way to it."""
    yield path, value
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(part, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What a way leads to."""
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    """Put something else at the end of a way."""
    at(value, path[:-1])[path[-1]] = new


def drop(value: Any, path: tuple[Any, ...]) -> None:
    """Take out what a way leads to."""
    del at(value, path[:-1])[path[-1]]


def tampered(value: Any, rng: np.random.Generator) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + int(rng.choice([-1, 1]))
    if isinstance(value, float):
        change = rng.choice([0.1, -0.1, 1e-3, 1e-9 * max(1, abs(value)), -value, 1.0])
        return value + float(change) if value + float(change) != value else 0.5
    if isinstance(value, str):
        try:
            exact = Fraction(value)
        except ValueError:
            return value + "x"
        changes = [Fraction(1, 10), Fraction(-1, 10), Fraction(1, 10**9), -exact, Fraction(1), Fraction(-1)]
        changed = exact + changes[rng.integers(len(changes))]
        return str(changed if changed != exact else exact + 1)
    return 0
