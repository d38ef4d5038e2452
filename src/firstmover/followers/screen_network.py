"""Networks of followers that look at images, one for each of their observations, and at a leader's answers."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from firstmover.core.convolutions import ImageNetwork, image_network
from firstmover.core.mlp import MLP, tanh_network
from firstmover.core.modules import Module

_WIDTH = 64


class ScreenNetwork(Module):
    """What is seen goes through a small convolution, the answers through a tanh network; logits of both together.

    Images are looked at once for all answers, so that many responses cost little more than one.
    """

    eye: ImageNetwork
    ear: MLP
    mouth: MLP

    def __call__(
        self,
        images: Float[Array, "images planes rows columns"],
        which: Int[Array, "observations"],
        answers: Float[Array, "answers"],
    ) -> Float[Array, "observations actions"]:
        """Logits at every observation, each of which shows one of the images."""
        seen = jax.vmap(self.eye)(images.reshape(len(images), -1))
        logits = jax.vmap(self.mouth)(jnp.tanh(seen + self.ear(answers)))
        return logits[which]


def screen_network(shape: tuple[int, int, int], answers: int, actions: int, key: Key[Array, ""]) -> ScreenNetwork:
    """A network for images [planes, rows, columns], so many numbers that describe answers, and actions."""
    eye, ear, mouth = jax.random.split(key, 3)
    return ScreenNetwork(
        image_network(shape, _WIDTH, eye),
        tanh_network(answers, _WIDTH, ear, (64,)),
        tanh_network(_WIDTH, actions, mouth, (64,)),
    )
