"""What a rule is learnt for beside the leader's expected payoff: measures that must not fall short, nearby priors.

A constraint says of a measure (see `measures`) that it is to be at least so much under the followers' play. Learners
rank rules by their rewards, so that no multiplier has to be found: a rule that keeps all constraints is rewarded as
ever, and one that does not is rewarded less than any that does, by how far it falls short.

The robust value is the least that the leader can expect, with the play as it is, over all priors whose total-variation
distance from the game's is at most `radius`. That linear program has a closed form: probability is taken away from the
type profiles that earn most, and given to the one that earns least.

Source: the ranking is that of Deb, "An efficient constraint handling method for genetic algorithms" (2000).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Outcome, Position
from firstmover.core.trees import AnyArray, AnyNumber
from firstmover.equilibria import FiniteGame
from firstmover.errors import InputError, require, unknown_name
from firstmover.evaluators.base import Evaluator, Judge, Value
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.induced import play_distribution
from firstmover.evaluators.listed import Listed
from firstmover.evaluators.measures import expected, measure_names, measure_tables, measures_in_view
from firstmover.evaluators.status import Status
from firstmover.evaluators.view import View
from firstmover.exact_numbers import number
from firstmover.games.base import Game

ROUNDING = 1e-6  # by which a measure may fall short, as a share of what it is about: numbers of 32 bits


class AtLeast(NamedTuple):
    """A constraint: a measure has to be at least so much, in the game's units."""

    measure: str
    least: float

    def slack(self, value: AnyNumber) -> AnyNumber:
        """By how much a value keeps the constraint; below 0 by how much it falls short."""
        return value - self.least


def constraints(texts: Sequence[str]) -> tuple[AtLeast, ...]:
    """Constraints from texts "MEASURE=NUMBER".

    Raises:
        InputError: one is something else, or a measure is named twice.

    Example:
        >>> constraints(["seller profit=0.03"])
        (AtLeast(measure='seller profit', least=0.03),)
    """
    read: list[AtLeast] = []
    for text in texts:
        measure, equals, least = text.rpartition("=")
        if not equals or not measure.strip():
            raise InputError(f"a constraint must be MEASURE=NUMBER; got {text!r}.")
        read.append(AtLeast(measure.strip(), number(least.strip(), f"the least {measure.strip()}")))
    for own in read:
        if [other.measure for other in read].count(own.measure) > 1:
            raise InputError(f"the measure {own.measure!r} is bounded twice; give its larger bound.")
    return tuple(read)


def least_nearby(values: Array, probs: AnyArray, radius: float) -> Array:
    """The least expectation over all distributions within a total-variation distance.

    Args:
        values: of every outcome, [P].
        probs: their probabilities, [P].
        radius: at least 0; from 1 on, the least value counts.

    Example:
        >>> round(float(least_nearby(jnp.array([0.0, 1.0, 2.0]), jnp.array([0.2, 0.5, 0.3]), 0.4)), 4)
        0.4
    """
    order = jnp.argsort(-values)
    sorted_values, sorted_probs = values[order], jnp.asarray(probs, values.dtype)[order]
    before = jnp.cumsum(sorted_probs) - sorted_probs
    taken = jnp.clip(radius - before, 0, sorted_probs)
    return sorted_probs @ sorted_values - taken @ (sorted_values - sorted_values[-1])


def by_profile(finite: FiniteGame, joint: Float[np.ndarray, "P *actions"]) -> Float[np.ndarray, "P"]:
    """The leader's expected payoff at every type profile."""
    values: np.ndarray = (joint * finite.leader).reshape(len(joint), -1).sum(axis=1)
    return values


def robust_value(finite: FiniteGame, joint: Float[np.ndarray, "P *actions"], radius: float) -> float:
    """The leader's expected payoff under the worst prior within a total-variation distance, the play as it is."""
    with jax.enable_x64(True):
        return float(least_nearby(jnp.asarray(by_profile(finite, joint)), finite.probs, radius))


@dataclass(frozen=True)
class Robust(Listed):
    """Rewards with the worst prior within a total-variation distance of the game's.

    Attributes:
        radius: the distance.
    """

    radius: float

    def __post_init__(self) -> None:
        """Check the radius.

        Raises:
            InputError: it is no distance between distributions, or there is only one type profile.
        """
        all_profiles(self.game)
        check_radius(self.game, self.radius)
        require(self.radius > 0, "target=robust needs a radius above 0 (--robust 0.1)", self.radius)

    def _reward(self, listed: Outcome, play: Play) -> Float[Array, ""]:
        _, probs = self.game.types.profiles
        joint = play.joint(self.game)
        return least_nearby(jnp.sum(joint * listed.leader.reshape(joint.shape), axis=1), probs, self.radius)


def check_radius(game: Game, radius: float) -> None:
    """Refuse a radius that is no distance between priors of this game.

    Raises:
        InputError: it is none, or there is only one type profile.
    """
    if not (math.isfinite(radius) and 0 <= radius <= 1):
        raise InputError(f"the radius of nearby priors must lie in [0, 1] (total variation); got {radius}.")
    if radius and len(game.types.profiles[0]) < 2:
        raise InputError(f"the followers of {game.name} have no private types, so there is no prior to be off.")


