"""Followers written outside: plain Python, NumPy or torch that replies to a rule, in whole batches on the host."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from firstmover.core.plays import Play, Strategies
from firstmover.core.rollout import Outcome, Query
from firstmover.errors import InputError
from firstmover.evaluators.forms import all_profiles, possible_actions
from firstmover.evaluators.view import View
from firstmover.followers.base import Follower, Response
from firstmover.games.base import Game
from firstmover.games.host_calls import HostCalls, as_bits, from_bits, to_bits
from firstmover.user_code import source_file


class Facing(NamedTuple):
    """What followers are told of a rule.

    Attributes:
        decisions: the leader's at each of its observations, [observations, ...].
        payoffs: of every follower, [type profiles, *actions], up to a shift and a positive factor of each follower's;
            empty where the game cannot be listed.
    """

    decisions: np.ndarray
    payoffs: tuple[np.ndarray, ...]


@dataclass(frozen=True, repr=False)
class HostFollower(Follower):
    """Followers whose reply to a rule is a function of yours, or the method `reply` of a subclass.

    The function gets a `Facing` and returns, for every follower, an action at each of its observations (its types,
    where it acts once), or probabilities [observations, actions]. It is called once for every rule that comes up, and
    must reply alike when it is asked again.

    Attributes:
        function: the function; None in a subclass with a `reply` of its own.

    Example:
        >>> def best(facing):
        ...     return [facing.payoffs[0].argmax(axis=-1)]
        >>> followers = HostFollower(best)
        >>> followers.calls.name, followers.calls.made
        ('reply of best', 0)
    """

    function: Callable[[Facing], object] | None = None

    name: ClassVar[str] = "host-follower"
    converges_to: ClassVar[str] = "what the author says"
    acts: ClassVar = ("once", "every step")

    def reply(self, facing: Facing) -> object:
        """How the followers play under a rule."""
        if self.function is None:
            raise InputError(f"{type(self).__name__} needs a function, or a method 'reply'.")
        return self.function(facing)

    @functools.cached_property
    def calls(self) -> HostCalls:  # type: ignore[override]
        written = type(self) if self.function is None else self.function
        name = f"reply of {getattr(written, '__name__', type(self).__name__)}"
        return HostCalls(self.reply, name, source_file(written))

    def check(self, game: Game) -> None:
        super().check(game)
        if not game.n_observations or not game.observed.listed:
            raise InputError(f"{self.name} asks what the leader does at every observation; {game.name} has no list.")

    def respond(self, view: View, noise: Float[Array, "asks u"]) -> Response:
        del noise
        game, dtype = view.game, jnp.result_type(float)
        decisions = view.answers(jnp.asarray(game.observations()))
        given, steps = [decisions], jnp.float32(game.n_observations)
        if _listed(game):
            given.append(view.listed.followers)
            steps = steps + jnp.float32(view.listed.leader.size)
        with jax.ensure_compile_time_eval():
            masks = tuple(np.asarray(mask) for mask in possible_actions(game))

        def batch(decisions: Array | np.ndarray, *payoffs: Array | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            rules = np.asarray(decisions)
            many = rules.shape[: rules.ndim - 1 - len(game.leader_space.idle().shape)]
            own = rules.reshape(-1, *rules.shape[len(many) :])
            listed = [np.asarray(part).reshape(len(own), *part.shape[len(many) :]) for part in payoffs]
            rows = [self._replied(game, masks, rule, *(part[k] for part in listed)) for k, rule in enumerate(own)]
            return np.ones(many, bool), to_bits(np.array(rows).reshape(*many, -1), dtype)

        shapes = jax.ShapeDtypeStruct((), bool), as_bits((sum(mask.size for mask in masks),), dtype)
        _, bits = jax.pure_callback(batch, shapes, *given, vmap_method="broadcast_all")
        return Response(self._split(game, from_bits(bits, dtype)), jnp.ones(game.n_rows, bool), steps, steps)

    def _replied(
        self, game: Game, masks: tuple[np.ndarray, ...], decisions: np.ndarray, listed: np.ndarray | None = None
    ) -> np.ndarray:
        """All tables one after the other, on the host."""
        payoffs: tuple[np.ndarray, ...] = ()
        if listed is not None:
            payoffs = tuple(np.moveaxis(listed.reshape(-1, *game.n_actions, game.n_followers), -1, 0))
        replied = self.calls(Facing(decisions, payoffs))
        return np.asarray(self.calls.uncounted(self._checked, masks, replied))

    def _checked(self, masks: tuple[np.ndarray, ...], replied: object) -> np.ndarray:
        if not isinstance(replied, list | tuple) or len(replied) != len(masks):
            raise InputError(f"{self.calls.name} must return a list with an entry for each of {len(masks)}.")
        tables = []
        for i, (own, mask) in enumerate(zip(replied, masks, strict=True)):
            given = np.asarray(own)
            if given.shape == mask.shape[:1] and given.dtype.kind in "iu":
                if np.any((given < 0) | (given >= mask.shape[1])):
                    raise InputError(
                        f"{self.calls.name} lets follower {i} take action {given.tolist()} of {mask.shape[1]}."
                    )
                given = np.eye(mask.shape[1])[given]
            if given.shape != mask.shape or not np.allclose(given.sum(axis=1), 1, atol=1e-6) or np.any(given < 0):
                raise InputError(
                    f"{self.calls.name} must return for follower {i} {mask.shape[0]} whole numbers below "
                    f"{mask.shape[1]}, or probabilities of shape {mask.shape}."
                )
            if np.any(given[~mask] > 0):
                raise InputError(f"{self.calls.name} lets follower {i} do what it may not.")
            tables.append(given.ravel())
        return np.concatenate(tables)

    def _split(self, game: Game, flat: Array) -> tuple[Array, ...]:
        sizes = [n * m for n, m in zip(game.n_obs, game.n_actions, strict=True)]
        parts = jnp.split(flat, np.cumsum(sizes)[:-1])
        return tuple(part.reshape(n, m) for part, n, m in zip(parts, game.n_obs, game.n_actions, strict=True))

    def init(self, game: Game) -> tuple[Array, ...]:
        return tuple(jnp.asarray(mask / mask.sum(axis=1, keepdims=True), float) for mask in possible_actions(game))

    def strategy(self, game: Game, state: tuple[Array, ...]) -> Play:
        return Strategies(state)

    def features(self, game: Game, state: tuple[Array, ...]) -> Float[Array, "F"]:
        """The probabilities of all actions."""
        return jnp.concatenate([table.ravel() for table in state])

    # It asks for nothing: it is told the rule at once.

    def asks(self, game: Game) -> int:
        return 0

    def rounds_per_ask(self, game: Game) -> int:
        return 1

    def ask(self, game: Game, state: PyTree, noise: Float[Array, "u"]) -> Query:
        raise InputError(f"{self.name} followers reply at once; take a leader such as commitment-gradient.")

    def tell(self, game: Game, state: PyTree, query: Query, outcome: Outcome) -> PyTree:
        raise InputError(f"{self.name} followers reply at once; take a leader such as commitment-gradient.")


def _listed(game: Game) -> bool:
    """Whether all that can happen in a sub-episode can be listed."""
    try:
        all_profiles(game)
    except InputError:
        return False
    return True
