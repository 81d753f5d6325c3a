"""The names of the two images in a text, brought to one form: the words `imga`, `imgb` and `imgab` (both).

Decision: texts call the sides Image A, A/Left, the right photo, the first one, the former; everything after this step
sees one name. A bare capital A or B is a name, an A that opens a sentence only before a verb (else it is an article);
left and right only where they mean a picture ("the right of the eye" does not). Look-alike letters and invisible
characters are folded first, so that a text cannot look like one thing and be read as another.
"""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[^\S\n]+")
A, B, BOTH = "imga", "imgb", "imgab"

# Cyrillic and Greek letters that look like Latin ones; compatibility forms (fullwidth, bold, circled) fold by NFKC.
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсухкмтвнԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορτυχικ’‘´`“”–—−",
    "ABESIJKMHOPCTXYaesijopcyxkmtbhdqwhABEZHIKMNOPTYXavoptuxik''''\"\"---",
)
_NOUN = (
    r"(?:images?|photo(?:graph)?s?|pictures?|pics?|shots?|frames?|versions?|candidates?|options?|samples?|renditions?"
    r"|renderings?|side|half|panel|file|crop|capture|one|bild|foto)"
)
_LETTER = {
    "a": A,
    "b": B,
    "1": A,
    "2": B,
    "one": A,
    "two": B,
    "left": A,
    "right": B,
    "first": A,
    "second": B,
    "former": A,
    "latter": B,
}
_PART = (
    r"(?:eyes?|ears?|cheeks?|hands?|arms?|shoulders?|legs?|eyebrows?|brows?|of|corner|edge|foot|knee|elbow|temple|third"
    r"|border|away|angle|amount|balance|place|way|time|tone|impressions?|looks?|view|sight|things|moment|step|part|point|row|thing|direction|answer|choice|glance)"
)
_VERBISH = (
    r"(?:has|is|was|does|did|(?:is|has|was|does|did|ca|could|would|wo)n't|also|and|or|but|over|for|to|by|wins?|alone|then|still|just|only|simply|clearly|too|in|at|on"
    r"|looks?|feels?|falls?|lets?|would|could|can|may|might|must|will|though|however|itself|here|there|all|"
    r"(?!(?:less|glass|dress|focus|lens|mess|loss|sheer|plus|gloss|grass|moss|cross|class|bias|canvas|process|softness"
    r"|harshness|sharpness|seamless|flawless|lifeless|previous|serious|obvious|various|conspicuous|noticeable|famous)\b)"
    r"[a-z]{3,}s)"
)
_RULES = [
    # Image A (Left), photo B, A/Left, option 1
    (
        rf"\b{_NOUN}\s*[#(\[]?\s*(?P<s>[ab12]|one(?! of\b)|two)\b[)\]]?(?:'s)?"
        r"(?:\s*[(/\[]\s*(?:the )?(?:left|right)\b[^)\]\s,.;:]*[)\]]?)?",
        "i",
    ),
    (r"\b(?P<s>[AB])\s*[(/]\s*(?:left|right)\s*\)?", "i"),
    (r"\b(?P<s>left|right)\s*[(/]\s*(?:image |photo )?[AB]\b\s*\)?", "i"),
    (r"(?:左|A)(?:图|圖|边|邊|側|侧)|图\s*A|图像\s*A", "A"),
    (r"(?:右|B)(?:图|圖|边|邊|側|侧)|图\s*B|图像\s*B", "B"),
    # the left-hand photo, the second one, left shot
    (
        r"\b(?:the |that )?(?P<s>left|right|first|second|former|latter)"
        rf"(?:[- ]hand)?(?:[- ]side)?(?: side)? {_NOUN}\b(?:'s)?",
        "i",
    ),
    (rf"\b{_NOUN} (?:on|to|at) the (?P<s>left|right)\b(?! of)", "i"),
    (
        r"\b(?:on|for|at|from|with|than|to|in) (?:the |its )?(?P<s>left|right)"
        rf"(?:[- ]hand side)?\b(?!,? {_PART}\b)(?:'s)?",
        "i",
    ),
    (rf"\b(?:the|that) (?P<s>left|right|first|second|former|latter)\b(?! {_PART}\b)(?:'s)?", "i"),
    (r"\b(?:go|goes|going|went|pick|choose|prefer|take|vote|say|favou?rs?) (?P<s>left|right)\b", "i"),
    (
        r"(?:^|(?<=[.;:!?\n]))\s*(?P<s>Left|Right)\b"
        r"(?=(?: \w+s\b|[.,:;'-]| is| has| was| for| it| all| by| over))(?:'s)?",
        "",
    ),
    (r"\b(?P<s>former|latter)\b(?:'s)?", "i"),
    (r"\bnumber (?P<s>one|two)\b(?:'s)?", "i"),
    (r"\b(?P<s>B)\b(?!/W|&W|[-+])(?:'s)?", ""),
    (
        r"(?<=[\w,;] )(?P<s>A)\b(?:'s)?|(?<=[(\"'/-])(?P<s2>A)\b(?:'s)?"
        rf"|\b(?P<s3>A)\b(?:'s\b|(?=[,.:;)?!]| {_VERBISH}\b))",
        "",
    ),
]
_COMPILED = [(re.compile(pattern, re.IGNORECASE if flag == "i" else 0), flag) for pattern, flag in _RULES]
_LINK = r"(?:and|or|nor|&|vs\.?|versus|as well as)"
_BOTH = re.compile(
    rf"\b(?:both |the two |either |neither )?(?:{A} {_LINK} {B}|{B} {_LINK} {A})\b"
    rf"|\b(?:both|the two|either|neither|these two) (?:of the )?(?:two )?{_NOUN}\b"
    r"|\bthe two\b|\b(?:both|either|neither)(?= (?:sides?|faces?|of them)\b)|\bboth\b(?=[ ,])"
    r"|\bin (?:both|each|either)\b(?=\s*(?:[.,;:!?)]|$))|\bboth times\b|\bin the pair\b"
    r"|\beach other\b|\bone another\b|\bthe (?:images|photos|pictures)\b|(?:^|(?<=[.;:\n]))\s*neither\b(?=[ ,])",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:the other(?: one| image| photo| picture| shot)?"
    r"|its (?:neighbou?r|rival|counterpart|competitor|opponent|sibling|twin))\b(?! hand)"
)
_SEEN = re.compile(rf"\b(?:{A}|{B})\b|" + _OTHER.pattern)


def folded(text: str) -> str:
    """The text in compatibility form, look-alike letters as Latin ones, without characters that nobody sees.

    >>> folded("Ima\\u200bge А")
    'Image A'
    """
    plain = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    seen = "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Co", "Mn"))
    return _BLANKS.sub(" ", seen)


def named(text: str) -> str:
    """The text with every name of a side as ` imga `, ` imgb ` or ` imgab `, all in lower case.

    >>> named("Image B/Right is crisp; the left one less so.")
    ' imgb is crisp; imga less so.'
    """
    out = folded(text)
    for pattern, flag in _COMPILED:
        out = pattern.sub(f" {_LETTER[flag.lower()]} " if flag in ("A", "B") else _side, out)
    out = _BLANKS.sub(" ", out.lower())
    out = _BOTH.sub(lambda match: f" {'neither' * match[0].lstrip().startswith('neither')} {BOTH} ", out)
    return _resolve_other(out)


def _side(match: re.Match[str]) -> str:
    found = next(value for value in match.groupdict().values() if value)
    lead = "\n" if match[0].startswith("\n") else ""
    return f"{lead} {_LETTER[found.lower()]} "


def _resolve_other(text: str) -> str:
    """`the other` names the side that was not named last."""
    last: str | None = None

    def swap(match: re.Match[str]) -> str:
        nonlocal last
        if match[0] in (A, B):
            last = match[0]
            return match[0]
        if last is None or re.search(
            r"\bone (?:side|flank|part|half|eye)?\b", text[max(0, match.start() - 90) : match.start()]
        ):
            return match[0]
        last = B if last == A else A
        return f" {last} "

    return _SEEN.sub(swap, text)
