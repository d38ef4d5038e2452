"""A2C, the advantage actor-critic, on the step-level Stackelberg POMDP: one gradient step for every batch of episodes.

Source: Mnih et al. 2016 (A3C, here in its synchronous form). Also known as: advantage actor-critic.
Defaults are those of Stable-Baselines3: RMSProp with rate 7e-4, decay 0.99 and epsilon 1e-5, GAE 1, value loss 0.5,
gradient norm 0.5, advantages as they are.
Differs from the source: see `actor_critic.py`. Whole episodes, about 256 decisions of them, take the place of the
usual 5 steps of some environments, since reward falls at the end of an episode only.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import OptState
from firstmover.leaders.actor_critic import MAX_GRADIENT_NORM, VALUE_WEIGHT, ActorCritic, Parameters, Rows


@dataclass(frozen=True)
class A2C(ActorCritic):
    """Advantage actor-critic: one gradient step for every batch of episodes.

    Attributes:
        centralised: whether the critic also sees the followers' weights and the phase.

    Example:
        >>> from firstmover.leaders import A2C
        >>> A2C(updates=50, steps=200)
        A2C(updates=50, steps=200)
    """

    updates: int = 1000
    steps: int = 256
    learning_rate: float = 7e-4
    gae: float = 1.0
    centralised: bool = False

    name: ClassVar[str] = "a2c"
    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "gae", "entropy")

    def optimiser(self) -> optax.GradientTransformation:
        rmsprop = optax.rmsprop(self.learning_rate, decay=0.99, eps=1e-5, eps_in_sqrt=False)
        return optax.chain(optax.clip_by_global_norm(MAX_GRADIENT_NORM), rmsprop)

    def learn(
        self, problem: StackelbergPOMDP, parameters: Parameters, optimiser: OptState, rows: Rows, key: Key[Array, ""]
    ) -> tuple[Parameters, OptState, Float[Array, ""]]:
        """One step on all rows."""
        del key
        gradient, error = jax.grad(self._loss, argnums=1, has_aux=True)(problem, parameters, rows)
        step, optimiser = self.optimiser().update(gradient, optimiser, parameters)
        return optax.apply_updates(parameters, step), optimiser, error

    def _loss(self, problem: StackelbergPOMDP, parameters: Parameters, rows: Rows) -> tuple[Array, Array]:
        """The loss of the actor and the critic, and the critic's mean squared error."""
        kept = rows.kept.astype(jnp.float32)
        found = self.evaluate(problem, parameters, rows)
        error = (found.value - rows.target) ** 2
        loss = VALUE_WEIGHT * error - rows.advantage * found.log_probability - self.entropy * found.entropy
        count = jnp.maximum(kept.sum(), 1)
        return jnp.sum(loss * kept) / count, jnp.sum(error * kept) / count
