"""Bytes -> Answers (or the hidden References), or every finding with line, item id and a sentence how to mend it.

Decision: one reader for submissions and truth, for every format and alias, the challenge's own form among them; a
submission accepted at home is read the same way on the server. What a record does not say is never guessed: a missing
field, two answers or two ids in one record are findings. Texts are brought into one form (NFC, newlines, no blank
ends) and otherwise kept, never folded to ASCII. In truth given as raw responses, quotes doubled by a CSV export (`""`)
are undone once, because the published training data has them; a participant's text is not touched in this way.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .claims.parsing import DIRECTIONS, claims_of
from .findings import Findings, Invalid, shown
from .formats import ALIASES, IMAGES, Format, format_of, read_rows
from .limits import Limits
from .records import Answer, Choice, Reference
from .response import Response, read_response

_MERGED = re.compile(r"(.+?)_merged(?:_c\d+)?(?:\.\w+)?")
_NUMBERED = re.compile(r"([A-Za-z]+_?\d+)(?![A-Za-z0-9])")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CHOICES: dict[str, Choice] = {"A": "A", "a": "A", "B": "B", "b": "B"}
_CATEGORIES = {"p": "person", "s": "scene"}
_CATEGORY_CHARS = 60
_PATH_CHARS = 1024
_MARKS = 30


@dataclass(slots=True)
class Reading:
    """What a file says: usable answers in the file's order, categories, directions, the line of every id."""

    answers: list[Answer] = field(default_factory=list)
    categories: dict[str, str] = field(default_factory=dict)
    directions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    warnings: Findings = field(default_factory=Findings)


@dataclass(slots=True)
class _Record:
    """One record while it is read; remembers whether it is still good."""

    fields: dict[str, object]
    key: str | None
    line: int
    findings: Findings
    limits: Limits
    truth: bool
    item_id: str | None = None
    good: bool = True

    def fault(self, code: str, message: str = "", fix: str = "") -> None:
        """Notes what is wrong with this record and where."""
        self.good = False
        self.findings.add(code, message, line=self.line, item_id=self.item_id, fix=fix)

    def given(self, what: str) -> list[tuple[str, object]]:
        """The aliases of a field that are there, neither null nor empty, in the order of preference."""
        found = [(name, self.fields.get(name)) for name in ALIASES[what]]
        return [(name, value) for name, value in found if value is not None and value != ""]


def read_answers(data: bytes, name: str, limits: Limits) -> tuple[list[Answer], Findings]:
    """A submission's answers, in the file's order, one for each id, and everything that is wrong with the file.

    `name` tells the format (.jsonl, .json, .csv; otherwise the first character does). Where there are findings, the
    answers are those of the records that were good. Never raises for any bytes.
    """
    reading = read(data, format_of(name, data[:64]) or "jsonl", limits)
    return reading.answers, reading.findings.in_file(name)


def read_references(data: bytes, name: str, limits: Limits | None = None) -> list[Reference]:
    """The truth of a phase, in the file's order: the formats of a submission, an optional `category`, and
    optional `directions`, one of A, B, tie, mixed for each claim of the explanation.

    The RAIM-PIQA training JSONL is read as it is. Without `category`, ids that begin with p_ are person, with s_ scene,
    others None. Raises Invalid with all findings.
    """
    reading = read(data, format_of(name, data[:64]) or "jsonl", limits or Limits(), truth=True)
    if reading.findings:
        raise Invalid(reading.findings.in_file(name))
    return [
        Reference(
            one.item_id,
            one.answer,
            one.explanation,
            reading.categories.get(one.item_id, _category(one.item_id)),
            reading.directions.get(one.item_id, ()),
        )
        for one in reading.answers
    ]


def write_answers(answers: Iterable[Answer]) -> bytes:
    """The canonical file: JSON Lines of id, answer, explanation, sorted by id; `read_answers` reads the same back."""
    return _lines([{"id": one.item_id, "answer": one.answer, "explanation": one.explanation} for one in answers])


def write_references(references: Iterable[Reference]) -> bytes:
    """The canonical truth: as `write_answers`, with category and directions if any; `read_references` reads it."""
    rows = []
    for one in references:
        row: dict[str, object] = {"id": one.item_id, "answer": one.answer, "explanation": one.explanation}
        row |= {} if one.category is None else {"category": one.category}
        rows.append(row | ({"directions": list(one.directions)} if one.directions else {}))
    return _lines(rows)


