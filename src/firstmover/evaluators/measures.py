"""Measures: named numbers of every outcome beside the leader's payoff, as tables over all profiles of a listed game.

Welfare, revenue, every follower's payoff and the worst type's utility are known of every game; others are those that a
game declares (`Game.measured`). A measure is the least of one or several expectations: the utility of the worst type is
the least over the types of all followers, all others are one expectation.
"""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from firstmover.core.commitment import table_of
from firstmover.core.rollout import Outcome
from firstmover.core.selection import Numbers
from firstmover.core.trees import AnyArray, AnyNumber
from firstmover.errors import InputError
from firstmover.evaluators.base import Listing
from firstmover.evaluators.forms import all_profiles
from firstmover.evaluators.view import View
from firstmover.games.base import Game

WORST_TYPE = "worst type's utility"

Tables = Mapping[str, Float[Array, "k P *actions"]]


def known_measures(game: Game, followers: Numbers, transfers: Numbers | None) -> dict[str, Numbers]:
    """The measures that are known of every game, each [k, P, *actions].

    Args:
        game: whose followers and types these are.
        followers: their payoffs [n, P, *actions], in the game's units; NumPy or JAX.
        transfers: to the leader [P, *actions]; None in games without money.
    """
    arrays = np if isinstance(followers, np.ndarray) else jnp
    support, probs = game.types.profiles
    shape = -1, *[1] * (followers.ndim - 2)
    by_type = []
    for i, own in enumerate(followers):
        for t in np.unique(support[:, i]):
            has_it = support[:, i] == t
            by_type.append(own * (has_it / probs[has_it].sum()).reshape(shape).astype(own.dtype))
    money = {} if transfers is None else {"revenue": transfers[None]}
    labels = game.player_labels()[1:]
    return {
        "welfare": (followers.sum(0) + (0 if transfers is None else transfers))[None],
        **money,
        **{f"{label}'s payoff": followers[i][None] for i, label in enumerate(labels)},
        WORST_TYPE: arrays.stack(by_type),
    }


def measure_tables(game: Game, actions: np.ndarray, listing: Listing) -> dict[str, Float[np.ndarray, "k P *actions"]]:
    """The tables of all measures of a finished rule, in 64 bit.

    Raises:
        InputError: a measure that the game declares is not a finite number.
    """
    finite, transfers = listing
    tables = known_measures(game, finite.followers, transfers)
    if game.has_measures:
        every = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)
        types, acts = np.repeat(finite.support, len(every), axis=0), np.tile(every, (len(finite.support), 1))
        possible = finite.possible().ravel()
        for name, values in game.measured(actions, types[possible], acts[possible]).items():
            table = np.zeros(len(possible))
            table[possible] = values
            if not np.isfinite(table).all():
                raise InputError(f"the measure {name!r} of {game.name} is not a finite number everywhere.")
            tables[name] = table.reshape(1, *finite.leader.shape)
    return tables


def measures_in_view(view: View) -> dict[str, Float[Array, "k P *actions"]]:
    """The same of a rule that is being learnt, compiled, in units of the game that its author wrote.

    Raises:
        InputError: the game cannot be listed, or it declares measures that JAX cannot follow.
    """
    game, listed = view.game, view.listed
    shape = len(game.types.profiles[0]), *game.n_actions
    followers, transfers = _in_own_units(game, listed)
    money = None if transfers is None else transfers.reshape(shape)
    tables = known_measures(game, jnp.moveaxis(followers, -1, 0).reshape(-1, *shape), money)
    if game.has_measures:
        query = all_profiles(game)
        decisions = view.answers(jnp.asarray(game.observations()))
        declared = game.measured_in_jax(decisions, query.types, query.play.profiles)
        tables |= {name: values.reshape(1, *shape) for name, values in declared.items()}
    return tables


def _in_own_units(game: Game, listed: Outcome) -> tuple[Array, Array | None]:
    """What the followers are paid and what they pay, back in the units of the game of which this is a copy."""
    units = game.payoff_units
    if units is None:
        return listed.followers, listed.transfers
    kept = listed.followers.dtype
    followers = listed.followers * np.asarray(units.scales[1:], kept) + np.asarray(units.offsets[1:], kept)
    return followers, None if listed.transfers is None else listed.transfers * units.scales[0]


@functools.lru_cache(maxsize=8)
def measure_names(game: Game) -> tuple[str, ...]:
    """The names of all measures that a leader can be held to while it learns.

    Raises:
        InputError: as `measures_in_view`.
    """

    def tables() -> dict[str, Array]:
        idle = jnp.stack([game.leader_space.idle()] * game.n_observations)
        return measures_in_view(View(game, table_of(game, idle), jax.random.key(0)))

    return tuple(jax.eval_shape(tables))


def expected(tables: AnyArray, probs: AnyArray, joint: AnyArray) -> AnyNumber:
    """What a measure with these tables [k, P, *actions] comes to under play [P, *actions]: the least expectation."""
    played = (joint.reshape(len(joint), -1).T * probs).T
    return (tables.reshape(*tables.shape[:2], -1) * played).sum((1, 2)).min()
