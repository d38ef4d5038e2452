"""The checks of a game: what it declares, the shapes of its arrays, and what happens when it is played at random."""

import functools
import json
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from firstmover.certificates.exact import exact_game
from firstmover.core.declarations import check_chance, check_paid
from firstmover.core.rollout import Step
from firstmover.errors import InputError
from firstmover.evaluators import judge_of
from firstmover.games.base import Game, Turn
from firstmover.games.entries import status_quo_table
from firstmover.games.market_payoffs import FROZEN
from firstmover.rules.rule import Rule
from firstmover.testing.checks import Check, refuse_other_state, results
from firstmover.testing.crowds import CROWD_CHECKS
from firstmover.testing.random_play import PLAYED, played

_ROWS = 50  # observations at which words are read back
_DECISIONS = 8  # at each


def check_game(game: Game) -> list[Check]:
    """Everything that is tried of a game, up to what fails first.

    Args:
        game: a game, such as a `Market` of your own.

    Returns:
        The checks, each with whether it was passed and, if not, why.

    Example:
        >>> from firstmover.games import SimpleAllocation
        >>> all(check.passed for check in check_game(SimpleAllocation()))
        True
    """
    if game.followers_act == "crowd":
        return results(game, CROWD_CHECKS)
    return results(game, _CHECKS if _listed(game) else _WITHOUT_TABLES)


def _listed(game: Game) -> bool:
    """Whether rules of the game are tables; where a part is missing the checks say which."""
    try:
        return game.observed.listed
    except (AttributeError, RecursionError):  # sizes and labels ask each other where neither is given
        return True


def _parameters(game: Game) -> None:
    """What a run folder records of a game has to come back as the same game."""
    given = game.parameters()
    for key, value in given.items():
        try:
            same = json.loads(json.dumps(value, allow_nan=False)) == (list(value) if type(value) is tuple else value)
        except (TypeError, ValueError):
            same = False
        if not same:
            raise InputError(
                f"the parameter {key} of {type(game).__name__} is {type(value).__name__} {value!r}, which JSON cannot "
                "hold, so no run could be read back: use numbers, texts, true or false, and lists of them."
            )
    again = type(game)(**given)
    if again.parameters() != given:
        raise InputError(f"{type(game).__name__} built again from its parameters {given} has {again.parameters()}.")
    if _program(again) != _program(game):
        raise InputError(
            f"{type(game).__name__} built again from its parameters is another game: what its constructor draws or "
            "reads elsewhere has to be a parameter."
        )


def _declarations(game: Game) -> None:
    name = type(game).__name__
    for what in ("n_obs", "n_actions", "leader_obs_sizes"):
        try:
            sizes = getattr(game, what)
        except (AttributeError, RecursionError):  # nothing was set, since the constructor of the parent was not called
            sizes = None
        if sizes is None:
            raise InputError(
                f"{name} has no {what}: its __init__ must call super().__init__(...) with the spaces of a Market, or "
                "set the sizes of a Game."
            )
        if not isinstance(sizes, tuple) or not sizes or not all(isinstance(s, int) and s > 0 for s in sizes):
            raise InputError(f"{what} of {name} must be a tuple of whole numbers of at least 1; got {sizes!r}.")
    n = len(game.n_actions)
    if len(game.n_obs) != n or len(game.n_types) != n or len(game.follower_payoff_ranges) != n:
        raise InputError(
            f"{name} has {n} follower(s) by n_actions, {len(game.n_obs)} by n_obs, {len(game.n_types)} by types and "
            f"{len(game.follower_payoff_ranges)} by follower_payoff_ranges."
        )
    if not hasattr(game.leader_space, "mask_size"):
        raise InputError(f"leader_space of {name} must be a space, such as Discrete(3); got {game.leader_space!r}.")
    if game.followers_act not in ("once", "every step"):
        raise InputError(f"followers_act of {name} must be 'once' or 'every step'; got {game.followers_act!r}.")
    if game.followers_act == "once" and game.n_obs != game.n_types:
        raise InputError(f"followers of {name} act once, so n_obs must be the numbers of types, {game.n_types}.")
    if not isinstance(game.horizon, int) or game.horizon < 1:
        raise InputError(f"horizon of {name} must be a whole number of at least 1; got {game.horizon!r}.")
    for low, high in (game.leader_payoff_range, *game.follower_payoff_ranges):
        if not low <= high or not np.isfinite(high - low):
            raise InputError(f"a payoff range of {name} must go from a finite number up to one; got {(low, high)}.")


