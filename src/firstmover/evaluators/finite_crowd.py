"""A crowd of so many members in place of a continuum: how far what they do together is from the mean field."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from firstmover.core.crowd_play import CrowdPlay
from firstmover.errors import require
from firstmover.games.mean_field import MeanFieldGame


def simulated(
    game: MeanFieldGame, play: CrowdPlay, decision: np.ndarray, *, members: int, periods: int = 200, seed: int = 0
) -> tuple[Float[np.ndarray, "T k"], Float[np.ndarray, "k"]]:
    """The aggregates of a finite crowd whose members all play the stationary policy of the mean field.

    Every member draws its first state, its choices and where they lead by itself. What it feels are the aggregates of
    the mean field, so that members are independent, and sums over N of them are off by the order of 1 / sqrt(N).

    Args:
        game: whose crowd goes on for ever.
        play: at a fixed point.
        decision: of the leader.
        members: N, at least 1.
        periods: how many are simulated.
        seed: of all draws.

    Returns:
        The aggregates of every period, and those of the mean field.
    """
    require(members >= 1, "members must be at least 1", members)
    draw = np.random.default_rng(seed)
    flow, policy = (np.asarray(part[0], np.float64) for part in (play.flow, play.policy))
    states, moves, ways = flow.shape
    with jax.enable_x64(True):
        felt = jax.jit(lambda mu: game.aggregates(mu, jnp.asarray(decision, float)))
        exact = np.asarray(felt(jnp.asarray(flow, float)))
        member = jax.tree.map(np.asarray, game.member(jnp.asarray(exact), jnp.asarray(decision, float)))
        where = draw.choice(states, size=members, p=flow.sum((1, 2)) / flow.sum())
        choices = policy.reshape(states, -1).cumsum(1)
        arrivals = member.chances.cumsum(2)
        met = []
        for _ in range(periods):
            choice = (choices[where] < draw.random((members, 1))).sum(1).clip(max=moves * ways - 1)
            counts = np.bincount(where * moves * ways + choice, minlength=flow.size) / members
            met.append(np.asarray(felt(jnp.asarray(counts.reshape(flow.shape), float))))
            move = choice // ways
            branch = (arrivals[where, move] < draw.random((members, 1))).sum(1).clip(max=member.chances.shape[2] - 1)
            where = member.successors[where, move, branch]
    return np.array(met), exact
