"""What is run to see whether a claim holds: commands, benchmarks, a few lines of Python.

Each has `needs`, what has to be run before it; `seconds`, about how long it takes; `may_run_beside` others, where
several are made at once; and `run`, whose result the claims read. It is given a folder that all share and the results
so far. Equal ones are run once.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1]


def _printed(arguments: Sequence[str], folder: Path) -> str:
    """What Python prints in this folder, given these arguments."""
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"exit status {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}")
    return done.stdout


class _Measurement:
    """What all measurements share."""

    def may_run_beside(self, others: "Sequence[Measurement]") -> bool:
        """Whether it may begin while these run."""
        return not any(isinstance(other, Benchmark) and other.alone for other in others)


@dataclass(frozen=True)
class Command(_Measurement):
    """A command of firstmover; its result is what it prints with `--json`.

    It runs in the folder of the command before it, or in one of its own: others may have files of the same names.

    Attributes:
        arguments: what follows `firstmover`.
        files: name and content of files that it reads.
        after: a command that has to be run before.
        seconds: about how long it takes.
    """

    arguments: str
    files: tuple[tuple[str, str], ...] = ()
    after: "Command | None" = None
    seconds: float = 6.0

    def __str__(self) -> str:
        return f"firstmover {self.arguments}"

    @property
    def needs(self) -> tuple["Command", ...]:
        """What has to be run before."""
        return () if self.after is None else (self.after,)

    def run(self, folder: Path, known: dict[Any, Any]) -> Any:
        """What it prints."""
        folder = self._folder(folder)
        folder.mkdir(exist_ok=True)
        for name, content in self.files:
            (folder / name).write_text(content)
        return json.loads(_printed(["-m", "firstmover", *self.arguments.split(), "--json"], folder))

    def _folder(self, folder: Path) -> Path:
        if self.after is not None:
            return self.after._folder(folder)
        return folder / hashlib.sha256(repr((self.arguments, self.files)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Benchmark(_Measurement):
    """A script of this folder; its result is what it prints.

    Attributes:
        file: its name.
        arguments: its arguments.
        games: whether it goes on with the game files of the folder that `--games` names.
        alone: whether claims are made of the times that it takes: then nothing runs beside it.
        seconds: about how long it takes.
    """

    file: str
    arguments: str = ""
    games: bool = False
    alone: bool = False
    seconds: float = 60.0
    needs: tuple[()] = ()

    def __str__(self) -> str:
        return f"benchmarks/{self.file} {self.arguments}".strip()

    def may_run_beside(self, others: "Sequence[Measurement]") -> bool:
        """Whether it may begin while these run."""
        return not (self.alone and others) and super().may_run_beside(others)

    def run(self, folder: Path, known: dict[Any, Any]) -> str:
        """What it prints."""
        arguments = self.arguments.split()
        if self.games:
            arguments += sorted(map(str, known["games"].glob("*.nfg"))) if known["games"] else []
        return _printed([str(BENCHMARKS / self.file), *arguments], folder)


@dataclass(frozen=True)
class Python(_Measurement):
    """A few lines of Python.

    Attributes:
        what: in words.
        call: gives the result.
        seconds: about how long it takes.
    """

    what: str
    call: Callable[[], Any]
    seconds: float = 5.0
    needs: tuple[()] = ()

    def __str__(self) -> str:
        return self.what

    def run(self, folder: Path, known: dict[Any, Any]) -> Any:
        """What it returns."""
        return self.call()


@dataclass(frozen=True)
class Commands(_Measurement):
    """Several commands; their results, or for one that failed the reason."""

    commands: tuple[Command, ...]
    seconds: float = 0.0

    @property
    def needs(self) -> tuple[Command, ...]:
        """What has to be run before: all of it."""
        return self.commands

    def __str__(self) -> str:
        return f"what came of {len(self.commands)} commands"

    def run(self, folder: Path, known: dict[Any, Any]) -> list[Any]:
        """The results."""
        results = [known[command] for command in self.commands]
        return [str(result) if isinstance(result, Exception) else result for result in results]


@dataclass(frozen=True)
class Figure(_Measurement):
    """A figure of `firstmover reproduce`, 25 seeds; its result are the verdicts. All share one folder of runs."""

    name: str
    seconds: float = 120.0
    needs: tuple[()] = ()

    def __str__(self) -> str:
        return f"firstmover reproduce {self.name}"

    def may_run_beside(self, others: "Sequence[Measurement]") -> bool:
        """Whether it may begin while these run: no other figure, which may need the same designs."""
        return not any(isinstance(other, Figure) for other in others) and super().may_run_beside(others)

    def run(self, folder: Path, known: dict[Any, Any]) -> list[dict[str, Any]]:
        """The verdicts."""
        result = json.loads(_printed(f"-m firstmover reproduce {self.name} --out reproduction --json".split(), folder))
        verdicts: list[dict[str, Any]] = result[self.name]["verdicts"]
        return verdicts


Measurement = Command | Commands | Benchmark | Python | Figure
