"""Rounds of learners with bandit feedback in the listed game: a sub-episode that was listed is not played again.

Where there are fewer profiles than rounds the game is listed once, and a round looks up what its profile pays: the same
draws, and the same numbers, as sub-episode by sub-episode. All arrays of a round have the batch axis last, and short
axes are written out, see `core.batching`.
"""

import functools
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from firstmover.core.batching import batch_last, short_draw, short_pick
from firstmover.core.traced import Numbers, numbers_of, with_numbers
from firstmover.evaluators.view import View, unvisited
from firstmover.followers.base import Response
from firstmover.followers.expectations import at_profiles, joint_of
from firstmover.followers.learners import State
from firstmover.games.base import Game

if TYPE_CHECKING:
    from firstmover.followers.bandits import Bandits


class _Drawn(NamedTuple):
    """What was drawn in a round, before it is learnt from; nothing, where there was none.

    Attributes:
        types, actions: of each follower; -1 for nothing.
        mixed: the strategies that the actions were drawn from.
        profile: the row of types and actions among `forms.all_profiles`; -1 for nothing.
        paid: what that pays each follower, as shares of its scale.
    """

    types: tuple[Int[Array, "B"], ...]
    actions: tuple[Int[Array, "B"], ...]
    mixed: tuple[Float[Array, "_actions B"], ...]
    profile: Int[Array, "B"]
    paid: tuple[Float[Array, "B"], ...]


def listed_response(followers: "Bandits", view: View, noise: Float[Array, "asks u"]) -> Response:
    """The response of bandits that look up what they are paid."""
    game, listed = view.game, view.listed
    paid = followers.shares(game, listed.followers).T

    def all_rounds(numbers: Numbers, state: State, paid: Array, noise: Array) -> tuple[State, Array]:
        learners = with_numbers(followers, numbers)

        def one(carry: tuple[State, Array, _Drawn], u: Array) -> tuple[tuple[State, Array, _Drawn], None]:
            state, times = _learnt(learners, *carry)
            state, drawn = _drawn(learners, game, state, u, paid)
            return (state, times, drawn), None

        # A round learns from the draws of the one before it, and from what they paid: what is carried over is computed
        # once. Within a round the compiler would do so anew for every entry of the tables that the draws decide about.
        start = state, jnp.zeros(paid.shape[1:]), _nothing(game, paid.shape[-1])
        carry, _ = jax.lax.scan(one, start, noise)
        return _learnt(learners, *carry)

    state, times = batch_last(all_rounds)(numbers_of(followers), followers.init(game), paid, noise)
    assert listed.leader_rows is not None
    rows = jnp.where(times[:, None] > 0, listed.leader_rows, game.n_rows)
    visited = unvisited(game).at[rows.ravel()].set(True, mode="drop")
    decisions = jnp.sum(listed.leader_rows < game.n_rows, axis=1, dtype=jnp.float32)
    return Response(state, visited, jnp.sum(times * decisions), decisions.sum())


def _nothing(game: Game, batch: int) -> _Drawn:
    none = (jnp.full(batch, -1, jnp.int32),) * game.n_followers
    mixed = tuple(jnp.ones((size, batch)) for size in game.n_actions)
    return _Drawn(none, none, mixed, none[0], (jnp.zeros(batch),) * game.n_followers)


def _drawn(
    followers: "Bandits", game: Game, state: State, u: Float[Array, "u B"], paid: Float[Array, "n profiles B"]
) -> tuple[State, _Drawn]:
    """The draws of a round, and the state with it counted."""
    n, joint = game.n_followers, state.joint
    types = tuple(jax.vmap(game.types.sample, -1, -1)(u[:n]))
    # Of all types: those of the drawn one alone would be computed again for every entry that depends on them.
    everyone = [followers.mixed(state, i) for i in range(n)]
    if joint is not None:
        joint = joint + joint_of(at_profiles(game, everyone))
    mixed = [short_pick(table, types[i]) for i, table in enumerate(everyone)]
    actions = tuple(short_draw(mixed[i], u[n + i]) for i in range(n))
    profile = _row_of(game, types, actions)
    drawn = _Drawn(types, actions, tuple(mixed), profile, tuple(short_pick(paid[i], profile) for i in range(n)))
    return state._replace(joint=joint, rounds=state.rounds + 1), drawn


def _learnt(
    followers: "Bandits", state: State, times: Float[Array, "profiles B"], drawn: _Drawn
) -> tuple[State, Float[Array, "profiles B"]]:
    """The state after learning from a round, and how often each profile was played with it."""
    tables = []
    for i, table in enumerate(state.tables):
        taken = (jnp.arange(table.shape[1])[:, None] == drawn.actions[i]).astype(float)
        row = short_pick(table, drawn.types[i])
        row = followers.learn(row[None], drawn.mixed[i][None], taken[None], drawn.paid[i])
        tables.append(jnp.where(jnp.arange(len(table))[:, None, None] == drawn.types[i], row, table))
    return state._replace(tables=tuple(tables)), times + (jnp.arange(len(times))[:, None] == drawn.profile)


def _row_of(game: Game, types: tuple[Int[Array, "B"], ...], actions: tuple[Int[Array, "B"], ...]) -> Int[Array, "B"]:
    """The row of types and actions among `forms.all_profiles`."""
    support, _ = game.types.profiles
    rows = np.zeros(game.n_types, np.int32)
    rows[tuple(support.T)] = np.arange(len(support))
    number = _row(types, game.n_types, jnp.int32(0))
    if len(support) < rows.size:
        number = jnp.asarray(rows.ravel())[number]
    return _row(actions, game.n_actions, number)


def _row(choices: tuple[Array, ...], sizes: tuple[int, ...], number: Array) -> Array:
    """The row of these choices, of which the last varies fastest, within the row `number` of what comes before."""
    return functools.reduce(lambda number, own: number * own[1] + own[0], zip(choices, sizes, strict=True), number)
