"""Files that hold a whole game, by the ends of their names."""

from pathlib import Path

from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind

_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")  # workbooks are refused with a sentence of their own


def is_game_file(name: str) -> bool:
    """Whether a name is that of a file with a game in it.

    Example:
        >>> [is_game_file(name) for name in ("game.nfg", "tree.efg", "prices.csv", "escape", "shop.py")]
        [True, True, True, False, False]
    """
    return Path(name).suffix.lower() in (".nfg", ".efg", *_TABLES)


def read_game_file(path: Path, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The game in a Gambit file (`.nfg`, `.efg`) or in a long table, of which the first player leads.

    Raises:
        InputError: the file cannot be read, or holds no game of at least two players.
    """
    match path.suffix.lower():
        case ".efg":
            from firstmover.interop.extensive import read_efg as read
        case end if end in _TABLES:
            from firstmover.interop.long_tables import read_long_table as read
        case _:
            from firstmover.interop.gambit import read_nfg as read
    return read(path, commitment)
