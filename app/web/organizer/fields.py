"""Form fields from the bundle's schema: each key's kind, title and help come from where the key is defined.

Decision: only what a form changed is taken from it. So a time that the browser shows without its microseconds, or a
text with other line ends, is no change, and a key that the page does not know stays what it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from app.errors import Refused
from app.web.organizer.frame import text

ONE_LINE = 500
"""Texts that may be longer get an area instead of a line."""


@dataclass(frozen=True, slots=True)
class Widget:
    """A field of a form: `name` in the form, `key` in the schema, `kind` of input, and its present value as text."""

    name: str
    key: str
    kind: Literal["line", "area", "number", "check", "choice", "moment", "lines", "yaml"]
    label: str
    help: str
    value: str
    choices: tuple[str, ...] = ()
    required: bool = False


def widgets(
    model: type[BaseModel],
    keys: Sequence[str],
    values: Mapping[str, Any],
    prefix: str = "",
    choices: Mapping[str, Sequence[str]] | None = None,
) -> list[Widget]:
    """The fields of these keys with their present values; `choices` of keys that name something else (a phase)."""
    found = []
    for key in keys:
        field = model.model_fields[key]
        kind, options = _kind(field.annotation, field.metadata)
        if choices is not None and key in choices:
            kind, options = "choice", ("", *choices[key])
        value = values.get(key, field.get_default() if not field.is_required() else None)
        label, help_text = field.title or key, field.description or ""
        required = field.is_required()
        found.append(Widget(prefix + key, key, kind, label, help_text, shown(kind, value), options, required))
    return found


def _kind(annotation: Any, metadata: Sequence[Any] = ()) -> tuple[Any, tuple[str, ...]]:
    """The kind of input for a type, and what may be chosen."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0], [*get_args(annotation)[1:], *metadata])
    if get_origin(annotation) in (Union, UnionType):
        some = [one for one in get_args(annotation) if one is not NoneType]
        return _kind(some[0], metadata)
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation)))
    if get_origin(annotation) is list:
        return "lines", ()
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "yaml", ()
    kinds = {bool: "check", int: "number", float: "number", datetime: "moment"}
    if annotation in kinds:
        return kinds[annotation], ()
    longest = next((one.max_length for one in metadata if hasattr(one, "max_length")), None)
    pattern = any(getattr(one, "pattern", None) for one in metadata)
    return ("line" if pattern or (longest is not None and longest <= ONE_LINE) else "area"), ()


def shown(kind: str, value: Any) -> str:
    """A value as the text of its field."""
    if value is None or value == []:
        return ""
    if kind == "check":
        return "yes" if value else ""
    if kind == "moment":
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    if kind == "lines":
        return "\n".join(map(str, value))
    if kind == "yaml":
        plain = value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
        return (
            yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=False).strip()
            if plain
            else ""
        )
    return str(value)


def typed(found: Sequence[Widget], fields: Mapping[str, Any]) -> list[Widget]:
    """The same fields with what somebody typed into them, to be shown again."""
    return [replace(one, value=text(fields, one.name)) for one in found]


def optional(one: Widget) -> Widget:
    """The same field, which may be left empty."""
    return replace(one, required=False)


def changed(found: Sequence[Widget], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says otherwise than it was shown, by key. Raises Refused for YAML that is none."""
    values = {}
    for one in found:
        given = text(fields, one.name)
        if one.kind != "area":
            given = given.strip()
        if given != one.value:
            values[one.key] = parsed(one, given)
    return values


def parsed(one: Widget, given: str) -> Any:
    """A field's text as the plain value that the schema reads."""
    if one.kind == "check":
        return given == "yes"
    if one.kind == "lines":
        return [line.strip() for line in given.splitlines() if line.strip()]
    if not given:
        return "" if one.kind in ("line", "area") and one.key not in NULLABLE else None
    if one.kind == "number":
        try:
            return int(given)
        except ValueError:
            return given  # the schema says what is wrong with it
    if one.kind == "moment":
        return given if given.endswith(("Z", "+00:00")) else f"{given}:00+00:00" if len(given) == 16 else f"{given}Z"
    if one.kind == "yaml":
        try:
            return yaml.safe_load(given)
        except (yaml.YAMLError, RecursionError) as error:
            raise Refused(
                f"{one.label}: this is not YAML. {' '.join(str(error).split())[:300]}", field=one.key
            ) from error
    return given


NULLABLE = {"slug", "gate", "carry_from"}
