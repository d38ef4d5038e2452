"""The command line: a thin shell over the public face. `commands` has a module for every command.

Exit status 0 on success, 1 for a certificate that is refuted or a run of which every seed failed, 2 with one sentence
on bad input, 130 after Ctrl-C. With `--json` there is one JSON object on stdout and nothing else; progress goes to
stderr always.
"""

import contextlib
import gc
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from firstmover.cli.command import parsed
from firstmover.cli.commands import COMMANDS
from firstmover.errors import ChangedCodeWarning, FailedError, InputError

_OBJECTS = 50_000  # made between collections of garbage: importing and tracing make many, and nearly no garbage


def process() -> NoReturn:
    """The whole process of a command line.

    Raises:
        SystemExit: always, with the exit status.
    """
    gc.set_threshold(_OBJECTS, 20, 100)
    os.environ.setdefault("FIRSTMOVER_KEEP_PROGRAMS", "1")  # see `jobs.stored_programs`
    status = main()
    gc.freeze()  # or the interpreter would go through everything that was imported before it ends
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Raises:
        SystemExit: after `--help` and `--version`.
    """
    began = time.perf_counter()
    try:
        options = parsed(COMMANDS, sys.argv[1:] if arguments is None else arguments)
        options.waiting_since = began
        use_compilation_cache()
        with _own_stdout(), _sentences():
            result, text = options.command.run(options)
        _write(json.dumps(result, allow_nan=False) if options.json else text)
    except InputError as error:
        return _refused(str(error))
    except FailedError as error:
        print(f"firstmover: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        return _refused("this takes more memory than there is.")
    except KeyboardInterrupt:
        print("firstmover: stopped.", file=sys.stderr)
        return 130
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        return _refused("this takes more memory than there is.")
    return int(options.status)


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a compiled program found no memory: JAX says so in an error of its own, and need not be imported here."""
    return type(error).__name__ == "JaxRuntimeError" and str(error).startswith("RESOURCE_EXHAUSTED")


def _refused(sentence: str) -> int:
    print(f"firstmover: {sentence}", file=sys.stderr)
    return 2


def _write(text: str) -> None:
    """Write a result to stdout.

    Raises:
        InputError: it cannot be written.
    """
    try:
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # that reader has seen enough
            raise InputError(f"cannot write the result to stdout: {error.strerror}.") from None


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Say what a user is warned of in a sentence on stderr, as refusals are said."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ChangedCodeWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, ChangedCodeWarning):
                print(f"firstmover: {message}", file=sys.stderr)
            else:
                others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _own_stdout() -> Iterator[None]:
    """Send to stderr what compiled code (HiGHS, now and then) prints on stdout, which is for results only."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def use_compilation_cache() -> None:
    """Keep compiled programs between processes, unless the user has set a cache of their own."""
    # A cache that is damaged, full or not ours to write costs time, and nothing else.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path.home() / ".cache" / "firstmover"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES", "none")