def read(data: bytes, form: Format, limits: Limits, *, truth: bool = False) -> Reading:
    """Reads a predictions file, or with `truth` a truth file; never raises for any bytes.

    Findings and warnings have lines and item ids, but no file: the caller knows its name. Of records with the same id
    the first counts and the others are findings.
    """
    reading = Reading()
    several: list[str] = []
    for row in read_rows(data, form, reading.findings, limits):
        if not isinstance(row.value, dict):
            message = f"There is {_kind(row.value)} where a record should be."
            reading.findings.add("not_a_record", message, line=row.line, item_id=row.key)
            continue
        record = _Record(row.value, row.key, row.line, reading.findings, limits, truth)
        _read_record(record, reading, several)
    if several:
        message = f"{len(several)} records hold more than one explanation field, the first of them {shown(several[0])}."
        reading.warnings.add("several_explanations", message)
    if not reading.answers and not reading.findings:
        reading.findings.add("no_usable_record" if data else "empty_file")
    return reading


def _read_record(record: _Record, reading: Reading, several: list[str]) -> None:
    item_id = record.item_id = _item_id(record)
    if item_id is not None and item_id in reading.lines:
        first = reading.lines[item_id]
        record.fault("duplicate_id", f"The pair {shown(item_id)} already has a record on line {first}.")
    elif item_id is not None:
        reading.lines[item_id] = record.line
    responses = [read_response(text) for _, text in record.given("response") if isinstance(text, str)]
    answer = _answer(record, responses)
    explanation = _explanation(record, responses)
    category = _given_category(record) if record.truth else None
    directions = _given_directions(record, explanation) if record.truth else ()
    if record.good and item_id is not None and answer is not None and explanation is not None:
        if directions:
            reading.directions[item_id] = directions
        reading.answers.append(Answer(item_id, answer, explanation))
        if category is not None:
            reading.categories[item_id] = category
        if len({value for _, value in record.given("explanation") if isinstance(value, str)}) > 1:
            several.append(item_id)


def _item_id(record: _Record) -> str | None:
    """The pair that the record is about, by its id fields, its images and its key, which must agree."""
    named = [value for _, value in record.given("id")] + ([record.key] if record.key else [])
    ids: dict[str, None] = {}
    for value in named:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            record.fault("bad_id", f"The id is {_kind(value)}.")
            return None
        if not _is_writable(record, str(value), "id"):
            return None
        ids[_form(str(value))] = None
    images = record.fields.get(IMAGES)
    for path in images if isinstance(images, list) else [images] if images else []:
        found = _pair_of(path)
        if found is not None:
            ids[found] = None
        elif not named:
            record.fault("bad_id", f"The image name {shown(str(path))} names no pair.")
            return None
    ids.pop("", None)
    if len(ids) > 1:
        record.fault("ids_differ", f"The record names {' and '.join(shown(one) for one in list(ids)[:3])}.")
        return None
    if not ids:
        record.fault("missing_field", "The record has no id: no id, pair_id or image_id, and no images.")
        return None
    item_id = next(iter(ids))
    if len(item_id) > record.limits.id_chars:
        record.fault("bad_id", f"The id has {len(item_id):,} characters; {record.limits.id_chars} are allowed.")
        return None
    return item_id


def _pair_of(path: object) -> str | None:
    """The pair's id in the name of one of its images.

    >>> _pair_of("./images/p_000_merged_c0.jpg"), _pair_of("s_017.png"), _pair_of("left.png")
    ('p_000', 's_017', None)
    """
    if not isinstance(path, str) or len(path) > _PATH_CHARS or _UNWRITABLE.search(path):
        return None
    name = re.split(r"[\\/]", path)[-1]
    match = _MERGED.fullmatch(name) or _NUMBERED.match(name)
    return _form(match[1]) if match else None


