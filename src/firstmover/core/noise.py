"""Randomness with an address instead of a position.

Every long-lived stream of random numbers has a number of its own, so that a new consumer moves no other; a
commitment's draw at an observation is a function of (seed, observation) alone, so that the same observation always
gets the same action whether it is looked up in a table or drawn again.
"""

import enum
import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, UInt32

_UNROLLED = 32  # words of an address up to which they are mixed without a loop


class Stream(enum.IntEnum):
    """Streams folded into a key; the numbers are part of every stored result and are never reused."""

    PARAMETERS = 0
    COMMITMENT = 1
    RESPONSE = 2
    CHANCE = 3
    REWARD = 4
    MINIBATCH = 5
    EVALUATION = 6
    CERTIFICATE = 7
    DECISION = 8
    SELECTION = 9
    QUESTION = 10
    PRETRAINING = 11


def stream(key: Key[Array, ""], which: Stream) -> Key[Array, ""]:
    """The key of one stream."""
    return jax.random.fold_in(key, int(which))


def seed_of(key: Key[Array, ""]) -> UInt32[Array, "2"]:
    """The two words of a key, as the seed of `address_uniform`."""
    return jax.random.key_data(key).astype(jnp.uint32).reshape(-1)[-2:]


def mix(word: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """A bijective 32-bit finaliser with full avalanche (the constants of Wellons' `lowbias32`)."""
    word = (word ^ (word >> 16)) * jnp.uint32(0x7FEB352D)
    word = (word ^ (word >> 15)) * jnp.uint32(0x846CA68B)
    return word ^ (word >> 16)


def address_uniform(seed: UInt32[Array, "2"], address: Int[Array, "d"], n: int) -> Float[Array, "n"]:
    """`n` uniform numbers in (0, 1), float32, that depend on the seed and the integer address only.

    A counter hash: two rounds of a 32-bit mixer per word of the address. It costs a few integer operations where a
    threefry key costs a hundred, and it is the same under any batching.
    """

    def mixed(component: Array | int, word: Array) -> Array:
        return mix(word + address[component].astype(jnp.uint32) * jnp.uint32(0x9E3779B9) + jnp.uint32(component) + 1)

    if len(address) <= _UNROLLED:
        word = functools.reduce(lambda word, component: mixed(component, word), range(len(address)), seed[0])
    else:
        word = jax.lax.fori_loop(0, len(address), mixed, seed[0])
    counter = jnp.arange(n, dtype=jnp.uint32) * jnp.uint32(0x85EBCA6B)
    words = mix(mix(word + counter) ^ seed[1])
    return open_unit(words)


def uniform_table(key: Key[Array, ""], rows: int, columns: int) -> Float[Array, "rows columns"]:
    """Uniform numbers in (0, 1), float32, by a counter hash, which costs a processor less than threefry.

    For the many draws of learners over rounds, where threefry takes longer than all else.
    """
    return address_uniform(seed_of(key), jnp.zeros(0, jnp.int32), rows * columns).reshape(rows, columns)


def open_unit(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The upper 24 bits of words as float32 numbers strictly between 0 and 1, so that every quantile of them is finite.

    24 bits and a half do not fit into the 24 bits of a float32: the largest of the numbers would round to 1.
    """
    halves = ((words >> 8).astype(jnp.float32) + jnp.float32(0.5)) * jnp.float32(2.0**-24)
    return jnp.minimum(halves, jnp.float32(1 - 2.0**-24))


def inverse_cdf(probabilities: Float[Array, "n"], u: Float[Array, ""]) -> Int[Array, ""]:
    """The index drawn from `probabilities` (any positive sum) by the uniform number `u`.

    Never returns an index of probability zero, also when rounding leaves the cumulative sum short of its total.
    """
    cumulative = jnp.cumsum(probabilities)
    index = jnp.sum(u * cumulative[-1] >= cumulative, dtype=jnp.int32)
    last = probabilities.shape[0] - 1 - jnp.argmax(probabilities[::-1] > 0).astype(jnp.int32)
    return jnp.minimum(index, last)
