"""What a leader is asked for on the command line beside its own parameters."""

from collections.abc import Sequence

from firstmover import catalogue
from firstmover.catalogue import Parameters
from firstmover.errors import InputError


def held_to(leader: str, parameters: Parameters, at_least: Sequence[str]) -> Parameters:
    """The parameters of a leader that is held to these constraints.

    Args:
        leader: the name of the leader, or FILE.py:CLASS.
        parameters: its parameters so far.
        at_least: the constraints, "MEASURE=NUMBER" each.

    Raises:
        InputError: it cannot be held to any, or has been told some.
    """
    if "at_least" in parameters:
        raise InputError("--at-least and -l at_least= say the same thing; give one of them.")
    able = [name for name, item in catalogue.items("leader").items() if "at_least" in item.parameters]
    if leader in catalogue.items("leader") and leader not in able:
        raise InputError(f"{leader} takes no constraints; leaders that do: {', '.join(able)}.")
    return {**parameters, "at_least": list(at_least)}