@dataclass(frozen=True)
class Constrained(Evaluator):
    """Rewards of another evaluator, below all of them where a constraint is not kept.

    Attributes:
        base: what rewards rules that keep the constraints.
        least: the constraints.
    """

    base: Evaluator
    least: tuple[AtLeast, ...]

    def __post_init__(self) -> None:
        """Check that there are such measures.

        Raises:
            InputError: there is no such measure, or the game cannot be listed.
        """
        all_profiles(self.game)
        check_measures(self.least, measure_names(self.game))

    @property
    def status(self) -> Status:
        return self.base.status

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        value = self.base.value(view, play, key, exchange, start)
        tables, (_, probs) = measures_in_view(view), self.game.types.profiles
        joint = play.joint(self.game)
        measured = [expected(tables[own.measure], jnp.asarray(probs, joint.dtype), joint) for own in self.least]
        return value._replace(reward=penalised(self.game, value.reward, self.least, measured))


class Weights(NamedTuple):
    """A weighted sum of measures; "value" is the leader's payoff.

    Attributes:
        names: of the measures.
        weights: of each, in the units of its own; arrays, which may be traced.
    """

    names: tuple[str, ...]
    weights: AnyArray


@dataclass(frozen=True)
class WeightedMeasures(Listed):
    """Rewards with a weighted sum of measures, of which only the order counts, in the range of the leader's payoffs.

    Attributes:
        weighted: the sum.
    """

    weighted: Weights

    def __post_init__(self) -> None:
        """Check that there are such measures.

        Raises:
            InputError: there is no such measure, or the game cannot be listed.
        """
        all_profiles(self.game)
        names = [*measure_names(self.game), VALUE]
        for name in self.weighted.names:
            if name not in names:
                raise unknown_name("measure", name, names)

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        value = super().value(view, play, key, exchange, start)
        tables, (_, probs) = measures_in_view(view), self.game.types.profiles
        joint = play.joint(self.game)
        of_value = value.reward if self.game.payoff_units is None else value.reward * self.game.payoff_units.scales[0]
        sums = [
            of_value if name == VALUE else expected(tables[name], jnp.asarray(probs, joint.dtype), joint)
            for name in self.weighted.names
        ]
        total = jnp.stack(sums) @ self.weighted.weights
        low, high = self.game.leader_payoff_range
        return value._replace(reward=low + (high - low or 1.0) * (0.5 + 0.5 * total / (1 + jnp.abs(total))))


VALUE = "value"  # what the leader's payoff is called among measures


def check_measures(least: Sequence[AtLeast], names: Sequence[str]) -> None:
    """Refuse constraints on what is not measured.

    Raises:
        InputError: there is one.
    """
    for own in least:
        if own.measure not in names:
            raise unknown_name("measure", own.measure, names)


def _about(game: Game, least: float) -> float:
    """What a shortfall is compared with: the bound itself, or what the followers have at stake."""
    scales = (1.0,) if game.payoff_units is None else game.payoff_units.scales
    return max(abs(least), game.follower_payoff_scale * max(scales) if least == 0 else 0.0)


def holds(game: Game, own: AtLeast, value: AnyNumber) -> AnyArray | np.bool_ | bool:
    """Whether a measure of this value keeps a constraint, up to rounding."""
    return own.slack(value) >= -10 * ROUNDING * _about(game, own.least)


def penalised(game: Game, reward: Array, least: Sequence[AtLeast], measured: Sequence[AnyNumber]) -> Array:
    """A reward, or if measures fall short one that is below the leader's least payoff, by how far they do."""
    low, high = game.leader_payoff_range
    short = jnp.zeros_like(reward)
    for own, value in zip(least, measured, strict=True):
        about = _about(game, own.least)
        missing = -own.slack(value)
        short += jnp.where(missing > ROUNDING * about, missing / (about + jnp.abs(missing)), 0)
    return jnp.where(short > 0, low - ((high - low) or 1.0) * short, reward)


class Merit(NamedTuple):
    """What finished rules are chosen by, where that is not their value: the robust value, or that of what they keep.

    Attributes:
        game: in units of its own.
        least: constraints.
        radius: of priors, where rules are robust; else 0.
        worst: whether the worst case over equilibria counts in place of the value.
    """

    game: Game
    least: tuple[AtLeast, ...]
    radius: float
    worst: bool

    def of(self, judge: Judge, actions: np.ndarray, play: Play) -> float:
        """Of the rule with these actions, and the play under it."""
        listing = judge.listing(actions)
        joint = play_distribution(self.game, play)
        base = judge.least(actions) if self.worst else robust_value(listing.finite, joint, self.radius)
        tables = measure_tables(self.game, actions, listing)
        measured = [expected(tables[own.measure], listing.finite.probs, joint) for own in self.least]
        with jax.enable_x64(True):
            return float(penalised(self.game, jnp.asarray(base), self.least, measured))
