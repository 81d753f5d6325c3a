"""The files of a bundle and its competition.yaml, with every fault and note at its line."""

import difflib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from app.competitions.bundle_schema import NOT_DONE, CompetitionIn
from app.competitions.errors import BundleInvalid
from app.scoring.archive import members
from app.scoring.findings import Invalid
from app.scoring.limits import Limits
from app.settings import settings

NAME = "competition.yaml"
MOST_YAML_BYTES = 256 * 1024
MOST_ALIASES = 100
FIXES = {
    "scorer": "No scoring program is run here: write `scorer: {name: pairwise-explained}`.",
    "version": "Bundles of version 2 are read: write `version: 2`, and its keys.",
}
"""What mends a key that is missing or wrong, where docs/organizers.md would not say it best."""

Path = tuple[Any, ...]


class Reader:
    """Reads a bundle's parts by path; faults are gathered, and `refuse` makes one exception of them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.findings: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self._root: yaml.Node | None = None
        self._left = settings().unpacked_bytes  # of all zips inside together

    def fault(self, code: str, path: Path, message: str, fix: str) -> None:
        """Remember a fault at a place in competition.yaml."""
        self.findings.append(self.at(code, path, message, fix))

    def at(self, code: str, path: Path, message: str, fix: str) -> dict[str, Any]:
        """A finding at a place in competition.yaml, with its line."""
        where = ".".join(str(step) for step in path)
        message = f"{where}: {message}" if where else message
        return {
            "code": code, "message": message, "file": NAME, "line": self._line(path), "item_id": None, "fix": fix
        }  # fmt: skip

    def _line(self, path: Path) -> int | None:
        node, line = self._root, None
        for step in path:
            if isinstance(node, yaml.MappingNode):
                pairs = {key.value: (key, value) for key, value in node.value}
                if str(step) not in pairs:
                    break
                key, node = pairs[str(step)]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
        return line

    def refuse(self) -> BundleInvalid:
        """All faults as one."""
        total = len(self.findings)
        return BundleInvalid(
            f"{total} finding{'s' if total != 1 else ''}: {self.findings[0]['message']}",
            findings=self.findings[:100],
            findings_total=total,
        )

    def document(self) -> CompetitionIn:
        """competition.yaml as values; notes name what has no effect. Raises BundleInvalid with every fault."""
        text = self.files.get(NAME)
        if text is None:
            self.fault("missing_file", (), f"there is no {NAME} at the root of the bundle.", "Put it at the root.")
            raise self.refuse()
        try:
            if len(text) > MOST_YAML_BYTES:
                raise yaml.YAMLError("it is larger than 256 KiB")
            decoded = text.decode("utf-8-sig")
            if sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(decoded)) > MOST_ALIASES:
                raise yaml.YAMLError(f"it has more than {MOST_ALIASES} aliases")
            self._root = yaml.compose(decoded, Loader=yaml.SafeLoader)
            found = CompetitionIn.model_validate(yaml.safe_load(decoded))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            if isinstance(error, ValidationError):
                for one in error.errors():
                    message = one["msg"].removeprefix("Value error, ")
                    fix = FIXES.get(str(one["loc"][-1]) if one["loc"] else "", "See docs/organizers.md for this field.")
                    self.fault("bad_value", one["loc"], message, fix)
            else:
                self.fault("bad_yaml", (), " ".join(str(error).split()), "Mend the YAML.")
            raise self.refuse() from error
        for path, part in _parts(found, ()):
            self._note(path, part)
        return found

    def _note(self, path: Path, part: BaseModel) -> None:
        """Name the keys of a part that are not honoured."""
        known = NOT_DONE[type(part)]
        fields = type(part).model_fields
        for key, value in (part.model_extra or {}).items():
            if key not in known:
                near = difflib.get_close_matches(key, [*fields, *known], 1)
                fix = f"Did you mean `{near[0]}`?" if near else "Leave it out, or see docs/organizers.md for the keys."
                self.notes.append(self.at("unknown_key", (*path, key), "there is no such key; it has no effect.", fix))
            elif known[key][0](value):
                message = f"not supported: {known[key][1]}"
                self.notes.append(self.at("not_supported", (*path, key), message, "It has no effect; leave it out."))

    def text(self, path: Path, name: str) -> str:
        """A text file of the bundle."""
        try:
            return self.files[clean(name)].decode("utf-8-sig")
        except KeyError:
            self._missing(path, name)
        except UnicodeDecodeError:
            self.fault("not_utf8", path, f"{name!r} is not UTF-8.", "Save it as UTF-8.")
        return ""

    def content(self, path: Path, name: str) -> bytes | None:
        """A file of the bundle, None (and a fault) where it is not there."""
        found = self.files.get(clean(name))
        if found is None:
            self._missing(path, name)
        return found

    def _missing(self, path: Path, name: str) -> None:
        self.fault(
            "missing_file", path, f"the bundle holds no file or folder {name!r}.", "Add it, or correct the path."
        )

    def folder(self, path: Path, name: str | None) -> bytes | None:
        """A folder or file of the bundle as a zip with fixed times, None where none is named."""
        if name is None:
            return None
        return packed(self._inside(path, name))

    def single(self, path: Path, name: str) -> tuple[bytes, str] | None:
        """The content and the name of a file, also of one that stands alone in a folder or zip, as CodaBench has it."""
        found = self._inside(path, name)
        if len(found) > 1:
            self.fault("bad_value", path, f"{name!r} holds {len(found)} files.", "Name the one that is meant.")
        if len(found) != 1:
            return None
        ((inner, content),) = found.items()
        return content, clean(name) if clean(name) in self.files else f"{clean(name)}/{inner}"

    def _inside(self, path: Path, name: str) -> dict[str, bytes]:
        """The files of a folder or zip of the bundle by their paths in it, or the one that has the name itself."""
        prefix = clean(name)
        whole = self.files.get(prefix)
        if whole is None:
            found = {key: one for key, one in self.files.items() if key.startswith(prefix + "/")}
            if not found:
                self._missing(path, name)
            return {key.removeprefix(prefix + "/"): one for key, one in found.items()}
        if not prefix.lower().endswith(".zip"):
            return {prefix.rpartition("/")[2]: whole}
        try:
            found = members(io.BytesIO(whole), replace(limits(), unpacked_bytes=self._left))
        except Invalid as error:
            told = error.findings[0]
            self.fault("bad_value", path, f"{name!r} cannot be read: {told.message}", told.fix)
            return {}
        self._left -= sum(map(len, found.values()))
        return found


def _parts(part: BaseModel, path: Path) -> Iterator[tuple[Path, BaseModel]]:
    """A part of the document and those inside it, with their paths; rules of our own have no keys to spare."""
    if type(part) not in NOT_DONE:
        return
    yield path, part
    for name, field in type(part).model_fields.items():
        if any(isinstance(inner, type) and issubclass(inner, BaseModel) for inner in get_args(field.annotation)):
            value = getattr(part, name)
            for place, one in enumerate(value if isinstance(value, list) else []):
                yield from _parts(one, (*path, name, place))


def limits() -> Limits:
    """How large a bundle may be."""
    return Limits(
        upload_bytes=settings().bundle_bytes, unpacked_bytes=settings().unpacked_bytes, entries=2000, nested=True
    )


def clean(name: str) -> str:
    """A path of the bundle as its files are named."""
    return name.removeprefix("./").rstrip("/")


def packed(files: dict[str, bytes]) -> bytes:
    """Files as a zip: the same files give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()
