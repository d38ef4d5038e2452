"""Files are read within a stated memory and written whole; whatever is wrong with one is a sentence."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from memory import peak_of

from firstmover import files
from firstmover.errors import InputError
from firstmover.interop.extensive import read_efg
from firstmover.interop.gambit import read_nfg
from firstmover.interop.long_tables import read_long_table
from firstmover.interop.tables import read_matrix

LONG = "n" * 300


def _game(size: int) -> bytes:
    return b'NFG 1 R "" { "1" "2" } { %d %d }\n' % (size, size) + b"1 " * (2 * size**2)


TEXTS = {
    "numbers.json": (files.read_json, lambda n: b"[" + b"1e1," * n + b"1]"),
    "integers.json": (files.read_json, lambda n: b"[" + b"999," * n + b"1]"),
    "lists.json": (files.read_json, lambda n: b"[" + b"[]," * n + b"1]"),
    "nested.json": (files.read_json, lambda n: b"[" + b"[[[1]]]," * n + b"1]"),
    "objects.json": (files.read_json, lambda n: b"[" + b'{"a":1},' * n + b"1]"),
    "words.json": (files.read_json, lambda n: b"[" + b'"ab",' * n + b"1]"),
    "wide.json": (files.read_json, lambda n: '["\N{GRINNING FACE}'.encode() + b"a" * 4 * n + b'"]'),
    "table.csv": (read_matrix, lambda n: b"1," * n + b"1"),
    "column.csv": (read_matrix, lambda n: b"1\n" * n),
    "blank.csv": (read_matrix, lambda n: b"1\n" + b"\n" * n),
    "wide.csv": (read_matrix, lambda n: "\N{GRINNING FACE}".encode() + b"1\n" * n),
    "named.csv": (read_matrix, lambda n: b",a,b\n" + b"x,1,2\n" * n),
    "utf16.csv": (read_matrix, lambda n: ("1;" * n + "1").encode("utf-16")),
    "long.csv": (read_long_table, lambda n: b"a,b,p,q\n" + b"".join(b"%d,x,1,2\n" % k for k in range(n))),
    "tree.efg": (read_efg, lambda n: b'EFG 2 R "" { "1" "2" } p "" 1 1 { %s } 0 ' % (b'"a" ' * n) + b't "" 0 ' * n),
    "deep.efg": (
        read_efg,
        lambda n: (
            b'EFG 2 R "" { "1" "2" } '
            + b"".join(b'p "" 1 %d { "a" } 1 { 1 1 } ' % k for k in range(n // 20))
            + b't "" 0'
        ),
    ),
    "game.nfg": (read_nfg, lambda n: _game(int(n**0.5))),
    "braces.nfg": (read_nfg, lambda n: b"{" * n),
    "strings.nfg": (read_nfg, lambda n: b'""' * n),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("count", [200_000])
def test_reading_takes_no_more_than_is_stated(tmp_path: Path, name: str, count: int) -> None:
    read, content = TEXTS[name]
    path = tmp_path / name
    path.write_bytes(content(count))

    def attempt() -> None:
        try:
            read(str(path) if read is read_matrix else path)
        except InputError as error:
            assert str(error).count("\n") == 0

    assert peak_of(attempt) <= max(50e6, 10 * path.stat().st_size)


@given(some.recursive(some.none() | some.integers() | some.text(max_size=3), lambda x: some.lists(x), max_leaves=40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_fits_is_read(tmp_path: Path, value) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert files.read_json(path) == value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 99_999, b"[" * 150 + b"]" * 150, b"9" * 5000])
def test_what_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged: it is not JSON"):
        files.read_json(path)


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # a sparse file

    def attempt() -> None:
        with pytest.raises(InputError, match="too large"):
            files.read_json(path)

    assert peak_of(attempt) < 1e6
    if Path("/dev/zero").exists():
        with pytest.raises(InputError, match="too large"):
            files.read_text("/dev/zero")


def test_names_that_no_file_can_have_are_names_of_nothing(tmp_path: Path) -> None:
    for name in (LONG, "a\0b"):
        assert not files.exists(tmp_path / name)
        assert not files.is_folder(tmp_path / name / "below")
        for call in (files.read_json, lambda path: files.write_json(path, {}), files.make_folder):
            with pytest.raises(InputError, match=r"File name too long|null") as raised:
                call(tmp_path / name)
            assert "\n" not in str(raised.value)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch, fault: int) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, 1)

    def fail(descriptor: int) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(InputError, match=rf"^cannot write {path}: {os.strerror(fault)}\.$"):
        files.write_json(path, 2)
    assert list(tmp_path.iterdir()) == [path]
    assert files.read_json(path) == 1


def test_of_two_that_write_a_new_file_one_is_refused(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a", 1, new=True)
    with pytest.raises(InputError, match="exists already"):
        files.write_json(tmp_path / "a", 2, new=True)
    assert files.read_json(tmp_path / "a") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    dead, alive = tmp_path / f".a.{int(process.stdout)}.part", tmp_path / f".a.{os.getpid()}.part"
    for part in (dead, alive, tmp_path / ".mine.part"):
        part.write_text("")
    files.remove_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {alive.name, ".mine.part"}