def _shapes(game: Game) -> None:
    name, n = type(game).__name__, game.n_followers
    nobody, key = jnp.zeros(n, jnp.int32), jax.random.key(0)
    state = jax.eval_shape(game.reset, nobody, key)
    turn = jax.eval_shape(game.observe, state)
    expected = {
        "leader_obs": ((len(game.leader_obs_sizes),), "i"),
        "leader_acts": ((), "b"),
        "follower_obs": ((n,), "i"),
        "followers_act": ((n,), "b"),
        "follower_mask": ((n, max(game.n_actions)), "b"),
    }
    if not isinstance(turn, Turn):
        raise InputError(f"observe of {name} must return a Turn; got {type(turn).__name__}.")
    for field, (shape, kind) in expected.items():
        _expect(getattr(turn, field), shape, kind, f"{field} that observe of {name} returns")
    _expect(
        jax.eval_shape(game.leader_mask, turn.leader_obs), (game.leader_space.mask_size,), "b", f"leader_mask of {name}"
    )
    after, rewards = jax.eval_shape(game.step, state, game.leader_space.idle(), nobody, key)
    _expect(rewards.leader, (), "f", f"the leader's reward that step of {name} returns")
    _expect(rewards.followers, (n,), "f", f"the followers' rewards that step of {name} returns")
    refuse_other_state(name, "reset", state, "step", after)


def _expect(array: jax.ShapeDtypeStruct, shape: tuple[int, ...], kind: str, what: str) -> None:
    words = {"i": "int32", "b": "bool", "f": "float"}
    if array.shape != shape or array.dtype.kind != kind:
        raise InputError(f"{what} must be {words[kind]} of shape {shape}; got {array.dtype} of shape {array.shape}.")


def _randomness(game: Game) -> None:
    if _program(game) != _program(game):
        raise InputError(f"{type(game).__name__} {FROZEN}")


def _program(game: Game) -> tuple[str, list[object]]:
    """The program that JAX makes of a game, and the numbers in it."""
    nobody, key = jnp.zeros(game.n_followers, jnp.int32), jax.random.key(0)

    def follow(key: Key[Array, ""]) -> object:
        state = game.reset(nobody, key)
        return game.observe(state), game.step(state, game.leader_space.idle(), nobody, key)

    program = jax.make_jaxpr(follow)(key)  # of a new function each time: none is kept
    return re.sub(r"0x[0-9a-f]+", "", str(program)), [np.asarray(c).tolist() for c in program.consts]


def _payoffs(game: Game) -> None:
    name = type(game).__name__
    for types, steps in played(game):
        who = [("the leader", steps.leader_reward)]
        who += [(f"follower {i}", steps.follower_rewards[..., i]) for i in range(game.n_followers)]
        for player, paid in who:
            for q, step in np.argwhere(~np.isfinite(paid))[:1]:
                raise InputError(
                    f"{name} pays {player} {paid[q, step]}, not a finite number, in step {step} "
                    f"{_where(types, steps, q)}."
                )


def _ranges(game: Game) -> None:
    for types, steps in played(game):
        money = None if steps.transfers is None else steps.transfers.sum(1)
        check_paid(
            game,
            steps.leader_reward.sum(1),
            steps.follower_rewards.sum(1),
            money,
            functools.partial(_where, types, steps),
        )


def _where(types: np.ndarray, steps: Step, q: int | np.integer) -> str:
    acted = steps.followers_act[q].any(axis=1)
    return f"at types {types[q].tolist()} and actions {steps.follower_actions[q][acted].tolist()}"


def _observations(game: Game) -> None:
    name = type(game).__name__
    for types, steps in played(game):
        seen = np.where(steps.leader_acts[..., None], steps.leader_obs, 0)
        for q, step, k in np.argwhere((seen < 0) | (seen >= game.leader_obs_sizes))[:1]:
            raise InputError(
                f"component {k} of leader_obs of {name} is {seen[q, step, k]} in step {step} "
                f"{_where(types, steps, q)}; leader_obs_sizes says 0 to "
                f"{game.leader_obs_sizes[k] - 1}."
            )
        seen = np.where(steps.followers_act, steps.follower_obs, 0)
        for q, step, i in np.argwhere((seen < 0) | (seen >= game.n_obs))[:1]:
            raise InputError(
                f"follower_obs of follower {i} of {name} is {seen[q, step, i]} in step {step} at types "
                f"{types[q].tolist()}; n_obs says 0 to {game.n_obs[i] - 1}."
            )


