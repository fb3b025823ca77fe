"""What reading files finds: records, and whatever cannot become one. Knows no file format."""

from dataclasses import dataclass
from pathlib import Path

from askbox.schemas import DocumentIn


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. `name` is its path below the folder that was named, or just its name; with `/` only."""

    path: Path
    name: str

    @property
    def place(self) -> str:
        """The file as people find it from where they are."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Record:
    """A document ready to be sent. `size` is its JSON in bytes; `place` says where it was found, for people."""

    place: str
    document: DocumentIn
    size: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, a line or a record that cannot be used, and why. The reason holds no text of the document."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something left out of a record that was taken all the same. Equal remarks are to be counted."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file found in a folder, of a kind that is not read."""

    place: str
    suffix: str


Finding = Record | Failure | Remark | Skipped
