"""The language of a page: chosen by cookie, else by what the browser asks for; texts, dates and numbers follow it.

Decision: the catalogues are read as .po files when the process starts (milliseconds), so nothing compiled is checked in
and no build step can be forgotten. English is the language of the sources and has no catalogue.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from fastapi import Request

FOLDER = Path(__file__).with_name("locale")
COOKIE = "lang"
LANGUAGES = {"en": "English", "de": "Deutsch"}
_current: ContextVar[str] = ContextVar("language", default="en")


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language, from all its files (one per kind of reader); English is what the sources say."""
    if language == "en":
        return NullTranslations()
    texts = Catalog(locale=language)
    for part in sorted(FOLDER.glob(f"{language}*.po")):
        with part.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    texts[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language to answer in: the cookie's, else the best of `Accept-Language`, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wishes = []
    for part in request.headers.get("accept-language", "")[:200].split(","):
        name, _, quality = part.partition(";q=")
        try:
            wishes.append((-float(quality or 1), name.strip().replace("-", "_")))
        except ValueError:
            continue
    ordered = [name for _, name in sorted(wishes, key=lambda wish: wish[0])]
    return negotiate_locale(ordered, list(LANGUAGES)) or "en"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within this block, texts, dates and numbers are in this language."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> str:
    """The language spoken right now."""
    return _current.get()


def gettext(message: str) -> str:
    """A text in the language spoken."""
    return catalogue(current()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """A text for a number of things, in the language spoken."""
    return catalogue(current()).ngettext(singular, plural, count)


def written_moment(at: datetime) -> str:
    """A time in UTC, as the language writes it; English writes ISO 8601."""
    utc = at.astimezone(UTC)
    if current() == "en":
        return utc.strftime("%Y-%m-%d %H:%M")
    return format_datetime(utc, "medium", locale=Locale.parse(current())).rsplit(":", 1)[0]


def written_span(count: int, unit: Literal["day", "hour", "minute"]) -> str:
    """A length of time in one unit, as the language writes it: `3 days`, `3 Tage`."""
    length = timedelta(**{f"{unit}s": count})
    return format_timedelta(length, granularity=unit, threshold=10**6, locale=Locale.parse(current()))


def written_number(value: float, places: int) -> str:
    """A number with that many decimals, as the language writes it."""
    plain = f"{value:.{places}f}"
    if current() == "en":
        return plain
    pattern = "0" if places == 0 else "0." + "0" * places
    return format_decimal(plain, pattern, locale=Locale.parse(current()))
