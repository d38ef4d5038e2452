"""PPO and MAPPO on the step-level Stackelberg POMDP, as in the paper.

PPO's critic sees what the actor sees; MAPPO's critic also sees the followers and the phase (see `actor_critic.py`).

Source: Brero et al., "Stackelberg POMDP", section 7 and appendix A; Schulman et al. 2017; Yu et al. 2022 (MAPPO).
Defaults are those of Stable-Baselines3: rate 3e-4, 10 epochs, minibatches of 64, GAE 0.95, clip 0.2, value loss 0.5,
gradient norm 0.5, about 2048 steps in an update; gamma 1 as in the paper.
Differs from the source: see `actor_critic.py`.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import OptState
from firstmover.errors import require
from firstmover.heads import clipped_gain, likelihood_ratio
from firstmover.leaders.actor_critic import MAX_GRADIENT_NORM, VALUE_WEIGHT, ActorCritic, Parameters, Rows

_Learning: TypeAlias = tuple[Parameters, OptState]


@dataclass(frozen=True)
class _Clipped(ActorCritic):
    """What PPO and MAPPO share.

    Attributes:
        epochs: passes over the collected steps, at least 1.
        minibatch: steps in a gradient step, at least 1.
        clip: PPO's clip range, in (0, 1).
    """

    epochs: int = 10
    minibatch: int = 64
    clip: float = 0.2

    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "gae", "entropy", "clip")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        super().__post_init__()
        for field in ("epochs", "minibatch"):
            require(getattr(self, field) >= 1, f"{field} must be at least 1", getattr(self, field))
        require(0 < self.clip < 1, "clip must lie in (0, 1)", self.clip)

    def optimiser(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(MAX_GRADIENT_NORM), optax.adam(self.learning_rate, eps=1e-5))

    def learn(
        self, problem: StackelbergPOMDP, parameters: Parameters, optimiser: OptState, rows: Rows, key: Key[Array, ""]
    ) -> tuple[Parameters, OptState, Float[Array, ""]]:
        """`epochs` passes over the rows in random minibatches; the last one of a pass may be smaller."""
        most = self._most_kept(problem, rows.kept.size)
        size = min(self.minibatch, most)
        count = -(-most // size)

        def minibatch(carry: _Learning, part: Rows) -> tuple[_Learning, tuple[Array, Array]]:
            parameters, optimiser = carry
            gradient, error = jax.grad(self._loss, argnums=1, has_aux=True)(problem, parameters, part)
            step, after = self.optimiser().update(gradient, optimiser, parameters)
            # Without a row there is no step: an optimiser with momentum would make one.
            some = part.kept.any()
            stepped = (optax.apply_updates(parameters, step), after)
            return jax.tree.map(lambda new, old: jnp.where(some, new, old), stepped, carry), (error, some)

        def epoch(carry: _Learning, key: Key[Array, ""]) -> tuple[_Learning, tuple[Array, Array]]:
            order = _kept_first(rows.kept, key)[:most]
            parts = jax.tree.map(lambda x: _batched(x[order], count, size), rows)
            return jax.lax.scan(minibatch, carry, parts)

        (parameters, optimiser), (errors, some) = jax.lax.scan(
            epoch, (parameters, optimiser), jax.random.split(key, self.epochs)
        )
        return parameters, optimiser, jnp.sum(errors * some) / jnp.maximum(some.sum(), 1)

    def _most_kept(self, problem: StackelbergPOMDP, n_rows: int) -> int:
        """An upper bound on the rows that are kept."""
        env = self.env(problem)
        if self.response_steps == 0:
            return n_rows // env.max_decisions * env.max_reward_decisions
        return n_rows

    def _loss(self, problem: StackelbergPOMDP, parameters: Parameters, rows: Rows) -> tuple[Array, Array]:
        """PPO's loss of a minibatch, and the critic's mean squared error."""
        kept = rows.kept.astype(jnp.float32)
        count = jnp.maximum(kept.sum(), 1)

        def mean(numbers: Float[Array, "rows"]) -> Float[Array, ""]:
            return jnp.sum(numbers * kept) / count

        found = self.evaluate(problem, parameters, rows)
        centred = rows.advantage - mean(rows.advantage)
        advantage = centred / (jnp.sqrt(mean(centred**2)) + 1e-8)
        ratio = likelihood_ratio(found.log_probability, rows.log_probability)
        gain = clipped_gain(ratio, advantage, self.clip)
        error = mean((found.value - rows.target) ** 2)
        return VALUE_WEIGHT * error - mean(gain) - self.entropy * mean(found.entropy), error


def _kept_first(kept: Bool[Array, "rows"], key: Key[Array, ""]) -> Int[Array, "rows"]:
    """The rows in random order, those that are kept before the others."""
    drawn = jax.random.bits(key, kept.shape) >> 1
    return jnp.argsort(jnp.where(kept, drawn, jnp.uint32(2**32 - 1)))


def _batched(rows: Array, count: int, size: int) -> Array:
    """Rows in `count` minibatches of `size`, filled up with zeros."""
    padding = [(0, count * size - rows.shape[0])] + [(0, 0)] * (rows.ndim - 1)
    return jnp.pad(rows, padding).reshape(count, size, *rows.shape[1:])


@dataclass(frozen=True)
class PPO(_Clipped):
    """PPO whose critic sees what the actor sees.

    Example:
        >>> from firstmover.leaders import PPO
        >>> PPO(updates=50, steps=400)
        PPO(updates=50, steps=400)
    """

    name: ClassVar[str] = "ppo"
    traced: ClassVar[tuple[str, ...]] = _Clipped.traced
    centralised: ClassVar[bool] = False


@dataclass(frozen=True)
class MAPPO(_Clipped):
    """PPO whose critic also sees the followers' weights and the phase.

    Example:
        >>> from firstmover.leaders import MAPPO
        >>> MAPPO(updates=50, steps=400)
        MAPPO(updates=50, steps=400)
    """

    name: ClassVar[str] = "mappo"
    traced: ClassVar[tuple[str, ...]] = _Clipped.traced
    centralised: ClassVar[bool] = True
