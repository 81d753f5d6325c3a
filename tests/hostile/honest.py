"""Valid zips as real tools write them: by the standard library, by programs where they are installed, and forged after
those that run on other systems. Not one may be refused."""

from __future__ import annotations

import io
import json
import shutil
import stat
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import GOOD, ROWS, TRUTH, Case
from tests.hostile.texts import TABLE
from tests.scoring.zips import FULL32, STREAMED, File, extra, forge, streamed, wide

RAIM = "\n".join(
    json.dumps({"images": [f"./images/{key}_merged_c{crop}.jpg" for crop in (0, 1)],
                "solution": f"<thinking>\n{said}\n</thinking>\n<answer>{answer}</answer>"})
    for key, (answer, said) in TRUTH.items()
).encode()  # fmt: skip
CONTENTS = {
    "predictions.jsonl": GOOD,
    "challenge.jsonl": RAIM,
    "predictions.json": json.dumps(ROWS).encode(),
    "by_id.json": json.dumps({row["id"]: row for row in ROWS}, indent=1).encode(),
    "predictions.csv": TABLE,
}
NTFS = extra(0x000A, struct.pack("<I2H3Q", 0, 1, 24, *[133_500_000_000_000_000] * 3))
TIMES = extra(0x5455, struct.pack("<BI", 1, 1_700_000_000))
OWNER = extra(0x7875, struct.pack("<2BIBI", 1, 4, 1000, 4, 1000))
FOLDER = {"mode": stat.S_IFDIR | 0o755, "method": 0}


class Pipe(io.RawIOBase):
    """A target that cannot seek, as standard output is."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def writable(self) -> bool:
        """It takes bytes."""
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Keep them."""
        self.bytes += piece
        return len(piece)


def honest() -> Iterator[Case]:
    """All of them."""
    yield from _by_python()
    yield from _forged()
    for name, (program, make) in PROGRAMS.items():
        if shutil.which(program):
            yield _case("programs", name, make)


def _case(kind: str, name: str, make: Callable[[], bytes]) -> Case:
    return Case(f"honest: {kind}", name, make, accuracy=1.0)


def _by_python() -> Iterator[Case]:
    for method, level in ((zipfile.ZIP_STORED, None), *((zipfile.ZIP_DEFLATED, level) for level in (1, 6, 9))):
        for folder in ("", "run/"):
            for name, data in CONTENTS.items():
                title = f"{'stored' if level is None else f'level {level}'}, {folder}{name}"
                yield _case("zipfile", title, partial(written, folder + name, data, method, level))
    for name, told in {
        "into a pipe": {"pipe": True}, "zip64 forced": {"wide": True},
        "zip64 forced, into a pipe": {"pipe": True, "wide": True},
        "with a comment": {"comment": b"made at 12:00"}, "a folder first": {"folder": True},
        "other files beside": {"beside": ("README.md", "code/run.py", "LICENSE")},
        "names in other scripts beside": {"beside": ("读我.txt", "λ.md", "é.txt")},
        "an empty file beside": {"beside": ("__init__.py",)},
    }.items():  # fmt: skip
        yield _case("zipfile", name, partial(written, "predictions.jsonl", GOOD, zipfile.ZIP_DEFLATED, None, **told))
    for name, member in {"spaces": "my best run/final v2.jsonl", "Chinese": "提交/预测.jsonl", "capitals": "PRED.JSONL",
                         "umlauts": "Läufe/übung.jsonl",
                         "dots": "run.1/p.v2.jsonl", "dash": "-rf.jsonl"}.items():  # fmt: skip
        yield _case("names", name, partial(written, member, GOOD, zipfile.ZIP_DEFLATED, None))
    yield _case("zipfile", "a time before 1980", _early)
    yield _case("shutil", "make_archive", _make_archive)


def written(
    name: str, data: bytes, method: int, level: int | None, *, pipe: bool = False, wide: bool = False,
    comment: bytes = b"", folder: bool = False, beside: tuple[str, ...] = (),
) -> bytes:  # fmt: skip
    """A zip by the standard library."""
    target = Pipe() if pipe else io.BytesIO()
    with zipfile.ZipFile(target, "w", method, compresslevel=level) as archive:
        archive.comment = comment
        if folder:
            archive.mkdir("results")
        with archive.open(name, "w", force_zip64=wide) as member:
            member.write(data)
        for other in beside:
            archive.writestr(other, "" if other == "__init__.py" else "x")
    return bytes(target.bytes) if isinstance(target, Pipe) else target.getvalue()


