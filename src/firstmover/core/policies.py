"""Policies: one output vector per observation of the leader, which a head (`heads`) turns into a decision.

The two parts are separate so that every learner can use tables and networks, discrete and continuous decisions.
"""

import abc
from collections.abc import Callable
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.convolutions import ImageNetwork, image_network
from firstmover.core.mlp import MLP, tanh_network
from firstmover.core.modules import Module, static
from firstmover.core.noise import address_uniform, seed_of
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.heads import Branches, Head, Output, by_option
from firstmover.spaces.observations import Observations, observation_index

_LOT = 1e-4  # share of a nat by which a lot breaks ties between options


class Policy(Module, abc.ABC):
    """One vector of outputs for an observation.

    Attributes:
        equivariant: whether its likeliest actions are permuted by whatever permutes the features of the options.
    """

    equivariant: ClassVar[bool] = False

    @abc.abstractmethod
    def __call__(self, obs: Array) -> Output:
        """The output for this observation."""

    def at_all(self, observations: Array) -> Output:
        """The outputs at these observations, all of those that can be listed."""
        return jax.vmap(self.__call__)(observations)

    def untied(self, output: Output, key: Key[Array, ""]) -> Output:
        """The output, with ties broken by lots that are drawn in every sub-episode, where there are any."""
        del key
        return output


class TablePolicy(Policy):
    """One free output vector per enumerated observation: logits or means, shape [n_observations, width]."""

    outputs: Float[Array, "observations width"]
    sizes: tuple[int, ...] = static()

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.outputs[observation_index(obs, self.sizes)]

    def at_all(self, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
        """The outputs at all enumerated observations: they are at hand."""
        del observations
        return self.outputs


class NetworkPolicy(Policy):
    """A network on the features of any observation (64-64 tanh, as in the papers; on images behind a convolution)."""

    network: MLP | ImageNetwork
    observed: Observations = static()

    def __call__(self, obs: Array) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.network(self.observed.features(obs))


class OptionPolicy(Policy):
    """One small network for all options of a decision, such as agents to visit: a score of each, and its parts.

    Options with the same features get the same output: whatever permutes the options permutes the policy. Lots decide
    between them, drawn anew in every sub-episode: were they a function of the observation, some followers would always
    come before others like them, and followers that are exchangeable in the game would not be under the rule.
    """

    network: Callable[[Array], Array]
    kinds: Callable[[Array], tuple[Array, Array | None]] = static()
    options: int = static()

    equivariant: ClassVar[bool] = True

    def __call__(self, obs: Array) -> Branches:
        """The output for this observation: the scores of all options, and the outputs of their parts by kind."""
        features, kind = self.kinds(obs)
        out = jax.vmap(self.network)(features)
        return Branches(by_option(out[:, 0], kind), out[:, 1:], kind)

    def untied(self, output: Branches, key: Key[Array, ""]) -> Branches:
        lots = address_uniform(seed_of(key), jnp.zeros(1, jnp.int32), self.options)
        return output._replace(logits=output.logits + _LOT * lots.astype(output.logits.dtype))


def table_policy(sizes: tuple[int, ...], head: Head) -> TablePolicy:
    """A table of zeros: uniform choice, or the middle of the box."""
    return TablePolicy(jnp.zeros((int(np.prod(sizes)), head.width)), sizes)


def network_policy(observed: Observations, head: Head, key: Key[Array, ""]) -> NetworkPolicy:
    """A network whose last layer starts a hundred times smaller, so that play starts near uniform."""
    return NetworkPolicy(network_on(observed, head.width, key).quieter(0.01), observed)


def network_on(observed: Observations, outputs: int, key: Key[Array, ""], beside: int = 0) -> MLP | ImageNetwork:
    """A network on the features of an observation: a 64-64 tanh one, on images behind a small convolution.

    Args:
        observed: what is seen.
        outputs: length of the output.
        key: of the weights.
        beside: numbers that follow the features in its input.
    """
    if observed.image is None:
        return tanh_network(observed.n_features + beside, outputs, key)
    return image_network(observed.image, outputs, key, beside)


def check_policy(policy: str, game: Game) -> None:
    """Refuse to score options that are not like each other.

    Raises:
        InputError: the leader of the game does not pick one of several like things.
    """
    if policy == "options" and not game.n_option_features:
        raise InputError(
            f"policy=options is for decisions that pick one of several like things; the leader of {game.name} does "
            "not. Use policy=network."
        )


def option_policy(game: Game, head: Head, key: Key[Array, ""]) -> OptionPolicy:
    """A 32-32 tanh network that scores options.

    Its last layer starts only ten times smaller: a network that has learnt nothing separates messages a little, and so
    leaves the fixed point of messages that mean nothing.
    """
    options = game.leader_space.mask_size
    network = tanh_network(game.n_option_features, head.width // options, key, (32, 32))
    return OptionPolicy(network.quieter(0.1), game.option_kinds, options)


def epsilon_greedy(
    best: Int[Array, ""], mask: Bool[Array, "n"], epsilon: Float[Array, ""] | float
) -> Float[Array, "n"]:
    """Probabilities of the best action, and with probability epsilon of any possible one."""
    return (1 - epsilon) * jax.nn.one_hot(best, len(mask)) + epsilon * mask / mask.sum()
