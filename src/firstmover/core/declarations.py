"""Is a game what it says of itself? A game that is not is refused: nothing about it could be called exact.

What is declared and can be wrong: that there is no chance (`has_chance`), and how much anybody can be paid
(`leader_payoff_range`, `follower_payoff_ranges`).
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr
from jaxtyping import Array, Float, Key

from firstmover.core.trees import GameState
from firstmover.errors import InputError
from firstmover.games.base import Game, Rewards

_ROUNDING = 1e-9  # share of the largest payoff by which a payoff may leave the declared range


@functools.lru_cache(maxsize=64)
def check_chance(game: Game) -> None:
    """Refuse a game that declares no chance, and whose `reset` or `step` uses its key nonetheless.

    The program that JAX makes of them is followed from the key on: what is drawn rarely is seen too.

    Raises:
        InputError: they do.
    """
    if game.has_chance:
        return

    def reset(key: Key[Array, ""]) -> GameState:
        return game.reset(jnp.zeros(game.n_followers, jnp.int32), key)

    def step(key: Key[Array, ""], state: GameState) -> tuple[GameState, Rewards]:
        return game.step(state, game.leader_space.idle(), jnp.zeros(game.n_followers, jnp.int32), key)

    key = jax.eval_shape(lambda: jax.random.key(0))
    programs = {"reset": jax.make_jaxpr(reset)(key), "step": jax.make_jaxpr(step)(key, jax.eval_shape(reset, key))}
    for name, program in programs.items():
        if _reaches(program.jaxpr):
            raise InputError(f"{game.name} declares has_chance=False, but its {name} uses its key; declare the chance.")


def _reaches(program: Jaxpr) -> bool:
    """Whether the first input of a program is used for an output."""
    reached = {program.invars[0]}
    for equation in program.eqns:
        if any(v in reached for v in equation.invars if not hasattr(v, "val")):
            reached.update(equation.outvars)
    return any(v in reached for v in program.outvars if not hasattr(v, "val"))


def check_paid(
    game: Game,
    leader: Float[np.ndarray, "Q"],
    followers: Float[np.ndarray, "Q n"],
    transfers: Float[np.ndarray, "Q"] | None,
    where: Callable[[int], str],
) -> None:
    """Refuse payments of sub-episodes that are not finite, or not within the ranges that the game declares.

    Args:
        game: the game.
        leader: total payments to the leader.
        followers: the same to every follower.
        transfers: the same that pass to the leader, where the game has money.
        where: what was played in a sub-episode, in words.

    Raises:
        InputError: some are.
    """
    named = [("the leader", leader, game.leader_payoff_range)]
    for i, declared in enumerate(game.follower_payoff_ranges):
        named.append((f"follower {i}", followers[:, i], declared))
    if transfers is not None:
        named.append(("transfers", transfers, (-np.inf, np.inf)))
    for who, paid, (low, high) in named:
        if not np.all(np.isfinite(paid)):
            first = int(np.argmin(np.isfinite(paid)))
            raise InputError(f"{game.name} pays {who} {paid[first]} {where(first)}; payments must be finite numbers.")
        slack = _ROUNDING * max([abs(end) for end in (low, high) if np.isfinite(end)], default=0.0)
        outside = np.flatnonzero((paid < low - slack) | (paid > high + slack))
        if outside.size:
            first = int(outside[0])
            raise InputError(
                f"{game.name} declares that it pays {who} from {low:.9g} to {high:.9g}, but it pays "
                f"{paid[first]:.9g} {where(first)}; correct the declared range."
            )
