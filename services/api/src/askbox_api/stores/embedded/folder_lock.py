"""That one process at a time uses a folder.

Knows the lock file and its owner's id; not what the folder is for.
"""

import contextlib
import fcntl
import os
from pathlib import Path


class FolderInUse(Exception):
    """Another process holds the folder; the message names it."""


class FolderLock:
    """A lock that the operating system takes back when the process ends, however it ends."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self._path = folder / name
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take it, or raise FolderInUse; OSError where the file cannot be made."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise FolderInUse(f"the folder {self._path.parent} is in use by process {owner}") from error
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give it back; the file stays."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