def _information(game: Game) -> None:
    name = type(game).__name__
    for types, steps in played(game):
        first = steps.follower_obs[:, 0]
        for i in range(game.n_followers):
            acting = steps.followers_act[:, 0, i]
            for t in np.unique(types[acting, i]):
                seen = np.unique(first[acting & (types[:, i] == t), i])
                if len(seen) > 1 and not game.has_chance:
                    raise InputError(
                        f"follower {i} of {name} sees what it should not: with type {t} its observation at first is "
                        f"one of {seen.tolist()}, so it tells the types of others."
                    )
            if game.followers_act == "once":
                wrong = np.argwhere(steps.followers_act[..., i] & (steps.follower_obs[..., i] != types[:, i, None]))
                for q, step in wrong[:1]:
                    raise InputError(
                        f"followers of {name} act once, on what they know: follower_obs of follower {i} must be its "
                        f"type {types[q, i]} in step {step}; it is {steps.follower_obs[q, step, i]}."
                    )


def _masks(game: Game) -> None:
    name = type(game).__name__
    rows = jnp.asarray(game.observations()[:10_000])
    possible = np.asarray(jax.vmap(game.leader_mask)(rows)).any(axis=1)
    for row in np.flatnonzero(~possible)[:1]:
        raise InputError(f"leader_mask of {name} leaves the leader nothing to do at observation {rows[row].tolist()}.")
    support, _ = game.types.profiles
    turns = jax.vmap(lambda types: game.observe(game.reset(types, jax.random.key(0))))(jnp.asarray(support[:PLAYED]))
    for i, size in enumerate(game.n_actions):
        stuck = np.asarray(turns.followers_act[:, i]) & ~np.asarray(turns.follower_mask[:, i, :size]).any(axis=1)
        for row in np.flatnonzero(stuck)[:1]:
            raise InputError(f"follower_mask of {name} leaves type {support[row, i]} of follower {i} nothing to do.")


def _words(game: Game) -> None:
    name = type(game).__name__
    decisions = np.asarray(game.leader_space.spread(_DECISIONS))[:_DECISIONS]
    observations = game.observations()
    for observation in observations[:: max(1, len(observations) // _ROWS)].tolist():
        mask = np.asarray(game.leader_mask(jnp.asarray(observation)))
        for decision in map(np.asarray, decisions):
            if not mask.all() and not mask[int(np.ravel(decision)[0])]:  # of options, one that is not possible here
                continue
            entry = game.entry(observation, decision)
            text = json.dumps(entry)
            back = game.decision(*(json.loads(text)[part] for part in ("when", "do")))
            if not np.allclose(game.played(np.asarray(back)), game.played(decision), rtol=1e-6, atol=1e-9):
                raise InputError(
                    f"words of {name} do not read back: the decision {decision.tolist()} on observation "
                    f"{observation} is written as {text} and read as {np.asarray(back).tolist()}."
                )
            if not isinstance(game.sentence(entry), str):
                raise InputError(f"sentence of {name} must return a text; got {game.sentence(entry)!r}.")
    for i, size in enumerate(game.n_actions):
        text = game.play_sentence(i, 0, np.full(size, 1 / size))
        if not isinstance(text, str):
            raise InputError(f"play_sentence of {name} must return a text; got {text!r}.")


def _status_quo(game: Game) -> None:
    if game.status_quo is not None:
        status_quo_table(game)


def _measures(game: Game) -> None:
    if game.has_measures:
        support = game.types.profiles[0][:_ROWS]
        actions = np.indices(game.n_actions).reshape(game.n_followers, -1).T.astype(np.int32)[:_ROWS]
        types, acts = np.repeat(support, len(actions), axis=0), np.tile(actions, (len(support), 1))
        for decision in np.asarray(game.leader_space.spread(_DECISIONS))[:_DECISIONS]:
            for name, values in game.measured(np.stack([decision] * game.n_observations), types, acts).items():
                if not np.isfinite(values).all():
                    wrong = values[~np.isfinite(values)][0]
                    raise InputError(f"the measure {name!r} of {type(game).__name__} is {wrong}, not a finite number.")


def _fractions(game: Game) -> None:
    """What is paid in fractions has to be what is paid."""
    decisions = np.asarray(game.leader_space.spread(_DECISIONS))
    for k in (0, len(decisions) // 2):
        table = np.stack([np.asarray(decisions[k])] * game.n_observations)
        if game.in_fractions(table) is not None:
            rule = Rule(game, table).as_told()
            exact_game(rule, judge_of(game).listing(rule.actions))


_CHECKS: list[tuple[str, Callable[[Game], None]]] = [
    ("declarations", _declarations),
    ("shapes", _shapes),
    ("randomness", _randomness),
    ("parameters", _parameters),
    ("chance", check_chance),
    ("payoffs", _payoffs),
    ("ranges", _ranges),
    ("observations", _observations),
    ("information", _information),
    ("masks", _masks),
    ("words", _words),
    ("status quo", _status_quo),
    ("measures", _measures),
    ("fractions", _fractions),
]
# Of a game whose observations cannot be listed: the others play rules that are tables.
_WITHOUT_TABLES = [check for check in _CHECKS if check[0] == "parameters"]
