"""The exceptions whose message is a sentence for the user.

`InputError` means "the input was wrong": the command line prints it on stderr and exits with status 2. `FailedError`
means that nothing was wrong with it, and still nothing came of it: status 1. Nothing else is caught there.
"""

import difflib
from collections.abc import Iterable

_LONGEST = 1000  # characters of a message


class InputError(ValueError):
    """What was wrong with an input and what is valid, in one sentence on one line.

    Example:
        >>> from firstmover import InputError
        >>> from firstmover.games import SimpleAllocation
        >>> try:
        ...     SimpleAllocation(items=0)
        ... except InputError as error:
        ...     print(error)
        items and messages must be at least 1; got items=0, messages=2.
    """

    def __init__(self, message: str):
        """An error with this message, in which nothing that a user named breaks the line."""
        line = on_one_line(message)
        super().__init__(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 200]} ... {line[-200:]}")


def on_one_line(text: str) -> str:
    """The text with its line breaks and other characters that cannot be printed written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


class FailedError(ArithmeticError):
    """A computation ended in numbers that are none, or in no answer, through no fault of the input: in one sentence."""


NO_NUMBER = (InputError, FailedError)
"""Why a number is not there that a result can be without, such as the optimum beside a finished design."""


class ChangedCodeWarning(UserWarning):
    """A user's own code is not what it was when a run began, and what is said now is of the code as it is."""


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> InputError:
    """The error for a name that is not among `valid`, with the nearest valid names first."""
    names = sorted(valid)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    listed = ", ".join(names) if names else "none"
    return InputError(f"unknown {kind} {name!r}: {hint}valid: {listed}.")


def require(holds: bool, what: str, value: object) -> None:
    """Check a parameter; a comparison with a number that is not one never holds.

    Raises:
        InputError: it does not hold.
    """
    if not holds:
        raise InputError(f"{what}; got {value}.")
