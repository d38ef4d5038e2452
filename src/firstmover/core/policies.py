"""Policies: one output vector per observation of the leader, which a head (`heads`) turns into a decision.

The two parts are separate so that every learner can use tables and networks, discrete and continuous decisions.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.noise import address_uniform, seed_of
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.heads import Head
from firstmover.spaces.observations import Observations, observation_index

_LOT = 1e-4  # share of a nat by which a lot breaks ties between options


class Policy(eqx.Module):
    """One vector of outputs for an observation."""

    @abc.abstractmethod
    def __call__(self, obs: Array) -> Float[Array, "width"]:
        """The output for this observation."""

    def at_all(self, observations: Array) -> Float[Array, "observations width"]:
        """The outputs at these observations, all of those that can be listed."""
        return jax.vmap(self.__call__)(observations)

    def untied(self, output: Float[Array, "width"], key: Key[Array, ""]) -> Float[Array, "width"]:
        """The output, with ties broken by lots that are drawn in every sub-episode, where there are any."""
        del key
        return output


class TablePolicy(Policy):
    """One free output vector per enumerated observation: logits or means, shape [n_observations, width]."""

    outputs: Float[Array, "observations width"]
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.outputs[observation_index(obs, self.sizes)]

    def at_all(self, observations: Int[Array, "observations d"]) -> Float[Array, "observations width"]:
        """The outputs at all enumerated observations: they are at hand."""
        del observations
        return self.outputs


class MLP(eqx.Module):
    """A tanh network, 64-64 by default: arrays only, so that a learner's state is a plain pytree of arrays."""

    layers: tuple[eqx.nn.Linear, ...]

    def __init__(self, inputs: int, outputs: int, key: Key[Array, ""], hidden: tuple[int, ...] = (64, 64)):
        """Orthogonal weights and zero biases, the initialisation usual for PPO."""
        sizes = (inputs, *hidden, outputs)
        keys = jax.random.split(key, len(sizes) - 1)
        layers = [eqx.nn.Linear(a, b, key=k) for a, b, k in zip(sizes[:-1], sizes[1:], keys, strict=True)]
        weights = [_orthogonal(k, layer.weight.shape) for k, layer in zip(keys, layers, strict=True)]
        layers = eqx.tree_at(lambda ls: [layer.weight for layer in ls], layers, weights)
        self.layers = tuple(eqx.tree_at(lambda ls: [layer.bias for layer in ls], layers, replace_fn=jnp.zeros_like))

    def __call__(self, x: Float[Array, "inputs"]) -> Float[Array, "outputs"]:
        """The output for one input."""
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)


def _orthogonal(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "outputs inputs"]:
    """A random matrix with orthogonal rows or columns of length sqrt(2), by Gram and Schmidt.

    Not by `jnp.linalg.qr`: with two cores, two batched LAPACK calls of one program can wait for each other for ever
    (jaxlib 0.10).
    """
    drawn = jax.random.normal(key, (max(shape), min(shape)))

    def add(k: Array, found: Array) -> Array:
        column = drawn[:, k]
        for _ in range(2):  # once loses orthogonality to rounding
            column = column - found @ (found.T @ column)
        return found.at[:, k].set(column / jnp.linalg.norm(column))

    found = jax.lax.fori_loop(0, min(shape), add, jnp.zeros_like(drawn))
    return np.sqrt(2) * (found if shape[0] >= shape[1] else found.T)


class NetworkPolicy(Policy):
    """A multilayer perceptron on the one-hot components of the observation (64-64 tanh, as in the papers)."""

    network: MLP
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, obs: Int[Array, "d"]) -> Float[Array, "width"]:
        """The output for this observation."""
        return self.network(one_hot(obs, self.sizes))


class FeaturePolicy(Policy):
    """A multilayer perceptron on the features of any observation (64-64 tanh)."""

    network: MLP
    observed: Observations = eqx.field(static=True)

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
    features: Callable[[Array], Array] = eqx.field(static=True)
    options: int = eqx.field(static=True)

    def __call__(self, obs: Array) -> Float[Array, "width"]:
        """The output for this observation: the scores of all options, then the outputs of their parts."""
        out = jax.vmap(self.network)(self.features(obs))
        return jnp.concatenate([out[:, 0], out[:, 1:].ravel()])

    def untied(self, output: Float[Array, "width"], key: Key[Array, ""]) -> Float[Array, "width"]:
        lots = address_uniform(seed_of(key), jnp.zeros(1, jnp.int32), self.options)
        return output.at[: self.options].add(_LOT * lots.astype(output.dtype))


def table_policy(sizes: tuple[int, ...], head: Head) -> TablePolicy:
    """A table of zeros: uniform choice, or the middle of the box."""
    return TablePolicy(jnp.zeros((int(np.prod(sizes)), head.width)), sizes)


def network_policy(sizes: tuple[int, ...], head: Head, key: Key[Array, ""]) -> NetworkPolicy:
    """A 64-64 tanh network whose last layer starts a hundred times smaller, so that play starts near uniform."""
    network = MLP(sum(sizes), head.width, key)
    network = eqx.tree_at(lambda m: m.layers[-1].weight, network, replace_fn=lambda w: w * 0.01)
    return NetworkPolicy(network, sizes)


def feature_policy(game: Game, head: Head, key: Key[Array, ""]) -> FeaturePolicy:
    """A 64-64 tanh network on features, whose last layer starts small, so that play starts near uniform."""
    network = MLP(game.observed.n_features, head.width, key)
    return FeaturePolicy(_starting(network, 0.01), game.observed)


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
    network = MLP(game.n_option_features, head.width // options, key, (32, 32))
    return OptionPolicy(_starting(network, 0.1), game.option_features, options)


def _starting(network: MLP, share: float) -> MLP:
    return eqx.tree_at(lambda m: m.layers[-1].weight, network, replace_fn=lambda w: w * share)


def one_hot(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Float[Array, "inputs"]:
    """The concatenated one-hot components of an observation."""
    return jnp.concatenate([jax.nn.one_hot(obs[k], size) for k, size in enumerate(sizes)])


def epsilon_greedy(
    best: Int[Array, ""], mask: Bool[Array, "n"], epsilon: Float[Array, ""] | float
) -> Float[Array, "n"]:
    """Probabilities of the best action, and with probability epsilon of any possible one."""
    return (1 - epsilon) * jax.nn.one_hot(best, len(mask)) + epsilon * mask / mask.sum()
