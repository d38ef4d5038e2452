"""What is run to see whether a claim holds: commands, benchmarks, a few lines of Python.

Each has `needs`, what has to be run before it; `seconds`, about how long it takes; and `run`, whose result the claims
read. It is given a folder that all share and the results so far. Equal ones are run once.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Command:
    """A command of firstmover, run in a folder that all commands share; its result is what it prints with `--json`.

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
        for name, content in self.files:
            (folder / name).write_text(content)
        done = subprocess.run(
            [sys.executable, "-m", "firstmover", *self.arguments.split(), "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}")
        return json.loads(done.stdout)


@dataclass(frozen=True)
class Benchmark:
    """A script of this folder; its result is what it prints.

    Attributes:
        file: its name.
        arguments: its arguments.
        games: whether it goes on with the game files of the folder that `--games` names.
        seconds: about how long it takes.
    """

    file: str
    arguments: str = ""
    games: bool = False
    seconds: float = 60.0
    needs: tuple[()] = ()

    def __str__(self) -> str:
        return f"benchmarks/{self.file} {self.arguments}".strip()

    def run(self, folder: Path, known: dict[Any, Any]) -> str:
        """What it prints."""
        arguments = self.arguments.split()
        if self.games:
            arguments += sorted(map(str, known["games"].glob("*.nfg"))) if known["games"] else []
        done = subprocess.run(
            [sys.executable, str(BENCHMARKS / self.file), *arguments], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}")
        return done.stdout


@dataclass(frozen=True)
class Python:
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
class Commands:
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
class Figure:
    """A figure of `firstmover reproduce`, 25 seeds; its result are the verdicts. All share one folder of runs."""

    name: str
    seconds: float = 120.0
    needs: tuple[()] = ()

    def __str__(self) -> str:
        return f"firstmover reproduce {self.name}"

    def run(self, folder: Path, known: dict[Any, Any]) -> list[dict[str, Any]]:
        """The verdicts."""
        result = Command(f"reproduce {self.name} --out reproduction").run(folder, known)
        verdicts: list[dict[str, Any]] = result[self.name]["verdicts"]
        return verdicts


Measurement = Command | Commands | Benchmark | Python | Figure
