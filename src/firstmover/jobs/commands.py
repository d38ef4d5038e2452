"""The command line that makes a design."""

import inspect
import shlex

from firstmover.jobs import build
from firstmover.jobs.finished import Design
from firstmover.json_types import Json


def design_command(design: Design) -> str:
    """The command that makes this design again, as far as its parameters can be written in one line.

    Example:
        >>> import firstmover
        >>> from firstmover.games import Maintain
        >>> from firstmover.leaders import CommitmentGradient
        >>> design_command(firstmover.design(Maintain("mixed"), leader=CommitmentGradient(updates=3), seeds=2))
        'firstmover design maintain -g commitment=mixed -l updates=3 --seeds 2'
    """
    words, tables = ["firstmover", "design", design.game.name], []
    for flag, item in (("-g", design.game), ("-f", design.followers), ("-l", design.leader)):
        described = build.as_stored(item)
        defaults = build.settings(type(item))
        if flag == "-f" and item.name != design.game.usual_followers:
            words += ["--followers", item.name]
        if flag == "-l" and item.name != design.game.usual_leader:
            words += ["--leader", item.name]
        for name, value in described["parameters"].items():
            default = defaults.get(name)
            if default is not inspect.Parameter.empty and _plain(value) == _plain(default):
                continue
            if name == "at_least":
                words += [word for bound in value for word in ("--at-least", str(bound))]
            elif name == "type_probabilities" and design.evidence.held is not None:
                continue  # they follow from the rows
            elif _is_table(value):
                tables.append(name)
            else:
                words += [flag, f"{name}={_written(value)}"]
    words += ["--seeds", str(design.seeds)] if design.seeds != 25 else []
    words += ["--seed", str(design.seed)] if design.seed else []
    words += [] if design.evidence.radius is None else ["--robust", f"{design.evidence.radius:g}"]
    tables += [] if design.evidence.held is None else ["--types and --holdout"]
    tables += [] if design.game.named_status_quo is None else ["--status-quo"]
    beside = f"  # with {' and '.join(tables)} as in config.json" if tables else ""
    return shlex.join(words) + beside


def _plain(value: Json) -> str:
    """A value as text, in which lists and tuples are the same."""
    return str(value).translate(str.maketrans("()", "[]"))


def _is_table(value: Json) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(part, list | dict) for part in value))


def _written(value: Json) -> str:
    """A parameter as the command line reads it."""
    if isinstance(value, bool) or value is None:
        return {None: "none", True: "true", False: "false"}[value]
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
