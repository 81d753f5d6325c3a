"""One user per data folder: an advisory lock that the kernel drops with its holder, however that one ended."""

import os
import sys
from pathlib import Path
from typing import IO

from app.embedded.errors import DirectoryBusy, WrongOwner


class Lock:
    """The lock file `data_dir/lock`. It is never deleted: a deleted one could be held twice."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock, or keep it. Raises DirectoryBusy, which says who holds it, or WrongOwner."""
        if self._file:
            return
        import fcntl  # not on Windows, where NotHere is said before

        try:
            file = self.path.open("a+")
        except PermissionError as error:
            raise WrongOwner(f"{self.path} may not be written by uid {os.geteuid()}.") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise DirectoryBusy(f"{self.path.parent} is in use by {holder}.") from error
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(sys.argv)[:200]})")
        file.flush()
        self._file = file

    def give_back(self) -> None:
        """Let go of the lock; nothing happens where it is not held."""
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None