def _early() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("predictions.jsonl", (1980, 1, 1, 0, 0, 0)), GOOD)
    return target.getvalue()


def _make_archive() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        tree = _tree(Path(folder) / "in")
        return Path(shutil.make_archive(f"{folder}/made", "zip", tree)).read_bytes()


def _forged() -> Iterator[Case]:
    finder = (
        File(b"run/", b"", **FOLDER), streamed(b"run/p.jsonl", GOOD), streamed(b"run/.DS_Store", bytes(6148)),
        File(b"__MACOSX/", b"", **FOLDER), File(b"__MACOSX/run/", b"", **FOLDER),
        streamed(b"__MACOSX/run/._p.jsonl", bytes(176)),
    )  # fmt: skip
    unix = {"local": {"extra": TIMES + OWNER}, "central": {"extra": TIMES + OWNER}, "mode": stat.S_IFREG | 0o644}
    go = streamed(b"predictions.jsonl", GOOD)
    go.central = {"extra": TIMES}
    javas = streamed(b"run/p.jsonl", GOOD)
    dotnet = File(b"p.jsonl", GOOD, local={"packed": FULL32, "unpacked": FULL32, "extra": wide(len(GOOD), 0)})
    dotnet.local = {**dotnet.local, "extra": wide(len(GOOD), len(dotnet.packed()))}
    archiver = File(b"p.jsonl", GOOD, method=0, flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0})
    archiver.descriptor = streamed(b"p.jsonl", GOOD).descriptor[:8] + struct.pack("<2I", len(GOOD), len(GOOD))
    jar = extra(0xCAFE, b"")
    files: dict[str, tuple[File, ...]] = {
        "Finder, a folder": finder,
        "Finder, one file": (streamed(b"p.jsonl", GOOD), streamed(b"__MACOSX/._p.jsonl", bytes(120))),
        "Windows Explorer": (File(b"p.jsonl", GOOD),),
        "Windows Explorer, a folder": (File(b"run/p.jsonl", GOOD), File(b"run/Thumbs.db"), File(b"run/desktop.ini")),
        "Windows PowerShell 5, backslashes": (File(b"run\\p.jsonl", GOOD), File(b"run\\notes.txt")),
        ".NET, zip64 in the local header": (dotnet,),
        "7-Zip": (File(b"p.jsonl", GOOD, central={"extra": NTFS}),),
        "7-Zip, folder last": (File(b"run/p.jsonl", GOOD, central={"extra": NTFS}), File(b"run/", b"", **FOLDER)),
        "WinRAR": (File(b"p.jsonl", GOOD, local={"extra": TIMES}, central={"extra": TIMES + NTFS}),),
        "Info-ZIP, owners": (File(b"p.jsonl", GOOD, **unix),),
        "Java, streamed": (streamed(b"run/", b""), javas),
        "Java, jar mark": (File(b"p.jsonl", GOOD, local={"extra": jar}, central={"extra": jar}),),
        "Go": (go,),
        "Node archiver, stored and streamed": (archiver,),
        "a writer without descriptor marks": (streamed(b"p.jsonl", GOOD, sign=False),),
        "a writer with wide descriptors": (streamed(b"p.jsonl", GOOD, wide=True),),
        "PHP libzip, mode in the directory only": (File(b"p.jsonl", GOOD, mode=stat.S_IFREG | 0o600),),
        "Rust zip": (File(b"p.jsonl", GOOD, mode=stat.S_IFREG | 0o644, flags=0x800),),
        "Android": (streamed(b"Download/p.jsonl", GOOD), File(b"Download/", b"", **FOLDER)),
        "KDE Ark, dot folder": (File(b"./", b"", **FOLDER), File(b"./p.jsonl", GOOD)),
        "old DOS name beside": (File(b"P.JSONL", GOOD), File(b"LIESMICH.TXT"), File(b"\x81.TXT")),
        "Windows device name beside": (File(b"p.jsonl", GOOD), File(b"aux.txt")),
        "empty folders beside": (File(b"p.jsonl", GOOD), File(b"logs/", b"", **FOLDER), File(b"a/b/", b"", **FOLDER)),
        "set-group-id folder": (File(b"run/", b"", mode=stat.S_IFDIR | 0o2775, method=0), File(b"run/p.jsonl", GOOD)),
        "199 files beside": (File(b"p.jsonl", GOOD), *(File(b"log%d.txt" % at) for at in range(199))),
    }  # fmt: skip
    for name, entries in files.items():
        yield _case("forged", name, partial(forge, *entries))
    commit = b"0123456789abcdef0123456789abcdef01234567"
    yield _case(
        "forged", "GitHub, commit in the comment", partial(forge, File(b"repo-main/p.jsonl", GOOD), comment=commit)
    )
    yield _case("forged", "bsdtar to a pipe, padded", lambda: forge(File(b"p.jsonl", GOOD)) + bytes(9_900))
    yield _case("forged", "zip64 end record", partial(forge, File(b"p.jsonl", GOOD), zip64={}))


