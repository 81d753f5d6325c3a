"""What is wrong with a file, said so that its author can mend it.

Decision: a finding is a value with a stable snake_case code, a place and two sentences: what was found (from the file
itself, never from the hidden truth) and how to mend it. The table below is the one list of codes; docs/findings.md has
the same sentences with examples, and a test keeps both equal. All findings of a file are reported at once: the first
hundred in full, the rest counted. Text taken from a file is shown with control and bidirectional characters escaped, so
that a file name cannot draw on the reader's terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

KEPT = 100
"""How many findings are kept in full."""

_TABLE: dict[str, tuple[str, str]] = {
    # The file as a whole
    "not_an_archive": (
        "The file is neither a zip nor a predictions file.",
        "Send a zip with one predictions file in it, or the bare .jsonl, .json or .csv file.",
    ),
    "empty_file": (
        "The file is empty.",
        "Check that the program that writes it has finished, and send it again.",
    ),
    "too_large": (
        "The file is larger than what may be sent.",
        "Send only the predictions file, zipped.",
    ),
    "unreadable": (
        "The file could not be read for a reason that we did not foresee.",
        "Pack it anew with an ordinary zip program; if it stays, report it to the organizers with this code.",
    ),
    # The zip
    "truncated": ("The zip ends too early.", "Upload the file again; if it stays, pack it anew."),
    "trailing_data": ("There are bytes behind the end of the zip.", "Pack the file anew with an ordinary zip program."),
    "leading_data": (
        "There are bytes before the beginning of the zip (a self-extractor, or another file glued in front).",
        "Pack a plain zip with an ordinary zip program.",
    ),
    "hidden_data": (
        "The zip holds bytes that belong to none of its listed members.",
        "Pack the file anew with an ordinary zip program.",
    ),
    "header_mismatch": (
        "The zip contradicts itself: two of its headers say different things.",
        "Pack the file anew with an ordinary zip program.",
    ),
    "overlapping_entries": (
        "Members of the zip share the same bytes, as in a zip bomb.",
        "Pack the file anew with an ordinary zip program.",
    ),
    "split_archive": ("The zip is one part of a split archive.", "Pack everything into a single zip."),
    "encrypted": ("A member of the zip is encrypted.", "Pack the file without a password."),
    "unsupported_compression": (
        "A member is compressed by a method other than store or deflate.",
        "Pack the file with the zip program's ordinary settings (method deflate).",
    ),
    "too_many_files": ("The zip has too many entries.", "Pack only the predictions file."),
    "too_large_uncompressed": (
        "Unpacked, the zip is larger than allowed.",
        "Pack only the predictions file, and look for overlong texts in it.",
    ),
    "compression_ratio": (
        "A member unpacks to far more than honest predictions do, as in a zip bomb.",
        "Pack only the predictions file; if it is honest, send it without zip.",
    ),
    "unsafe_path": (
        "A member's name is not a plain relative path.",
        "Pack the file from inside its folder, with a short plain name such as predictions.jsonl.",
    ),
    "special_file": (
        "A member is a link, a device or another special file.",
        "Pack the file itself, not a link to it.",
    ),
    "duplicate_name": (
        "Two members have the same name (upper and lower case count as the same).",
        "Keep one of them, or give them different names.",
    ),
    "nested_archive": (
        "An archive is inside the zip.",
        "Pack the predictions file itself, not an archive of it.",
    ),
    "size_mismatch": (
        "A member unpacks to another size than the zip says.",
        "Pack the file anew with an ordinary zip program.",
    ),
    "bad_checksum": (
        "A member's checksum is wrong: its bytes changed.",
        "Upload the file again, or pack it anew.",
    ),
    "corrupt_data": ("A member's compressed data is broken.", "Upload the file again, or pack it anew."),
    "no_predictions_file": (
        "The zip has no predictions file at its root or inside one folder.",
        "Put one .jsonl, .json or .csv file at the root of the zip.",
    ),
    "several_predictions_files": (
        "The zip has more than one file that could be the predictions.",
        "Leave only one .jsonl, .json or .csv file in the zip.",
    ),
    # The predictions file
    "predictions_too_large": (
        "The predictions file is larger than allowed.",
        "Shorten the explanations, or write JSON Lines instead of one JSON document.",
    ),
    "not_utf8": ("The text is not UTF-8.", "Save the file as UTF-8."),
    "wrong_format": (
        "The content is of another format than the file's name says.",
        "Name it by its format: .jsonl for a record per line, .json for one document, .csv for a table.",
    ),
    "invalid_json": (
        "This is not valid JSON.",
        "Write the file with a JSON library (in Python: json.dumps), not by joining texts.",
    ),
    "invalid_csv": (
        "This is not valid CSV.",
        "Write the file with a CSV library (in Python: csv.writer), which quotes commas and quotes for you.",
    ),
    "csv_header_missing": (
        "The first line of the CSV does not name the needed columns.",
        "Begin with a line such as: id,answer,explanation.",
    ),
    "wrong_cell_count": (
        "A CSV row has more or fewer cells than the header.",
        "Quote cells that hold commas, quotes or line ends.",
    ),
    "too_many_records": ("The file has too many records.", "Send one record for each pair of the phase."),
    "no_usable_record": ("The file holds no record.", "Write one record for each pair of the phase."),
    # One record
    "not_a_record": ("This is not a record.", "Write an object with id, answer and explanation."),
    "record_too_large": ("A record is too large.", "Keep id, answer and explanation, and drop other fields."),
    "too_deep": ("A record is nested too deeply.", "Write a flat object with id, answer and explanation."),
    "duplicate_key": ("An object names the same field twice.", "Keep one of them."),
    "not_finite": (
        "NaN, Infinity or a number too large for JSON.",
        "Leave the field out, or write null or a finite number.",
    ),
    "missing_field": (
        "A record lacks a needed field.",
        "Give each record id, answer and explanation, or id and response.",
    ),
    "bad_id": ("The id is not a usable text.", "Write the id of the pair as in the phase's data, such as p_000."),
    "ids_differ": (
        "One record names two different pairs.",
        "Write one record per pair, with its images only.",
    ),
    "bad_answer": ("The answer is neither A nor B.", 'Write "A" or "B".'),
    "two_answers": ("One record gives two different answers.", "Keep the one that you mean."),
    "missing_answer": (
        "The raw response has no <answer>…</answer>.",
        "End the response with <answer>A</answer> or <answer>B</answer>.",
    ),
    "missing_explanation": (
        "The raw response has no <thinking>…</thinking>.",
        "Put the explanation between <thinking> and </thinking>, before the answer.",
    ),
    "bad_explanation": ("The explanation is not a text.", 'Write the explanation as one text; "" if there is none.'),
    "bad_directions": (
        "The directions are no list of A, B, tie and mixed, one for each claim.",
        "Write them with palmares truth claims export and import, or leave them out.",
    ),
    "bad_category": ("The category is not a short text.", 'Write a short text such as "person", or leave it out.'),
    "explanation_too_long": ("An explanation is too long.", "Shorten it."),
    "control_character": (
        "A text holds a control character other than tab and line end.",
        "Remove the character.",
    ),
    "too_many_marks": (
        "A character carries more combining marks than any script has.",
        "Remove the marks (accents piled on one letter).",
    ),
    "lone_surrogate": (
        "A text holds half of a character pair, which is no text in any encoding.",
        "Do not cut texts in the middle of a \\ud83d\\ude00 pair; in Python, write with ensure_ascii=False.",
    ),
    "duplicate_id": ("Two records are about the same pair.", "Keep one record per pair."),
    "unknown_id": (
        "The id is not one of this phase's pairs.",
        "Check that the file was made for this phase; the ids are the names of its images up to _merged.",
    ),
    # Warnings
    "missing_pairs": (
        "Some pairs of the phase have no record. Warning: they count as wrong, with an empty explanation.",
        "Write one record for each pair of the phase.",
    ),
    "extra_files": (
        "The zip holds other files beside the predictions. Warning: they are ignored.",
        "Nothing needs to be done; to be tidy, pack only the predictions file.",
    ),
    "several_explanations": (
        "Records hold more than one field that could be the explanation. Warning: the first of explanation, thinking, "
        "reason, rationale is taken.",
        "Keep one explanation field per record.",
    ),
}

CODES: dict[str, str] = {code: meaning for code, (meaning, _) in _TABLE.items()}
"""Every finding code and what it means, in the order of docs/findings.md."""

FIXES: dict[str, str] = {code: fix for code, (_, fix) in _TABLE.items()}
"""Every finding code and how to mend it, where the finding itself does not know better."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a file.

    `code` is one of CODES; `file` is a display-safe member or file name; `line` is the physical line, from 1; `item_id`
    the display-safe id of the record, where it is known.
    """

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    item_id: str | None = None
    fix: str = ""

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as plain values: code, message, file, line, item_id, fix."""
        return {
            "code": self.code,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "item_id": self.item_id,
            "fix": self.fix,
        }


