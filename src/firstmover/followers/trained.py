"""Followers that are trained once, over many leader policies, and then frozen.

What they share: the file that holds their networks (arrays only, so that reading one executes nothing), networks of
several seeds, each met by one seed of a design, and that they play the likeliest action of a table of logits.
"""

import abc
import copy
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PyTree

from firstmover.array_files import read_arrays
from firstmover.core.plays import Strategies
from firstmover.core.trees import FollowerState
from firstmover.errors import InputError
from firstmover.evaluators.forms import possible_actions
from firstmover.followers.base import Follower
from firstmover.games.base import Game

Networks = tuple[PyTree, ...]  # one for each follower
Logits = tuple[Float[Array, "_observations _actions"], ...]  # of each follower
Self = TypeVar("Self", bound="Trained")


@dataclass(frozen=True)
class Trained(Follower):
    """Followers with networks that were trained before.

    Attributes:
        network: the file that `firstmover pretrain` wrote; networks of several seeds are met by one seed each.
        networks: what the file holds, every array with a leading axis of seeds; empty until they are read or given.
    """

    network: str = ""
    networks: Networks = field(default=(), init=False, repr=False, compare=False)

    acts: ClassVar[tuple[Literal["once", "every step"], ...]] = ("every step", "once")
    plays_pure: ClassVar[bool] = True
    converges_to: ClassVar[str] = "a best response, as far as the networks have learnt it"

    @abc.abstractmethod
    def untrained(self, game: Game, key: Key[Array, ""]) -> Networks:
        """A network for each follower, before training."""

    @property
    def training(self) -> dict[str, int]:
        """Settings of `Pretraining` beside its defaults, where nobody says."""
        return {}

    @property
    def kind(self) -> str:
        """What a file of these networks says that it holds."""
        return self.name

    @abc.abstractmethod
    def outputs(self, game: Game, networks: Networks, state: FollowerState) -> Logits:
        """What each follower's network makes of the response's state, at each of its own observations."""

    def logits(self, game: Game, networks: Networks, state: FollowerState) -> Logits:
        """The outputs, and minus infinity for what is not possible."""
        masks = possible_actions(game)
        outputs = zip(self.outputs(game, networks, state), masks, strict=True)
        return tuple(jnp.where(jnp.asarray(mask), own, -jnp.inf) for own, mask in outputs)

    def having(self: Self, networks: Networks) -> Self:
        """The same followers with these networks, every array with a leading axis of seeds."""
        followers = copy.copy(self)
        object.__setattr__(followers, "networks", networks)
        return followers

    @property
    def needs_training(self) -> bool:
        return not (self.network or self.networks)

    def fingerprint(self) -> str | None:
        leaves = [np.ascontiguousarray(leaf) for leaf in jax.tree.leaves(self.networks)]
        return hashlib.sha256(
            b"".join([*map(bytes, leaves), repr([leaf.shape for leaf in leaves]).encode()])
        ).hexdigest()

    def refuse(self, game: Game) -> None:
        """Refuse a game that followers of this kind cannot play, with whatever networks.

        Raises:
            InputError: with the reason, and followers that fit.
        """
        super().check(game)

    def check(self, game: Game) -> None:
        self.refuse(game)
        like = jax.eval_shape(lambda: self.untrained(game, jax.random.key(0)))
        if not self.networks:
            object.__setattr__(self, "networks", read_networks(self.network, self.kind, like))
        # Also where they were read for another game before, or given.
        if not _alike(self.networks, like):
            where = f"in {self.network}" if self.network else "with these networks"
            raise InputError(f"the follower {where} was trained for a game of other sizes than {game.name}.")

    def of_seed(self, position: Int[Array, ""] | int) -> "Trained":
        return self.having(jax.tree.map(lambda leaf: leaf[position % len(leaf)][None], self.networks))

    def strategy(self, game: Game, state: FollowerState) -> Strategies:
        # `of_seed` has chosen the networks that play, or they are the first ones.
        first = jax.tree.map(lambda leaf: leaf[0], self.networks)
        tables = [jax.nn.one_hot(jnp.argmax(own, axis=-1), own.shape[-1]) for own in self.logits(game, first, state)]
        return Strategies(tuple(tables))


def network_bytes(kind: str, networks: Networks) -> bytes:
    """The content of a file with networks: the follower's registered name, and all arrays in order."""
    buffer = io.BytesIO()
    np.savez(buffer, *[np.asarray(leaf) for leaf in jax.tree.leaves(networks)], kind=np.array(kind))
    return buffer.getvalue()


def read_networks(path: str, kind: str, like: Networks) -> Networks:
    """The networks that were stored, every array with a leading axis of seeds.

    Args:
        path: the file.
        kind: what they have to be (`Trained.kind`).
        like: structure and shapes of one seed (`jax.eval_shape` makes one).

    Raises:
        InputError: the file cannot be read, is damaged, or holds a follower of another kind or for other sizes.
    """
    if not path:
        raise InputError(f"{kind.split()[0]} followers need the network=FILE that 'firstmover pretrain' wrote.")
    leaves, structure = jax.tree.flatten(like)
    damaged, otherwise = f"{path} is not a trained follower, or is damaged.", "; 'firstmover pretrain' writes one"
    stored = read_arrays(Path(path), damaged=damaged, otherwise=otherwise)
    names = [f"arr_{k}" for k in range(len(stored) - 1)]
    if set(stored) != {*names, "kind"} or stored["kind"].shape:
        raise InputError(damaged)
    stored_kind, arrays = str(stored["kind"]), [stored[name] for name in names]
    if stored_kind != kind:
        raise InputError(f"{path} holds trained followers of another kind: {stored_kind}, not {kind}.")
    if not _alike(arrays, leaves):
        raise InputError(f"the follower in {path} was trained for a game of other sizes.")
    return jax.tree.unflatten(structure, [jnp.asarray(a, leaf.dtype) for a, leaf in zip(arrays, leaves, strict=True)])


def _alike(networks: PyTree, like: PyTree) -> bool:
    """Whether networks have the arrays of `like`, each with the same leading axis of seeds before it."""
    arrays = jax.tree.leaves(networks)
    sizes = [(leaf.shape[1:], leaf.dtype.kind) for leaf in arrays]
    seeds = {leaf.shape[:1] for leaf in arrays}
    return sizes == [(leaf.shape, leaf.dtype.kind) for leaf in jax.tree.leaves(like)] and (
        len(seeds) == 1 and not seeds & {(), (0,)}
    )
