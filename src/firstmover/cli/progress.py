"""Progress on stderr: a live line on a terminal, otherwise a plain line now and then."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from firstmover import files
from firstmover.errors import on_one_line

if TYPE_CHECKING:
    from rich.status import Status

_EVERY = 5.0  # seconds between plain lines


class Watched:
    """Progress, and on Ctrl-C how to go on: by a command, once a first file of it is there."""

    def __init__(self, first_file: Path | None = None, command: str = ""):
        self.first_file, self.command = first_file, command
        self.began = self.last = time.monotonic()
        self.learning_since, self.doing = self.began, "starting"
        self.done_before: int | None = None
        self.status = _live_line("starting") if sys.stderr.isatty() else None

    def __enter__(self) -> "Watched":
        # The first Ctrl-C is answered at the next report: an exception that rises at any moment may rise inside a
        # garbage-collection callback, where it is lost.
        self.interrupted = False
        self.handler_before = signal.signal(signal.SIGINT, self._interrupt)
        if self.status is not None:
            self.status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self.handler_before)
        if self.status is not None:
            self.status.stop()
        if kind is KeyboardInterrupt and self.first_file is not None and files.exists(self.first_file):
            print(f"firstmover: go on with 'firstmover {on_one_line(self.command)}'.", file=sys.stderr)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        print("firstmover: stopping after this step; Ctrl-C again stops at once.", file=sys.stderr)

    def stage(self, what: str) -> None:
        """Say what is being done now."""
        self.learning_since, self.doing, self.done_before = time.monotonic(), what, None
        self._say(what, now=True)

    def announce(self, what: str) -> None:
        """Say what stays to be read, however soon something else is said."""
        self.alive()
        if self.status is None:
            print(on_one_line(what), file=sys.stderr, flush=True)
        else:
            self.status.console.print(on_one_line(what), markup=False, highlight=False, soft_wrap=True)

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        """Say how far learning is, what it has come to, and how long it will still take."""
        now = time.monotonic()
        if self.done_before is None:
            # The first report of this process: earlier updates may be another process's.
            self.done_before, self.learning_since = done, now
        fresh = done - self.done_before
        left = f", {(now - self.learning_since) / fresh * (total - done):.0f} s left" if fresh else ""
        self._say(f"{self.doing}: update {done} of {total}, {measure} {value:.7g}{left}", now=done == total)

    def working(self, what: str) -> None:
        """Say how far something is that reports often."""
        self._say(what, now=False)

    def alive(self) -> None:
        """Answer a Ctrl-C."""
        if self.interrupted:
            raise KeyboardInterrupt

    def _say(self, text: str, *, now: bool) -> None:
        self.alive()
        text = on_one_line(text)
        if self.status is not None:
            self.status.update(text)
            return
        moment = time.monotonic()
        if moment - self.last >= _EVERY or (now and moment - self.began >= 2):
            self.last = moment
            print(f"[{moment - self.began:6.1f} s] {text}", file=sys.stderr, flush=True)


def _live_line(text: str) -> "Status":
    """A line that is drawn anew while something goes on."""
    from rich.console import Console  # takes as long to import as a small rule to certify

    return Console(stderr=True).status(text)
