"""What is to be designed, from a TOML file: games x followers x leaders x parameters x seeds.

seeds = 5                         # of every design
seed = [0, 1000]                  # the first of them; one design for each in a list
optimum = false                   # whether exact optima are computed beside

[[games]]
name = "simple-allocation"
parameters = { items = 3 }
each = { messages = [1, 2, 3] }   # one design for each

[[leaders]]
name = "commitment-gradient"
each = { learning_rate = [0.03, 0.1], episodes = [8, 16] }
"""

import functools
import itertools
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from firstmover import files
from firstmover.errors import InputError, unknown_name
from firstmover.exact_numbers import shortened, whole
from firstmover.interop.python_files import file_of, names_code
from firstmover.jobs import build
from firstmover.jobs.records import LEFT_OUT, configuration
from firstmover.jobs.runs import digest
from firstmover.json_types import Json, JsonObject, Parsed
from firstmover.sweeps.task import Item, Task

MOST = 100_000  # designs of one file
_KEYS = ("seeds", "seed", "optimum", "games", "followers", "leaders", "ray", "slurm")
_OF_AN_ITEM = ("name", "parameters", "each")


class Plan(NamedTuple):
    """What a file asks for.

    Attributes:
        tasks: the designs, each once.
        options: of places, by their names: arguments of `ray.init`, parameters of submitit.
    """

    tasks: list[Task]
    options: dict[str, JsonObject]


def read_plan(path: str | Path, out: Path, code: tuple[str, ...] = ()) -> Plan:
    """The designs that a TOML file asks for, with names that tell what they are and what they are made of.

    Args:
        path: the file.
        out: the folder of the sweep.
        code: the user's own files that a person has named; a class that the file names must stand in one.

    Raises:
        InputError: it cannot be read, or names what there is not, or more than `MOST` designs. Whether followers can
            play a game is found out by the worker.
    """
    try:
        asked = tomllib.loads(files.read_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from None
    for key in asked:
        if key not in _KEYS:
            raise unknown_name(f"key of {path}", key, _KEYS)
    try:
        return _plan(asked, out, code)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _plan(asked: Parsed, out: Path, code: tuple[str, ...]) -> Plan:
    games = _items(asked, "games", code)
    if not games:
        raise InputError("it names no game; [[games]] with a name begins one.")
    followers = _items(asked, "followers", code) or [Item(None, {})]
    leaders = _items(asked, "leaders", code) or [Item("commitment-gradient", {})]
    seeds = whole(asked.get("seeds", 25), "seeds")
    firsts = asked.get("seed", 0)
    firsts = [whole(first, "seed") for first in (firsts if isinstance(firsts, list) else [firsts])]
    optimum = asked.get("optimum", True)
    if not isinstance(optimum, bool):
        raise InputError(f"optimum must be true or false; got {shortened(optimum)}.")
    _bounded(len(games) * len(followers) * len(leaders) * len(firsts))
    built = functools.cache(lambda kind, written: _built(kind, *json.loads(written)))
    tasks: dict[str, Task] = {}
    for game, model, leader, first in itertools.product(games, followers, leaders, firsts):
        market = built("game", json.dumps(game))
        usual = Item(model.name or market.usual_followers, model.parameters)
        responding, learner = built("followers", json.dumps(usual)), built("leader", json.dumps(leader))
        known = digest(configuration(market, responding, learner, seeds, first, None if optimum else LEFT_OUT))[:10]
        words = (Path(str(game.name)).stem, usual.name, leader.name)
        name = "-".join([re.sub(r"[^\w-]+", "-", str(word)) for word in words] + [known])
        tasks[name] = Task(name, game, usual, leader, seeds, first, optimum, str(out.absolute()), str(Path.cwd()), code)
    return Plan(list(tasks.values()), {place: _table(asked, place) for place in ("ray", "slurm")})


def _items(asked: Parsed, kind: str, code: tuple[str, ...]) -> list[Item]:
    """The items of a kind, one for every combination of what stands under `each`."""
    listed = asked.get(kind, [])
    if not isinstance(listed, list):
        raise InputError(f"{kind} must be a list of names or of tables with a name; got {shortened(listed)}.")
    items: list[Item] = []
    for entry in listed:
        entry = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise InputError(f"{kind} must be a list of names or of tables with a name; got {shortened(entry)}.")
        for key in entry:
            if key not in _OF_AN_ITEM:
                raise unknown_name(f"key of {kind} (parameters stand in parameters = {{...}})", key, _OF_AN_ITEM)
        fixed, each = _table(entry, "parameters"), _table(entry, "each")
        combined: list[list[Json]] = []
        for key, values in each.items():
            if not isinstance(values, list) or not values:
                raise InputError(f"each.{key} must be a list of values; got {shortened(values)}.")
            if key in fixed:
                raise InputError(f"{key} of {entry['name']} stands in parameters and in each; it can be in one.")
            combined.append(values)
        _bounded(math.prod(map(len, combined)) + len(items))
        name = _allowed(entry["name"], code)
        items += [Item(name, fixed | dict(zip(each, one, strict=True))) for one in itertools.product(*combined)]
    return items


def _bounded(designs: int) -> None:
    if designs > MOST:
        raise InputError(f"it asks for {designs} designs; at most {MOST} are made of one file.")


def _table(within: Parsed, key: str) -> JsonObject:
    table = within.get(key, {})
    if not isinstance(table, dict):
        raise InputError(f"{key} must be a table such as {{ seeds = 5 }}; got {shortened(table)}.")
    return table


def _allowed(name: str, code: tuple[str, ...]) -> str:
    """The name, with the file of a class of the user's own that a person has named; others are not executed."""
    if not names_code(name):
        return name
    where, _, cls = name.rpartition(":") if ":" in name else (name, "", "")
    file = file_of(f"{Path(where).name}:{cls or 'a class'}", code)
    return f"{file}:{cls}" if cls else file


def _built(kind: str, name: str, parameters: JsonObject) -> Any:
    return build.game_from(name, parameters) if kind == "game" else build.item_from(kind, name, parameters)
