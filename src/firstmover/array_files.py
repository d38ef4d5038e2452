"""Reading `.npz` files that may be damaged: they hold arrays only, so that reading one executes nothing.

A member is read only if it is stored as it is, neither packed nor encrypted, and is as large as its header says, so
that no file takes more memory than it is large.
"""

import math
import struct
import zipfile
from pathlib import Path

import numpy as np

from firstmover import files
from firstmover.errors import InputError

_CHUNK = 1 << 20  # bytes that are read at a time
_END = struct.Struct("<4s4H2LH")  # the last record of an archive without a comment
_MOST_MEMBERS = 10_000


def read_arrays(path: Path, *, damaged: str, otherwise: str = "") -> dict[str, np.ndarray]:
    """The arrays of a file by name, in order.

    Args:
        path: the file.
        damaged: what to say of a file that is not whole.
        otherwise: what to add where the file cannot be opened.

    Raises:
        InputError: the file cannot be read, is damaged, or too large.
    """
    with files.reading(path, otherwise) as file:
        try:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END.size))
            signature, *_, members, _, _, comment = _END.unpack(file.read())
            if signature != b"PK\5\6" or members > _MOST_MEMBERS or comment:
                raise InputError(damaged)
            with zipfile.ZipFile(file) as archive:
                found = archive.infolist()
                plain = all(m.compress_type == zipfile.ZIP_STORED and not m.flag_bits & 1 for m in found)
                if not plain or sum(m.file_size for m in found) > size:
                    raise InputError(damaged)
                return {m.filename.removesuffix(".npy"): _array(archive, m) for m in found}
        except Exception:  # a damaged header may make its readers raise anything
            raise InputError(damaged) from None


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """One member, whose checksum is compared when its last byte has been read."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise ValueError("not written by savez")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
        left = info.file_size - member.tell()
        if dtype.kind not in "biufU" or dtype.itemsize * math.prod(shape) != left or min(shape, default=0) < 0:
            raise ValueError("the header is not that of the array")
        flat, at = np.empty(math.prod(shape), dtype), 0
        room = flat.view(np.uint8) if left else np.empty(0, np.uint8)
        while at < left:
            part = member.read(min(_CHUNK, left - at))
            if not part:
                raise EOFError
            room[at : at + len(part)] = np.frombuffer(part, np.uint8)
            at += len(part)
        if member.read(1):
            raise ValueError("more follows")
    return flat.reshape(shape, order="F" if fortran else "C")
