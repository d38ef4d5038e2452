"""Rule files: a rule, and maybe the play under it, as JSON that a person can write.

    {"game": NAME, "parameters": {...}, "rule": [{"when": {...}, "do": {...}}, ...], "play": [...]}

`play` may be left out. It has, for each follower and each of its types, one probability per action.
"""

from pathlib import Path

import jax.numpy as jnp
import numpy as np

from firstmover import files
from firstmover.core.plays import Strategies
from firstmover.errors import InputError
from firstmover.exact_numbers import probabilities, read_json
from firstmover.games.base import Game
from firstmover.interop.python_files import Code
from firstmover.jobs.build import again
from firstmover.rules.rule import Rule


def read_rule_file(path: str | Path, code: Code = None) -> tuple[Rule, Strategies | None]:
    """The rule of a file, and the play that it states, if any.

    What `firstmover solve --json` and `design --json` print can be read too, and so can a certificate. A user's own
    game is read with the file of its class, `code`, which is executed.

    Raises:
        InputError: the file cannot be read, is not JSON, or its game, rule or play is not valid.
    """
    content = files.read_json(path, f"{path} is not a rule file: it is not JSON.", read_json)
    if not isinstance(content, dict) or not {"game", "rule"} <= set(content):
        raise InputError(f"{path} is not a rule file: a JSON object with the keys 'game' and 'rule' is needed.")
    given = content["game"]
    described = given if isinstance(given, dict) else {"name": given, "parameters": content.get("parameters", {})}
    game, parameters = described.get("name"), described.get("parameters", {})
    if not isinstance(game, str) or not isinstance(parameters, dict):
        raise InputError(f"{path}: 'game' must be a name from 'firstmover games', and 'parameters' an object.")
    rule = Rule.read(again("game", {"name": game, "parameters": parameters}, code), content["rule"])
    play = content.get("play")
    return rule, None if play is None else _play(rule.game, play)


def _play(game: Game, given: object) -> Strategies:
    shape = f"one list per follower ({game.n_followers}), with a list of probabilities per type"
    if not isinstance(given, list) or len(given) != game.n_followers:
        raise InputError(f"'play' must be {shape}; got {given!r}.")
    tables = []
    for i, (table, types, actions) in enumerate(zip(given, game.n_types, game.n_actions, strict=True)):
        if not isinstance(table, list) or len(table) != types:
            raise InputError(f"'play' must be {shape}; follower {i} has {types} type(s).")
        rows = [probabilities(row, f"the play of follower {i}, type {t}").floats for t, row in enumerate(table)]
        if any(row.shape != (actions,) for row in rows):
            raise InputError(f"'play' of follower {i} must have {actions} probabilities per type.")
        tables.append(jnp.asarray(np.stack(rows), float))
    return Strategies(tuple(tables))
