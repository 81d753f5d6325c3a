"""As whom the servers run: as whoever starts them, but never as root, which PostgreSQL refuses.

Decision: root's servers run as the owner of their data, at first uid 65534, and no folder but their own is changed. A
clone below a folder that only root may pass (/root, `mktemp -d`) stays shut: there setpriv hands the servers the one
capability to pass it, and nothing else of root. Rejected: opening parent folders; copying 38 MB of binaries.
`no_setuid_fixup` is needed because access(2), which PostgreSQL asks about itself, ignores capabilities without it.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.embedded.errors import Unreachable, WrongOwner

NOBODY = 65534
# The first is the weaker one (read and pass, not write); the second is the one that containers grant by default.
CAPABILITIES = ("dac_read_search", "dac_override")


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, by number, and the command that becomes this user; both empty: whoever we are."""

    owner: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()

    def spawn(self, argv: Sequence[str | Path], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a program as this user, in a session of its own, with an environment that holds no secret of ours."""
        if self.owner and not self.prefix:
            options |= {"user": self.owner[0], "group": self.owner[1], "extra_groups": []}
        environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        return subprocess.Popen(
            [*self.prefix, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environ,
            start_new_session=True,
            **options,
        )

    def run(self, argv: Sequence[str | Path]) -> tuple[int, str]:
        """Run a short program as this user: its exit status and the end of what it said on standard error."""
        with self.spawn(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            _, said = process.communicate()
        return process.returncode, said.decode(errors="replace")[-2000:].strip()

    def hindrance(self, binaries: Sequence[Path], folders: Sequence[Path]) -> str:
        """What keeps this user from running the binaries in these folders; empty: nothing. It is tried, not guessed."""
        writable = 'for d; do [ -w "$d" ] && [ -x "$d" ] || { echo "$d: not writable" >&2; exit 1; }; done'
        trials: list[list[str | Path]] = [["/bin/sh", "-c", writable, "sh", *folders]]
        trials += [[binary, "--version"] for binary in binaries]
        for trial in trials:
            try:
                status, said = self.run(trial)
            except (OSError, subprocess.SubprocessError) as error:
                return str(error)
            if status or "ermission denied" in said:  # PostgreSQL says that it cannot reach itself, and ends with 0
                return said or f"{trial[0]} ended with {status}"
        return ""


def choose(binaries: Sequence[Path], folders: Sequence[Path]) -> Identity:
    """The identity that can run these binaries in these existing folders, which become its own.

    Raises Unreachable where root's servers cannot get there, WrongOwner where a folder is another user's.
    """
    owners = [(status.st_uid, status.st_gid) for status in map(os.stat, folders)]
    if os.geteuid() != 0:
        own = (os.geteuid(), os.getegid())
    else:
        own = next((owner for owner in owners if owner[0] != 0), (NOBODY, NOBODY))
    for folder, (uid, _) in zip(folders, owners, strict=True):
        if uid not in (own[0], os.geteuid()):
            raise WrongOwner(f"{folder} belongs to uid {uid}, the servers would run as uid {own[0]}.")
        if uid != own[0]:
            _hand_over(folder, own)
    if os.geteuid() != 0:
        return Identity()
    hindrances = []
    for candidate in (Identity(own), *_capable(own)):
        hindrance = candidate.hindrance(binaries, folders)
        if not hindrance:
            return candidate
        hindrances.append(hindrance)
    raise Unreachable(f"As uid {own[0]}: " + "; ".join(dict.fromkeys(hindrances)))


def _capable(owner: tuple[int, int]) -> list[Identity]:
    setpriv = shutil.which("setpriv")
    if not setpriv:
        return []
    who = (f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups", "--securebits=+no_setuid_fixup")
    return [
        Identity(owner, (setpriv, *who, f"--inh-caps=+{cap}", f"--ambient-caps=+{cap}", "--")) for cap in CAPABILITIES
    ]


def _hand_over(folder: Path, owner: tuple[int, int]) -> None:
    top = folder.resolve()
    for path in (top, *top.rglob("*")):
        os.chown(path, *owner, follow_symlinks=False)
