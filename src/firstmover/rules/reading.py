"""A rule from a file or a run folder, to be called: nothing of it is executed, and no game is built."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from firstmover import files
from firstmover.errors import InputError
from firstmover.json_types import Json, Parsed
from firstmover.rules.acting import Acting
from firstmover.verify.amounts import number

if TYPE_CHECKING:
    from firstmover.rules.networks import NetworkRule


class _Acting(Acting):
    refused = InputError


def load(path: str | Path) -> "Acting | NetworkRule":
    """The rule of a file or of a finished run, as a function of what the leader sees.

    Args:
        path: a rule file (see docs/game-files.md), a certificate, what `solve --json` or `design --json` prints, or a
            run folder, of which the best seed's rule is taken, which may be a network; or a network's file.

    Returns:
        `act(situation, rng)`: see `Acting.__call__`, and `NetworkRule.__call__` of `rules.networks`, which takes NumPy.

    Raises:
        InputError: there is no such rule; `act` raises it for a situation that the rule does not know.

    Example:
        >>> import json, pathlib, random, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "rule.json"
        >>> rule = {"game": "simple-allocation", "rule": [{"when": {"message": 0}, "do": {"item": 2}}]}
        >>> _ = file.write_text(json.dumps(rule))
        >>> act = load(file)
        >>> act({"message": 0})
        {'item': 2}
    """
    if is_network(path):
        from firstmover.rules.networks import read_network

        return read_network(path)
    return acting(contents(path))


def is_network(path: str | Path) -> bool:
    """Whether the rule of a run folder or a file is a network."""
    if files.is_folder(path):
        return files.is_file(Path(path) / "network.npz") and files.is_file(Path(path) / "result.json")
    return Path(path).suffix == ".npz"


def acting(held: "Contents") -> Acting:
    """The rule that a file tells of.

    Raises:
        InputError: it is none.
    """
    return _Acting(held.entries, held.targets)


def distilled(path: str | Path) -> Parsed | None:
    """What stands for the network of a run folder in words, as its result has it; None where nothing does.

    Raises:
        InputError: the result is damaged.
    """
    if not files.is_folder(path):
        return None
    content = files.read_json(_file(path), f"the result of {path} is not JSON.", _read)
    told = content.get("distilled") if isinstance(content, dict) else None
    return told if isinstance(told, dict) else None


class Contents(NamedTuple):
    """What a file says of a rule.

    Attributes:
        game: what it is for.
        entries: its entries, not checked.
        targets: the names of targets, where the game has some.
        actions: the names of the leader's actions, where the game has some.
    """

    game: str
    entries: list[Any]
    targets: list[str] | None
    actions: list[str] | None


def contents(path: str | Path) -> Contents:
    """What a rule file, or the like, or a run folder says of its rule.

    Raises:
        InputError: the file cannot be read, or holds no rule.
    """
    content = files.read_json(_file(path), f"{path} is not a rule file: it is not JSON.", _read)
    if not isinstance(content, dict) or not isinstance(content.get("rule"), list) or "game" not in content:
        raise InputError(f"{path} is not a rule file: a JSON object with 'game' and a list 'rule' is needed.")
    return described_rule(content)


def described_rule(content: Parsed) -> Contents:
    """What the content of a rule file says of its rule."""
    game = content["game"]
    described = game if isinstance(game, dict) else {"name": game, "parameters": content.get("parameters")}
    parameters = described.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    targets, actions = given.get("targets"), given.get("action_names")
    return Contents(
        str(described.get("name")),
        [_in_numbers(entry) for entry in content["rule"]],
        _names(targets.get("target") if isinstance(targets, dict) else None),
        _names(actions[0] if isinstance(actions, list) and actions else None),
    )


def _read(text: str) -> object:
    """JSON whose numbers are finite."""
    return json.loads(text, parse_float=_finite, parse_constant=_finite)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InputError(f"a number of the rule must be finite; got {text[:40]}.")
    return value


def _names(given: object) -> list[str] | None:
    return given if isinstance(given, list) and all(isinstance(name, str) for name in given) else None


def _file(path: str | Path) -> Path:
    """The file that holds the rule."""
    if not files.is_folder(path):
        return Path(path)
    if files.is_file(Path(path) / "result.json"):
        return Path(path) / "result.json"
    if files.is_file(Path(path) / "config.json"):
        raise InputError(f"the run in {path} is not finished; go on with 'firstmover resume {path}'.")
    raise InputError(f"{path} is neither a rule file nor a run folder.")


def _in_numbers(entry: Json) -> Json:
    """An entry in which probabilities that are written as fractions, such as "1/3", are numbers."""
    if not isinstance(entry, Mapping):
        return entry
    do = entry.get("do")
    if not isinstance(do, Mapping):
        return entry
    return {
        **entry,
        "do": {key: _numbers(part) if key in ("mixture", "coverage") else part for key, part in do.items()},
    }


def _numbers(values: Json) -> Json:
    if isinstance(values, Mapping):
        return dict(zip(values, _shares(list(values.values())), strict=True))
    return _shares(values) if isinstance(values, list) else values


def _shares(values: list[Json]) -> list[Json]:
    try:
        return [value if type(value) in (int, float) else float(number(value, "a share")) for value in values]
    except ValueError as error:
        raise InputError(f"{error}.") from None
