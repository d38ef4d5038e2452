"""The entries of a rule file, `{"when": {...}, "do": {...}}`, as a table of the leader's decisions."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import jax
import numpy as np

from firstmover.errors import InputError, unknown_name
from firstmover.games.base import Game
from firstmover.json_types import Parsed
from firstmover.verify import matches


def read_entries(game: Game, entries: object) -> tuple[Game, np.ndarray]:
    """The game that these entries are a rule for, and its table of decisions [n_observations, ...].

    Args:
        game: the game whose name the rule bears.
        entries: a list of `{"when": {...}, "do": {...}}`, of which the first that matches a situation decides there;
            what `when` leaves out, or gives as null, matches anything.

    Raises:
        InputError: an entry is malformed or asks for what is not possible, or a situation that the rule can come to
            has none.
    """
    checked = [_checked(entry, number) for number, entry in enumerate(entries, 1)] if _is_list(entries) else []
    if not checked:
        raise InputError("a rule must be a list of entries {'when': {...}, 'do': {...}}, at least one.")
    game = game.playing(checked)
    with jax.ensure_compile_time_eval():  # a status quo may be read while a learner is traced
        idle = np.asarray(game.leader_space.idle())
    table = np.zeros((game.n_observations, *idle.shape), np.float64 if game.leader_space.continuous else np.int32)
    for observation, row in game.reached(table):
        when = game.entry(observation, idle)["when"]
        for number, entry in enumerate(checked, 1):
            for key in entry["when"]:
                if key not in when:
                    raise unknown_name(f"condition of entry {number} of the rule", key, when)
            if matches(entry["when"], when):
                try:
                    table[row] = game.decision(when, entry["do"])
                except InputError as error:
                    raise InputError(f"entry {number} of the rule: {error}") from None
                break
        else:
            raise InputError(f"the rule says nothing for {when}, which it can come to.")
    return game, table


def status_quo_table(game: Game) -> np.ndarray:
    """The game's `status_quo` as a table of decisions [n_observations, ...].

    Raises:
        InputError: it has none, or it is no rule of this game.
    """
    name, given = type(game).__name__, game.status_quo
    if given is None:
        raise InputError(f"{name} names no status_quo to compare a rule with")
    try:
        if _is_list(given) and any(isinstance(entry, Mapping) for entry in given):
            return read_entries(game, given)[1]
        one = game.leader_space.labelled(given) if isinstance(given, str) else game.leader_space.decided(given)
    except InputError as error:
        raise InputError(f"status_quo of {name}: {error}") from None
    shape = np.shape(game.leader_space.idle())
    if one.dtype.kind not in "iuf" or one.shape != shape or not np.allclose(game.played(one), one):
        raise InputError(
            f"status_quo of {name} must be a decision of the leader's, or a list of entries {{'when': {{...}}, "
            f"'do': {{...}}}}; got {given!r}."
        )
    return np.stack([one] * game.n_observations)


def _is_list(entries: object) -> TypeGuard[Sequence[object]]:
    return isinstance(entries, list | tuple)


def _checked(entry: object, number: int) -> Parsed:
    """An entry with both parts, `when` empty where it is left out."""
    if not isinstance(entry, Mapping) or not {"do"} <= set(entry) <= {"when", "do"}:
        raise InputError(f"entry {number} of the rule must have the keys 'when' and 'do'; got {entry!r}.")
    parts = {"when": entry.get("when", {}), "do": entry["do"]}
    for key, part in parts.items():
        if not isinstance(part, Mapping):
            raise InputError(f"'{key}' in entry {number} of the rule must be an object; got {part!r}.")
    return {key: dict(part) for key, part in parts.items()}