@dataclass(slots=True)
class Findings:
    """Collects findings: the first hundred in full (`kept`), all of them counted (`total`)."""

    kept: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(
        self,
        code: str,
        message: str = "",
        *,
        file: str | None = None,
        line: int | None = None,
        item_id: str | None = None,
        fix: str = "",
    ) -> None:
        """Adds a finding; message and fix default to the code's own. Raises KeyError for an unknown code."""
        meaning, mend = _TABLE[code]
        self.total += 1
        if len(self.kept) < KEPT:
            safe_file = None if file is None else shown(file, 120)
            safe_id = None if item_id is None else shown(item_id, 200)
            self.kept.append(Finding(code, message or meaning, safe_file, line, safe_id, fix or mend))

    def extend(self, other: Findings) -> None:
        """Takes over the findings of another collector, counting those that it did not keep."""
        self.kept.extend(other.kept[: KEPT - len(self.kept)])
        self.total += other.total

    def in_file(self, name: str) -> Findings:
        """A copy in which findings without a file are in the file `name`."""
        kept = [one if one.file else replace(one, file=shown(name, 120)) for one in self.kept]
        return Findings(kept, self.total)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.kept)

    def __len__(self) -> int:
        return self.total


class Invalid(Exception):
    """A file that cannot be taken; `findings` are the first hundred things that are wrong, `total` is their number."""

    def __init__(self, findings: Findings) -> None:
        self.findings: list[Finding] = findings.kept
        self.total: int = findings.total
        super().__init__(findings.kept[0].message if findings.kept else "")

    @classmethod
    def because(cls, code: str, message: str = "", **where: str) -> Invalid:
        """An Invalid of one finding; the arguments are those of `Findings.add`."""
        findings = Findings()
        findings.add(code, message, file=where.get("file"), fix=where.get("fix", ""))
        return cls(findings)


def shown(text: str, limit: int = 60) -> str:
    r"""Text from outside, made safe to show: at most `limit` characters, invisible ones escaped.

    >>> shown("p\u202egpj.exe")
    'p\\u202egpj.exe'
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(_shown_character(character) for character in cut)


def _shown_character(character: str) -> str:
    # C*: control, format (bidi, zero-width), surrogate, private, unassigned; Zl and Zp: line and paragraph separators.
    category = unicodedata.category(character)
    if category[0] != "C" and category not in ("Zl", "Zp"):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
