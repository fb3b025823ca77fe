"""The files of a tantivy index on disk: whether they are whole, and at which commit.

Knows the format of `meta.json` and of the footer at the end of each file; opens no index.
"""

import json
import struct
import zlib
from pathlib import Path

_FOOTER_END = struct.Struct("<II")  # length of the JSON footer, magic number
_FOOTER_MAGIC = 1337
_READ = 1 << 20


class IndexDamaged(Exception):
    """The index on disk cannot be used as it is; it must be built again."""


def committed_opstamp(folder: Path) -> int:
    """The opstamp of the last commit, after every file it rests on was read and found whole.

    Raises IndexDamaged. That a file is missing shows when the index is opened, not here.
    """
    try:
        meta = json.loads((folder / "meta.json").read_bytes())
        segments = {segment["segment_id"].replace("-", "") for segment in meta["segments"]}
        for file in folder.iterdir():
            if file.name.partition(".")[0] in segments:
                _verify(file)
        return int(meta["opstamp"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{folder.name}: {error}") from error


def _verify(file: Path) -> None:
    with file.open("rb") as content:
        size = content.seek(0, 2)
        content.seek(max(0, size - _FOOTER_END.size))
        end = content.read()
        if len(end) < _FOOTER_END.size:
            raise ValueError(f"{file.name} is too short")
        length, magic = _FOOTER_END.unpack(end)
        body = size - _FOOTER_END.size - length
        if magic != _FOOTER_MAGIC or body < 0:
            raise ValueError(f"{file.name} has no footer")
        content.seek(body)
        expected = json.loads(content.read(length))["crc"]
        content.seek(0)
        checksum = 0
        while body > 0 and (piece := content.read(min(_READ, body))):
            checksum = zlib.crc32(piece, checksum)
            body -= len(piece)
        if checksum != expected:
            raise ValueError(f"{file.name} does not have its checksum")
