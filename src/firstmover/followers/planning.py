"""Exact replies to a leader's answers in games whose followers act in every step.

The same replies as in `equilibria.markov_replies`, as functions of arrays that can be compiled and vmapped over
leaders. They work on the game's table of states, and know what the leader does at each of its observations: an action,
or a mixture.

- `timed`: followers know the state and the time. By backward induction they play in each (time, state) a pure Nash
  equilibrium of the stage game whose payoffs are the payment now and the value of what follows; with one follower that
  is a best response. Of several they play the one with the best (strong) or worst (weak) continuation for the leader.
  A stage without a pure equilibrium is played by the joint action with the least largest regret. In a `symmetric` game
  followers expect to swap roles in what follows; the play is shown for one draw of the roles, and the leader is paid
  the same in all.
- `memoryless`: one follower plays the best table of one action per observation of its own, found by trying all of them.

Source: backward induction as in any text on dynamic programming (Puterman, "Markov decision processes", 1994, section
4.5).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.plays import Strategies, TimedStrategies
from firstmover.equilibria.markov import MarkovGame
from firstmover.equilibria.markov_replies import memoryless_policies
from firstmover.errors import InputError
from firstmover.evaluators.backward import Answers, induced_by, with_later
from firstmover.games.base import Game, Ties
from firstmover.solvers.registry import state_table

_MAX_POLICIES = 4096
# Payoffs this close, as a share of their range, count as equal: some units of rounding of 32- and 64-bit numbers.
TIE = {4: 2e-6, 8: 1e-11}


def timed(game: Game, answers: Answers, ties: Ties) -> TimedStrategies:
    """The followers' play at every time, [steps, own observations, actions] each."""
    table = state_table(game)
    induced = induced_by(table, answers)

    def stage(ahead: Float[Array, "players S"], _: None) -> tuple[Float[Array, "players S"], Int[Array, "S"]]:
        """The values of a stage from those of the next one, and what is played in it."""
        values = with_later(table, induced, ahead)
        joint = _chosen(game, values, jnp.asarray(table.possible), game.n_actions, ties)
        reached = jnp.take_along_axis(values, joint[None, :, None], axis=2)[:, :, 0]
        if table.symmetric:
            reached = reached.at[1:].set(reached[1:].mean(axis=0))
        return reached, joint

    _, play = jax.lax.scan(stage, jnp.zeros(induced.paid.shape[:2]), None, length=game.horizon)
    own = jnp.stack(jnp.unravel_index(play[::-1], game.n_actions))
    return TimedStrategies(
        tuple(
            jax.nn.one_hot(jnp.take_along_axis(actions, jnp.asarray(places), axis=1), n_actions, dtype=float)
            for actions, places, n_actions in zip(own, observed_states(game), game.n_actions, strict=True)
        )
    )


def memoryless(game: Game, answers: Answers, ties: Ties) -> Strategies:
    """The only follower's best table."""
    table, policies = state_table(game), all_tables(game)
    values = _worth(table, answers, jnp.asarray(policies[:, table.follower_obs[0]]))
    best = _chosen(game, values[:, None], jnp.ones((1, len(policies)), bool), (len(policies),), ties)[0]
    return Strategies((jax.nn.one_hot(jnp.asarray(policies)[best], game.n_actions[0], dtype=float),))


def observed_states(game: Game) -> tuple[Int[np.ndarray, "steps _observations"], ...]:
    """For each follower, the state in which it is when it observes this at this time.

    Raises:
        InputError: a follower cannot tell, among states in which it matters what the followers do.
    """
    table = state_table(game)
    # What nobody has to tell apart: states in which all that is possible pays the same and leads to the same state.
    results = np.concatenate([table.rewards, table.branches[0]])
    first = np.take_along_axis(results, table.possible.argmax(axis=1)[None, :, None, None], axis=3)
    matters = ((results != first) & table.possible[:, None]).any(axis=(0, 2, 3))
    here = table.start > 0
    places = [np.zeros((game.horizon, n_obs), np.int32) for n_obs in game.n_obs]
    for own, obs in zip(places, table.follower_obs, strict=True):
        own[:, obs[::-1]] = np.arange(len(obs), dtype=np.int32)[::-1]
    for time in range(game.horizon):
        states = np.flatnonzero(here & matters)
        for own, obs in zip(places, table.follower_obs, strict=True):
            if len(np.unique(obs[states])) < len(states):
                raise InputError(
                    f"best-response needs followers that can tell the states apart; those of {game.name} see too "
                    "little. Use 'q-learning', 'policy-gradient', or with one follower policies=memoryless."
                )
            own[time, obs[states]] = states
        here = table.after(here)
    return tuple(places)


def all_tables(game: Game) -> Int[np.ndarray, "policies observations"]:
    """Every table of one action per observation of the only follower.

    Raises:
        InputError: there are several followers, or too many tables.
    """
    try:
        return memoryless_policies(state_table(game), _MAX_POLICIES).astype(np.int32)
    except InputError as error:
        raise InputError(f"{error} Use policies=timed, 'q-learning' or 'policy-gradient'.") from None


def _worth(table: MarkovGame, answers: Answers, actions: Int[Array, "policies S"]) -> Float[Array, "players policies"]:
    """What everybody earns where the only follower plays these actions, whatever the time."""
    induced, states, rows = induced_by(table, answers), np.arange(len(table.start)), np.arange(len(actions))[:, None]
    paid, following = induced.paid[:, states, actions], induced.following[:, states, actions]

    def before(_: Array, ahead: Float[Array, "players policies S"]) -> Float[Array, "players policies S"]:
        later = jnp.einsum("ks,pkqs->pqs", induced.weights, ahead[:, rows, following])
        return paid + table.discount * later

    values = jax.lax.fori_loop(0, table.horizon, before, jnp.zeros(paid.shape))
    return values @ jnp.asarray(table.start, float)


def _chosen(
    game: Game,
    values: Float[Array, "players S B"],
    possible: Bool[Array, "S B"],
    n_actions: tuple[int, ...],
    ties: Ties,
) -> Int[Array, "S"]:
    """The equilibrium to play in each state, where joint actions are worth this: the first that is as good as any."""
    tie, (low, high) = TIE[values.dtype.itemsize], game.leader_payoff_range
    regret = jnp.zeros(possible.shape)
    for i, payoffs in enumerate(values[1:]):
        own = jnp.where(possible, payoffs, -jnp.inf).reshape(-1, *n_actions)
        gain = (own.max(axis=1 + i, keepdims=True) - own).reshape(possible.shape)
        regret = jnp.maximum(regret, jnp.where(possible, gain, jnp.inf))
    stable = regret <= regret.min(axis=1, keepdims=True) + tie * game.follower_payoff_scale
    wanted = jnp.where(stable, values[0] if ties == "strong" else -values[0], -jnp.inf)
    return jnp.argmax(wanted >= wanted.max(axis=1, keepdims=True) - tie * (high - low), axis=1)
