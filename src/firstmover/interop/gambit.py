"""Gambit strategic-form files (`.nfg`), both the outcome form and the payoff form.

Player 1 leads, the others follow. Numbers may be integers, decimals or rationals such as 3/2. Profiles are listed with
player 1's strategy varying fastest, as the format says.

Source: the Gambit project's description of its file formats.
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from firstmover import files
from firstmover.errors import InputError
from firstmover.exact_numbers import Table, exact, of_fractions, shortened
from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind

COSTS = {b" ": 420, b"\n": 420, b"\t": 420, b",": 420, b'"': 50, b"{": 100, b"}": 100}  # bytes of memory for each
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}])|(,)|([^\s{},"]+))')


def read_nfg(path: Path, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game in a `.nfg` file.

    Raises:
        InputError: the file cannot be read, is cut short, or is not a finite game of at least two players.
    """
    payoffs, names, players = _read(path)
    return NormalForm(payoffs[0], payoffs[1:], commitment, names, known(players))


def known(players: Sequence[str]) -> list[str] | None:
    """The names of players, None where they say no more than who leads and who follows."""
    plain = len(players) == 2 and players[1].strip().lower() in ("follower", "the follower")
    told = {name.strip() for name in players}
    return (
        None if plain or len(told) < len(players) or any(not name or name.isdecimal() for name in told) else [*players]
    )


def written(payoffs: np.ndarray, names: Sequence[Sequence[str]], players: Sequence[str], title: str) -> str:
    """A `.nfg` file in payoff form, in fractions: `read_nfg` reads the same numbers and names from it.

    Args:
        payoffs: fractions, [players, *strategies].
        names: of the strategies of every player.
        players: their names.
        title: of the game.

    Example:
        >>> game = np.array([[[Fraction(1, 3)]], [[Fraction(2)]]], object)
        >>> print(written(game, [["Top"], ["Left"]], ["Leader", "Follower"], "One cell"), end="")
        NFG 1 R "One cell" { "Leader" "Follower" }
        { { "Top" } { "Left" } }
        ""
        <BLANKLINE>
        1/3 2
    """
    profiles = payoffs.reshape(len(payoffs), -1, order="F").T
    lines = [
        f"NFG 1 R {_quoted(title)} {_braced(players)}",
        "{ " + " ".join(map(_braced, names)) + " }",
        '""',
        "",
        *(" ".join(map(str, row)) for row in profiles.tolist()),
    ]
    return "\n".join(lines) + "\n"


def _braced(names: Sequence[str]) -> str:
    return "{ " + " ".join(map(_quoted, names)) + " }"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(path: Path) -> tuple[Table, list[list[str]], list[str]]:
    text = files.read_text(path, COSTS)
    return _Nfg(str(path), text, ".nfg game").game()


class Reader:
    """The tokens of one file, consumed from the front."""

    def __init__(self, path: str, text: str, kind: str):
        self.path, self.kind, self.tokens, position = path, kind, list[str](), 0
        text = text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.error("a string is not closed")
            if match[3] is None:
                self.tokens.append(match[0].strip())
            position = match.end()
        self.next = 0

    def error(self, what: str) -> InputError:
        return InputError(f"{self.path} is not a valid {self.kind}: {what}.")

    def peek(self) -> str:
        if self.next >= len(self.tokens):
            raise self.error("it ends too early")
        return self.tokens[self.next]

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if expected is not None and token != expected:
            raise self.error(f"{expected!r} expected where {token!r} stands")
        self.next += 1
        return token

    def string(self) -> str:
        token = self.take()
        if not token.startswith('"'):
            raise self.error(f"a quoted name expected where {token!r} stands")
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def number(self) -> Fraction:
        token = self.take()
        try:
            return exact(token, "a payoff")
        except InputError:
            limits = "(0, or of a size from 1e-306 to 1e306)"
            raise self.error(f"a finite number expected {limits} where {shortened(token)} stands") from None

    def whole(self) -> int:
        token = self.take()
        if not token.isdecimal() or len(token) > 15:
            raise self.error(f"a whole number expected where {shortened(token)} stands")
        return int(token)

    def list_of_strings(self) -> list[str]:
        self.take("{")
        names = []
        while self.peek() != "}":
            names.append(self.string())
        self.take("}")
        return names


class _Nfg(Reader):
    """A strategic-form file."""

    def game(self) -> tuple[Table, list[list[str]], list[str]]:
        """Payoffs [players, strategies of player 1, ...], the strategies' names and the players'."""
        if not self.tokens:
            raise self.error("it is empty")
        if self.tokens[:2] != ["NFG", "1"] or self.take() + self.take() + self.take() not in ("NFG1R", "NFG1D"):
            raise self.error("it does not begin with 'NFG 1 R' or 'NFG 1 D'")
        self.string()  # title
        players = self.list_of_strings()
        if len(players) < 2:
            raise self.error(f"a leader and a follower are needed; it has {len(players)} player(s)")
        names = self.strategies(len(players))
        if self.next < len(self.tokens) and self.peek().startswith('"'):
            self.string()  # comment
        shape = tuple(len(part) for part in names)
        rows = self.body(len(players), math.prod(shape))
        if self.next != len(self.tokens):
            raise self.error(f"more follows after the last payoff, from {self.peek()!r} on")
        payoffs = np.array(rows, object).reshape(math.prod(shape), len(players))
        tables = [payoffs[:, p].reshape(shape, order="F") for p in range(len(players))]
        return of_fractions(np.stack(tables)), names, players

    def strategies(self, n_players: int) -> list[list[str]]:
        self.take("{")
        names = []
        if self.peek() == "{":
            while self.peek() != "}":
                names.append(self.list_of_strings())
        else:
            while self.peek() != "}":
                count = self.whole()
                if count > len(self.tokens):
                    raise self.error("it ends too early")
                names.append([str(1 + a) for a in range(count)])
        self.take("}")
        if len(names) != n_players or not all(names):
            raise self.error(f"every one of the {n_players} players needs at least one strategy")
        if math.prod(len(part) for part in names) > len(self.tokens):
            raise self.error("it ends too early")
        return names

    def body(self, n_players: int, n_profiles: int) -> list[list[Fraction]]:
        """The payoffs of all profiles, from whichever form the body has."""
        if self.peek() != "{":
            return [[self.number() for _ in range(n_players)] for _ in range(n_profiles)]
        self.take("{")
        outcomes = [[Fraction(0)] * n_players]  # outcome 0 pays nothing
        while self.peek() != "}":
            self.take("{")
            self.string()
            outcomes.append([self.number() for _ in range(n_players)])
            self.take("}")
        self.take("}")
        rows = []
        for _ in range(n_profiles):
            index = self.whole()
            if index >= len(outcomes):
                raise self.error(f"outcome {index} is named, but there are only {len(outcomes) - 1}")
            rows.append(outcomes[index])
        return rows
