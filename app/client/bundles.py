"""`competition apply`, `export` and `archive`: a competition as files. A folder is always packed into the same bytes.

Decision: names are sorted, times fixed, links and hidden files left out, so that the same folder is the same zip on
every machine, and a bundle cannot carry what its author does not see.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from . import files, show
from .exits import Problem
from .http import opened
from .options import Json

MARK = "competition.yaml"
EPOCH = (1980, 1, 1, 0, 0, 0)
IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini", "__pycache__"})

Bundle = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A folder or zip with competition.yaml.", exists=True, readable=True, show_default=False
    ),
]


def apply(
    path: Bundle,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Create or update a competition.

    Says what changes; applied twice, nothing changes the second time.
    """
    with tempfile.TemporaryDirectory(prefix="palmares-") as folder:
        bundle = pack(path, Path(folder) / "bundle.zip") if path.is_dir() else _checked_zip(path)
        with opened(signed_in=True) as client:
            found = client.ask(
                "POST",
                "/competitions",
                params={"dry_run": "true" if dry_run else "false"},
                body=files.body(bundle),
                headers=files.headers(bundle),
                again=True,
            ).document
    if as_json:
        show.document(found)
        return
    for note in found.get("notes", []):
        show.talk(f"note: line {note['line']}: {note['message']} {note['fix']}")
    for change in found["changes"]:
        show.out(change_line(change))
    done = "created" if found["created"] else "updated" if found["changes"] else "unchanged"
    show.talk(f"{found['slug']}: {done}" + (" (dry run: nothing was done)" if found["dry_run"] else ""))


def export(
    competition: Annotated[str, typer.Argument(metavar="SLUG", help="The competition.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="A new .zip, or a new folder.", show_default="SLUG.zip"),
    ] = None,
    no_truth: Annotated[bool, typer.Option("--no-truth", help="Leave the ground truth out.")] = False,
) -> None:
    """Write a competition as a bundle that applies to the same.

    It holds the ground truth, unless --no-truth is given; a phase that has a truth keeps it then.
    """
    target = output or Path(f"{competition}.zip")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Problem("file_exists", f"{target} is there already.", "Give a new name: -o PATH.")
    with tempfile.TemporaryDirectory(prefix="palmares-") as folder:
        packed = target if target.suffix == ".zip" else Path(folder) / "bundle.zip"
        with opened(signed_in=True) as client:
            client.download(f"/competitions/{competition}/bundle", packed, truth="false" if no_truth else "true")
        if packed != target:
            _unpack(packed, target)
    show.out(str(target))
    if not no_truth:
        show.talk("note: it holds the ground truth; keep it where participants cannot read it")


def archive(
    competition: Annotated[str, typer.Argument(metavar="SLUG", help="The competition.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A new .zip.", show_default="SLUG-archive.zip"),
    ] = None,
    with_truth: Annotated[bool, typer.Option("--with-truth", help="Every version of the ground truth, too.")] = False,
    with_submissions: Annotated[
        bool, typer.Option("--with-submissions", help="The file and the reports of every submission, too.")
    ] = False,
) -> None:
    """Write a competition as a zip that needs no server: boards, pages, log, bundle.

    What everybody may see is in the folder public/, as pages and tables; the rest is for organizers.
    """
    target = output or Path(f"{competition}-archive.zip")
    if target.exists():
        raise Problem("file_exists", f"{target} is there already.", "Give a new name: -o FILE.")
    wanted = {"truth": with_truth, "submissions": with_submissions}
    with opened(signed_in=True) as client:
        client.download(
            f"/competitions/{competition}/archive", target, **{name: str(yes).lower() for name, yes in wanted.items()}
        )
    show.out(str(target))
    show.talk("note: only its folder public/ is for everybody; keep organizers/ where participants cannot read it")


def _unpack(packed: Path, target: Path) -> None:
    """The bundle's files under a folder. Raises Problem (exit 7) for a name that leads out of it."""
    with zipfile.ZipFile(packed) as bundle:
        for name in bundle.namelist():
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or "\\" in name:
                raise Problem("bad_answer", f"The server's bundle holds the name {name!r}.", "Ask the operator.")
            file = target / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bundle.read(name))


def change_line(change: dict[str, Any]) -> str:
    """One change as `path: old -> new`, each value on one line and not too long."""
    return f"{show.line(change['path'])}: {_short(change['old'])} -> {_short(change['new'])}"


def _short(value: object) -> str:
    text = "(nothing)" if value is None else show.line(value)
    return text if len(text) <= 80 else text[:79] + "…"


def pack(folder: Path, target: Path) -> Path:
    """Zip a folder: the same content gives the same bytes. Raises Problem (exit 3) without competition.yaml."""
    if not (folder / MARK).is_file():
        raise _no_mark(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for path in sorted(_members(folder), key=lambda one: one.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            with path.open("rb") as source, bundle.open(entry, "w") as member:
                while chunk := source.read(files.CHUNK):
                    member.write(chunk)
    return target


def _members(folder: Path) -> Iterator[Path]:
    """The plain files under a folder, without hidden ones, links and what systems leave behind."""
    for place, names, plain in os.walk(folder):
        names[:] = [name for name in names if _wanted(Path(place) / name)]
        yield from (path for name in plain if _wanted(path := Path(place) / name) and path.is_file())


def _wanted(path: Path) -> bool:
    if path.is_symlink():
        show.talk(f"note: {path} is a link and is left out")
        return False
    return not path.name.startswith(".") and path.name not in IGNORED


def _checked_zip(path: Path) -> Path:
    """The zip, if it looks like a bundle. Raises Problem (exit 3) otherwise."""
    try:
        with zipfile.ZipFile(path) as bundle:
            names = bundle.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Problem("not_an_archive", f"{path} is not a zip: {error}", "Give a folder, or pack it anew.") from error
    if MARK not in names:
        raise _no_mark(path)
    return path


def _no_mark(path: Path) -> Problem:
    return Problem(
        "bundle_invalid",
        f"{path} has no competition.yaml.",
        "Put one at its top; `palmares competition init` writes one.",
    )
