"""Files of arrays: read back, or refused with the sentence that the caller gives."""

import io
from pathlib import Path

import numpy as np
import pytest

from firstmover.array_files import arrays_in
from firstmover.errors import InputError


def _bytes(save, *values) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *values)
    return buffer.getvalue()


WHOLE = _bytes(np.savez, np.arange(300.0), np.ones(2))


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(WHOLE)
    with arrays_in(path, damaged="no") as stored:
        assert sorted(stored.files) == ["arr_0", "arr_1"]
        np.testing.assert_array_equal(stored["arr_0"], np.arange(300.0))
    with pytest.raises(InputError, match="another sentence"), arrays_in(path, damaged="no"):
        raise InputError("another sentence")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:500] + b"?" + WHOLE[501:],
        _bytes(np.save, np.zeros(3)),
        _bytes(np.savez, np.array([{}])),
        _bytes(np.savez),
    ],
    ids=["empty", "text", "half", "one byte", "one array", "objects", "no arrays"],
)
def test_what_is_not_whole_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="it is not whole"), arrays_in(path, damaged="it is not whole") as stored:
        stored["arr_0"]


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        sentence = rf"^cannot read {path}: {why}; make one\.$"
        with pytest.raises(InputError, match=sentence), arrays_in(path, damaged="no", otherwise="; make one"):
            pass
