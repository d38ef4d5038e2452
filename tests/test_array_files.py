"""Files of arrays: read back, or refused at once with the sentence that the caller gives."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from memory import peak_of

from firstmover.array_files import read_arrays
from firstmover.errors import InputError


def _bytes(save, *values) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *values)
    return buffer.getvalue()


def _archive(content: bytes, *, packed: bool = False, times: int = 1) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for k in range(times):
            archive.writestr(f"arr_{k}.npy", content)
    return buffer.getvalue()


def _claiming(shape: str) -> bytes:
    """An array whose header says that it is large, and which is not."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


def _encrypted() -> bytes:
    content = bytearray(WHOLE)
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


WHOLE = _bytes(np.savez, np.arange(300.0), np.ones(2))
BOMB = _archive(_bytes(np.save, np.zeros(50_000_000)), packed=True)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    kinds = [np.arange(300.0), np.zeros((0, 3)), np.array("a word"), np.bool_(True), np.asfortranarray(np.eye(3)[:2])]
    path.write_bytes(_bytes(np.savez, *kinds))
    stored = read_arrays(path, damaged="no")
    assert list(stored) == [f"arr_{k}" for k in range(5)]
    for one, other in zip(kinds, stored.values(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert other.dtype == np.asarray(one).dtype
        assert other.flags.writeable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:500] + b"?" + WHOLE[501:],
        _bytes(np.save, np.zeros(3)),
        _bytes(np.savez, np.array([{}])),
        _bytes(np.savez_compressed, np.zeros(3)),
        BOMB,
        _encrypted(),
        _archive(_claiming("(1000000000000,)")),
        _archive(_claiming("(-8, -1)")),
        _archive(_claiming("(" * 90)),
        _archive(b"x", times=20_000),
    ],
    ids=[
        "empty", "text", "half", "one byte", "one array", "objects", "packed", "bomb", "encrypted", "claim", "negative",
        "nested", "members",
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)

    def read() -> None:
        with pytest.raises(InputError, match="it is not whole"):
            read_arrays(path, damaged="it is not whole")

    assert peak_of(read) < 50e6


def test_every_flipped_bit_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.npz", _bytes(np.savez, np.arange(3.0))
    refused = 0
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            stored = read_arrays(path, damaged="damaged")
        except InputError:
            refused += 1
            continue
        np.testing.assert_array_equal(next(iter(stored.values())), np.arange(3.0))
    assert refused > 4 * len(whole)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path / "none", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        with pytest.raises(InputError, match=rf"^cannot read {path}: {why}; make one\.$"):
            read_arrays(path, damaged="no", otherwise="; make one")
