"""Sessions of players without memory who go by upper confidence bounds, in the same listed games as `sessions`.

In every round each player takes the action whose mean so far plus range * sqrt(2 log(round) / times taken) is largest,
every action once first, in an order that its seed draws. In the reward rounds it takes the action with the best mean.

Source: Auer, Cesa-Bianchi and Fischer 2002 (UCB1); the range is that of what the stage game pays the player.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt32

from firstmover.core.noise import mix
from firstmover.core.sessions import Parameters, Sessions, Stage

_Learnt = tuple[tuple[Array, ...], tuple[Array, ...], Array, Array]  # means, counts, the past, the last profile


def play_ucb_sessions(
    stage: Stage, possible: tuple[Float[Array, "N _actions"], ...], seeds: UInt32[Array, "N"], how: Parameters
) -> Sessions:
    """A session for each of these stage games, with its own seed.

    Args:
        stage: what is played in every round.
        possible: minus infinity where a player cannot take an action, any number elsewhere.
        seeds: of the order in which actions are tried first.
        how: numbers of actions and of rounds.
    """
    return jax.vmap(lambda stage, allowed, seed: _session(how, stage, allowed, seed))(stage, possible, seeds)


def first_order(seed: UInt32[Array, ""], player: int, actions: int) -> Float[Array, "actions"]:
    """A number in [0, 1) for every action of a player: those with larger numbers are tried first."""
    words = mix(mix(seed + jnp.uint32(0x9E3779B9 * (player + 1) % 2**32)) + jnp.arange(actions, dtype=jnp.uint32))
    return (words >> 8).astype(jnp.float32) * jnp.float32(2.0**-24)


def _session(how: Parameters, stage: Stage, possible: tuple[Array, ...], seed: Array) -> Sessions:
    n, zero = len(how.actions), jnp.int32(0)
    ranges = [jnp.max(pay) - jnp.min(pay) for pay in stage.pays]
    orders = [first_order(seed, i, actions) for i, actions in enumerate(how.actions)]
    nothing = tuple(jnp.zeros(actions, jnp.float32) for actions in how.actions)

    def place(past: Array, actions: list[Array]) -> tuple[Array, Array]:
        """The number of past and profile, and of the profile."""
        profile = zero
        for action, size in zip(actions, how.actions, strict=True):
            profile = profile * size + action
        return past * how.profiles + profile, profile

    def round_of(carry: _Learnt, time: Array) -> tuple[_Learnt, None]:
        means, counts, past, _ = carry
        log = jnp.log(jnp.maximum(time.astype(jnp.float32), 1))
        actions = []
        for i in range(n):
            bound = means[i] + ranges[i] * jnp.sqrt(2 * log / jnp.maximum(counts[i], 1))
            index = jnp.where(counts[i] > 0, bound, 1e9 * (1 + orders[i]))
            actions.append(jnp.argmax(jnp.where(possible[i] > -jnp.inf, index, -jnp.inf)).astype(jnp.int32))
        here, profile = place(past, actions)
        new_counts = tuple(own.at[a].add(1.0) for own, a in zip(counts, actions, strict=True))
        new_means = tuple(
            own.at[a].add((pay[here] - own[a]) / times[a])
            for own, a, pay, times in zip(means, actions, stage.pays, new_counts, strict=True)
        )
        after = past if stage.past is None else stage.past[here]
        return (new_means, new_counts, after, profile), None

    start = (nothing, nothing, zero, zero)
    (means, counts, past, last), _ = jax.lax.scan(round_of, start, jnp.arange(1, how.rounds + 1, dtype=jnp.int32))
    tables = tuple(jnp.where(times > 0, own, -jnp.inf) for own, times in zip(means, counts, strict=True))
    best = [jnp.argmax(own).astype(jnp.int32) for own in tables]

    def reward_round(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        then, often = carry
        here = place(then, best)[0]
        return (then if stage.past is None else stage.past[here], often.at[here].add(jnp.float32(1))), None

    often = jnp.zeros(stage.pays[0].shape[0], jnp.float32)
    (_, often), _ = jax.lax.scan(reward_round, (past, often), None, length=how.reward_rounds)
    rows = tuple(own[None] for own in tables)
    return Sessions(rows, last, past, often / how.reward_rounds, jnp.int32(how.rounds), jnp.bool_(False))
