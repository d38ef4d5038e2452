"""An option that a solver has beyond those of all solvers."""

from typing import NamedTuple

from firstmover.errors import InputError


class Option(NamedTuple):
    """An option of a solver.

    Attributes:
        name: of the option, and of the solver's parameter.
        games: whose solver has it, in words.
        default: what holds where it is not given.
        help: one line.
        choices: what it may be; none for an option that is given or not, or is a number.
        metavar: what stands for its value in the help, of one that is a number.
    """

    name: str
    games: str
    default: str | bool
    help: str
    choices: tuple[str, ...] = ()
    metavar: str = ""

    def of(self, given: str | bool) -> str | bool:
        """The value that was given on the command line.

        Raises:
            InputError: it is none of the choices.
        """
        if self.choices and given not in self.choices:
            *first, last = self.choices
            raise InputError(f"--{self.name} must be {', '.join(first)} or {last}; got {given!r}.")
        return given