def _answer(record: _Record, responses: list[Response]) -> Choice | None:
    """The one choice of the record, from answer fields and raw responses, which must agree."""
    stated = record.given("answer")
    tagged = [text for response in responses for text in response.answers]
    # A response that is only a letter, as in {"prediction": "A"}, is an answer too.
    bare = [text for _, text in record.given("response") if isinstance(text, str) and text.strip() in _CHOICES]
    told = [value for _, value in stated] + tagged + bare
    choices: set[Choice] = set()
    for value in told:
        choice = _CHOICES.get(value.strip()) if isinstance(value, str) else None
        if choice is None:
            shape = f"The answer is {shown(value)}" if isinstance(value, str) else f"The answer is {_kind(value)}"
            record.fault("bad_answer", f"{shape}; it must be A or B.")
            return None
        choices.add(choice)
    if len(choices) > 1:
        record.fault("two_answers")
    elif not choices and responses:
        record.fault("missing_answer")
    elif not choices:
        record.fault("missing_field", "The record has no answer.", "Give each record an answer, A or B.")
    return choices.pop() if len(choices) == 1 else None


def _explanation(record: _Record, responses: list[Response]) -> str | None:
    """The explanation in its one form; an explanation field goes before the thinking of a raw response."""
    stated = record.given("explanation")
    if stated:
        name, value = stated[0]
        if not isinstance(value, str):
            record.fault("bad_explanation", f"The {name} is {_kind(value)}.")
            return None
        return _explanation_text(record, value)
    thoughts = [response.thinking for response in responses if response.thinking is not None]
    if thoughts:
        return _explanation_text(record, thoughts[0].replace('""', '"') if record.truth else thoughts[0])
    if any(record.fields.get(name) == "" for name in ALIASES["explanation"]):
        return ""
    if responses:
        record.fault("missing_explanation")
    else:
        fix = 'Give each record an explanation; "" says that there is none.'
        record.fault("missing_field", "The record has no explanation.", fix)
    return None


def _explanation_text(record: _Record, text: str) -> str | None:
    # The length is looked at first, so that the time for the rest is bounded; the form of a text may be longer still.
    limit = record.limits.explanation_chars
    if len(text) <= limit:
        if not _is_writable(record, text, "explanation"):
            return None
        text = _form(text)
    if len(text) > limit:
        record.fault("explanation_too_long", f"The explanation has {len(text):,} characters; {limit:,} are allowed.")
        return None
    return text


def _given_category(record: _Record) -> str | None:
    value = record.fields.get("category")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _CATEGORY_CHARS:
        record.fault("bad_category")
        return None
    return (_form(value) or None) if _is_writable(record, value, "category") else None


def _given_directions(record: _Record, explanation: str | None) -> tuple[str, ...]:
    """The organizer's directions of the claims, one for each claim that the parser finds."""
    value = record.fields.get("directions")
    if value is None or value == "" or explanation is None:
        return ()
    given = value.split() if isinstance(value, str) else value
    if not isinstance(given, list) or not all(one in DIRECTIONS for one in given):
        record.fault("bad_directions")
        return ()
    claims = len(claims_of(explanation))
    if len(given) != claims:
        record.fault("bad_directions", f"There are {len(given)} directions for {claims} claims.")
        return ()
    return tuple(given)


def _category(item_id: str) -> str | None:
    return _CATEGORIES.get(item_id[0]) if item_id[1:2] == "_" else None


def _is_writable(record: _Record, text: str, what: str) -> bool:
    """False, after a finding, where the text holds what no text should: control characters, halves of pairs, piles of
    combining marks (bringing those into NFC takes time quadratic in their number)."""
    match = _UNWRITABLE.search(text)
    if match is None and not text.isascii() and (pile := _piles().search(text)):
        record.fault("too_many_marks", f"Character {pile.start()} of the {what} carries more than {_MARKS} marks.")
        return False
    if match is None:
        return True
    code = "lone_surrogate" if "\ud800" <= match[0] <= "\udfff" else "control_character"
    record.fault(code, f"Character {match.start() + 1} of the {what} is U+{ord(match[0]):04X}.")
    return False


@functools.cache
def _piles() -> re.Pattern[str]:
    marks = "".join(character for character in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(character))
    return re.compile(f"[{marks}]{{{_MARKS + 1}}}")


def _form(text: str) -> str:
    """The one form of a text: NFC, line ends as one newline, nothing blank around it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return unicodedata.normalize("NFC", plain).strip()


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    rows = sorted(rows, key=lambda row: str(row["id"]))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