def _tree(folder: Path) -> Path:
    """A folder of a run, as a participant packs it."""
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "predictions.jsonl").write_bytes(GOOD)
    (folder / "run" / "notes é.txt").write_text("by hand")
    return folder


def _packed(*words: str, piped: bool = False) -> bytes:
    """What a program makes of the folder `run`: its standard output, or the file `made.zip`."""
    with tempfile.TemporaryDirectory() as name:
        folder = _tree(Path(name))
        done = subprocess.run(words, cwd=folder, capture_output=True, check=True)
        return done.stdout if piped else (folder / "made.zip").read_bytes()


def _by_git() -> bytes:
    """The folder as a commit, exported."""
    commit = "git init -q . && git add run && git -c user.name=x -c user.email=x@x commit -qm x"
    return _packed("sh", "-c", f"{commit} && git archive --format=zip HEAD", piped=True)


PERL = (
    'use IO::Compress::Zip qw(:all); zip "run/predictions.jsonl" => "-", Name => "predictions.jsonl", '
    "Zip64 => $ENV{WIDE} // 0, Stream => 1 or die $ZipError"
)
JAVA = """
import java.io.*; import java.nio.file.*; import java.util.zip.*;
class Pack { public static void main(String[] a) throws Exception {
  try (ZipOutputStream out = new ZipOutputStream(System.out)) {
    out.putNextEntry(new ZipEntry("run/")); out.closeEntry();
    out.putNextEntry(new ZipEntry("run/predictions.jsonl"));
    out.write(Files.readAllBytes(Path.of("run/predictions.jsonl"))); out.closeEntry(); } } }
"""  # fmt: skip


def _by_java() -> bytes:
    """By java.util.zip, into a pipe."""
    with tempfile.TemporaryDirectory() as name:
        folder = _tree(Path(name))
        (folder / "Pack.java").write_text(JAVA)
        return subprocess.run(["java", "Pack.java"], cwd=folder, capture_output=True, check=True).stdout


PROGRAMS: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{
        f"zip {' '.join(flags)}".strip(): ("zip", partial(_packed, "zip", "-q", *flags, "-r", "made.zip", "run"))
        for flags in ([], ["-0"], ["-9"], ["-X"], ["-D"], ["-j"], ["-fz"], ["-9", "-X", "-D"])
    },
    "zip to a pipe": ("zip", partial(_packed, "zip", "-q", "-r", "-", "run", piped=True)),
    "zip -0 to a pipe": ("zip", partial(_packed, "zip", "-q", "-0", "-r", "-", "run", piped=True)),
    **{
        f"{program} {' '.join(flags)}".strip(): (
            program,
            partial(_packed, program, "a", "-tzip", *flags, "made.zip", "run"),
        )
        for program in ("7z", "7zz", "7za")
        for flags in ([], ["-mx=0"], ["-mx=9"], ["-mtc=on"], ["-mcu=on"])
    },
    "bsdtar": ("bsdtar", partial(_packed, "bsdtar", "-a", "-cf", "made.zip", "run")),
    "bsdtar, stored": (
        "bsdtar",
        partial(_packed, "bsdtar", "--format=zip", "--options=zip:compression=store", "-cf", "made.zip", "run"),
    ),
    "bsdtar to a pipe": ("bsdtar", partial(_packed, "bsdtar", "--format=zip", "-cf", "-", "run", piped=True)),
    "jar": ("jar", partial(_packed, "jar", "-cfM", "made.zip", "run")),
    "jar with a manifest": ("jar", partial(_packed, "jar", "-cf", "made.zip", "run")),
    "java.util.zip": ("java", _by_java),
    "git archive": ("git", _by_git),
    "perl": ("perl", partial(_packed, "perl", "-e", PERL, piped=True)),
    "python -m zipfile": ("python3", partial(_packed, "python3", "-m", "zipfile", "-c", "made.zip", "run")),
}  # fmt: skip
