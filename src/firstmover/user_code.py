"""What went wrong in code that a user has written, in one sentence with their line: never a traceback of JAX."""

import contextlib
import inspect
import traceback
from collections.abc import Callable, Iterator

from firstmover.errors import InputError

_JNP = "use jax.numpy there, or write the whole function in plain Python and set plain = True in a Market"
# By the name of JAX's exception, what a person has done.
_TRACED = {
    "TracerBoolConversionError": "a Python 'if', 'while', 'and', 'or', 'not', 'min' or 'max' has to decide on a value "
    "that is not known while JAX follows the code; write jnp.where(condition, this, that), or set plain = True",
    "TracerArrayConversionError": f"NumPy or a Python list is given a value that is not known while JAX follows the "
    f"code; {_JNP}",
    "TracerIntegerConversionError": "a Python list, tuple or range is indexed by a value that is not known while JAX "
    "follows the code; make it an array, jnp.array([...])[index], or set plain = True",
    "ConcretizationTypeError": f"int(), float(), bool(), round() or range() is given a value that is not known "
    f"while JAX follows the code; {_JNP}",
    "NonConcreteBooleanIndexError": "an array is indexed by a condition that is not known while JAX follows the code; "
    "write jnp.where(condition, this, that)",
    "UnexpectedTracerError": "a value is kept from one call to the next, in self or in a global; return it instead",
}


def source_file(cls: type | Callable[..., object]) -> str | None:
    """The file that a class or a function stands in, None if it stands in none."""
    try:
        return inspect.getfile(cls)
    except (OSError, TypeError):
        return None


def in_a_sentence(error: BaseException, file: str | None) -> str:
    """An exception in one sentence, with the line of the user's file that it came from."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"line {lines[-1]}: " if lines else ""
    named = next((_TRACED[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _TRACED), None)
    if named is not None:
        return f"{where}{named}."
    first = str(error).splitlines()[0] if str(error) else ""
    return f"{where}{type(error).__name__}: {first}".rstrip(": .") + "."


@contextlib.contextmanager
def told(cls: type, what: str) -> Iterator[None]:
    """Turn an exception in the code of a user's class into an `InputError` that begins with `what`.

    Raises:
        InputError: there was one.
    """
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{what}: {in_a_sentence(error, source_file(cls))}") from error
