"""A computation that may take no longer than so many seconds."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

_LOOK = 0.2  # seconds between signs of life


class _StoppedError(BaseException):
    """Raised in a computation that took too long."""


def within(seconds: float, compute: Callable[[], Value], alive: Callable[[], None] = lambda: None) -> Value:
    """What a computation returns or raises, in a thread of its own; past the deadline it is told to stop, and left.

    A solver's step that is under way cannot be stopped; it ends by itself, unheard, or with the process.

    Args:
        seconds: the deadline.
        compute: the computation.
        alive: called now and then while it goes on; what it raises ends the waiting too.

    Raises:
        TimeoutError: it took longer.
    """
    outcome: list[Value] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(compute())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        left = seconds
        while thread.is_alive() and left > 0:
            alive()
            thread.join(min(_LOOK, left))
            left -= _LOOK
    finally:
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_StoppedError))
    if failed:
        raise failed[0]
    if not outcome:
        raise TimeoutError(f"stopped after {seconds:g} s")
    return outcome[0]
