"""The LLM judge's endpoint: chat completions in OpenAI's form, with retries, a budget and a cache.

Decision: address and key are the operator's (PALMARES_LLM_URL, PALMARES_LLM_API_KEY), never a plan's: a bundle could
else send the key and the texts anywhere. Redirects are not followed, and no error carries an answer's body, which may
repeat the key. A question is asked again, with growing pauses or the endpoint's Retry-After, when it was not answered
or not in the form asked for; then the judgement fails, typed, and is made again later from the cache on. Calls count
before they are sent, so the budget holds whatever the endpoint does. tenacity was rejected: one loop does.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..scoring.entailment import JudgeNotConfigured
from ..scoring.llm_prompt import SCHEMA, Grades, LlmJudge, LlmJudgeUnavailable, Question, parse
from .cache import Cache

if TYPE_CHECKING:
    import httpx2

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds; a longer Retry-After is not waited for."""
PARALLEL = 4
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the operator lets judges ask: base address (`https://…/v1`), key, and the models allowed (empty: all)."""

    url: str
    api_key: SecretStr | None = field(default=None, repr=False)
    model_allow: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, api_key: SecretStr | None, model_allow: str) -> Endpoint:
        """The endpoint of the three settings; the allowed models are separated by commas."""
        key = api_key.get_secret_value().strip() if api_key else ""
        return cls(
            url.strip(),
            SecretStr(key) if key else None,
            tuple(name.strip() for name in model_allow.split(",") if name.strip()),
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Endpoint:
        """The endpoint of PALMARES_LLM_URL, PALMARES_LLM_API_KEY and PALMARES_LLM_MODEL_ALLOW."""
        url, key, allowed = (environment.get(f"PALMARES_LLM_{name}", "") for name in ("URL", "API_KEY", "MODEL_ALLOW"))
        return cls.of(url, SecretStr(key), allowed)

    def require(self, options: LlmJudge) -> None:
        """Raises JudgeNotConfigured where this endpoint cannot serve a plan's `llm_judge`."""
        if not self.url:
            raise JudgeNotConfigured(
                "The plan asks for an `llm_judge`, and no endpoint is set up here.",
                "Set PALMARES_LLM_URL (and PALMARES_LLM_API_KEY), or leave `llm_judge` out of the plan.",
            )
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise JudgeNotConfigured(
                "PALMARES_LLM_URL is not an address such as https://llm.example.org/v1.",
                "Give scheme, host and path only; the key belongs into PALMARES_LLM_API_KEY.",
            )
        key = self.api_key.get_secret_value() if self.api_key else ""
        if not key.isascii() or not key.isprintable() or " " in key:
            raise JudgeNotConfigured(
                "PALMARES_LLM_API_KEY holds signs that no key has.", "Copy it again, without spaces and line ends."
            )
        if self.model_allow and options.model not in self.model_allow:
            raise JudgeNotConfigured(
                f"The model {options.model!r} is not allowed for an `llm_judge` here.",
                f"Use one of: {', '.join(self.model_allow)}.",
            )


class _Retry(Exception):
    """The question may be asked again: why, and after which pause in seconds (None: ours)."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        self.pause = pause
        super().__init__(reason)


class ChatJudge:
    """Rates the questions of one judgement at an endpoint. `calls` and `tokens` tell what it has spent."""

    def __init__(
        self,
        endpoint: Endpoint,
        options: LlmJudge,
        cache_folder: Path | None,
        pause: Callable[[float], object] = sleep,
    ) -> None:
        """Raises JudgeNotConfigured. `cache_folder` None: nothing is kept."""
        endpoint.require(options)
        self.model = options.model
        self.calls = 0
        self.tokens = 0
        self._endpoint = endpoint
        self._options = options
        self._cache = Cache(cache_folder)
        self._pause = pause
        self._lock = threading.Lock()

    def __call__(self, questions: Sequence[Question]) -> list[Grades]:
        """The grades of each question, in order, from the cache or the endpoint. Raises LlmJudgeUnavailable."""
        import httpx2

        known = {key: self._cache.get(key) for key in map(self._key, questions)}
        missing = [one for one in questions if known[self._key(one)] is None]
        if self.calls + len(missing) > self._options.most_calls:
            raise self._over(f"{len(missing)} questions are more than its {self._options.most_calls} calls")
        with (
            httpx2.Client(timeout=self._options.timeout_seconds, trust_env=not self._loopback) as client,
            ThreadPoolExecutor(PARALLEL, thread_name_prefix="llm") as pool,
        ):
            asked = [pool.submit(self._ask, client, one) for one in missing]
            try:
                fresh = [one.result() for one in asked]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        answered = {**known, **dict(zip(map(self._key, missing), fresh, strict=True))}
        return [grades for one in questions if (grades := answered[self._key(one)]) is not None]

    @property
    def _loopback(self) -> bool:
        return urlsplit(self._endpoint.url).hostname in LOOPBACK

    def _key(self, question: Question) -> str:
        body = self._body(question)
        material = json.dumps([self._endpoint.url, question.round, body], sort_keys=True)
        return hashlib.sha256(material.encode()).hexdigest()

    def _body(self, question: Question) -> dict[str, Any]:
        options = self._options
        body: dict[str, Any] = {
            "model": options.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            "temperature": options.temperature,
            "max_tokens": options.max_tokens,
        }
        if options.response_format == "json_schema":
            schema = {"name": "grades", "strict": True, "schema": SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif options.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def _ask(self, client: httpx2.Client, question: Question) -> Grades:
        """One question until it is answered well; the answer is kept."""
        for tried in range(self._options.retries + 1):
            try:
                grades = self._once(client, question)
            except _Retry as error:
                pause = FIRST_PAUSE * 2**tried if error.pause is None else error.pause
                if tried == self._options.retries or pause > LONGEST_PAUSE:
                    raise LlmJudgeUnavailable(
                        f"The LLM judge gave no usable answer in {tried + 1} tries; the last time: {error}."
                    ) from None
                self._pause(pause)
            else:
                self._cache.put(self._key(question), grades)
                return grades
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, client: httpx2.Client, question: Question) -> Grades:
        import httpx2

        body = self._body(question)
        expected = len(question.system + question.user) // 3 + self._options.max_tokens
        self._spend(expected)
        key = self._endpoint.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        try:
            response = client.post(self._endpoint.url.rstrip("/") + "/chat/completions", json=body, headers=headers)
        except httpx2.TimeoutException:
            raise _Retry(f"no answer within {self._options.timeout_seconds:g} s") from None
        except httpx2.TransportError as error:
            raise _Retry(f"no connection ({type(error).__name__})") from None
        if response.status_code in AGAIN:
            raise _Retry(f"status {response.status_code}", _retry_after(response))
        if not response.is_success:
            raise LlmJudgeUnavailable(
                f"The LLM judge's endpoint answered with status {response.status_code}.",
                "Operators: check PALMARES_LLM_URL, PALMARES_LLM_API_KEY, the model's name and `response_format`.",
            )
        reply, used = _read(response)
        with self._lock:
            self.tokens += used - expected if used > 0 else 0
        try:
            return parse(reply)
        except ValueError as error:
            raise _Retry(str(error)) from None

    def _spend(self, expected: int) -> None:
        """Count a call and the tokens it may take, before it is sent."""
        with self._lock:
            if self.calls + 1 > self._options.most_calls:
                raise self._over(f"{self.calls} calls are made")
            if self.tokens + expected > self._options.most_tokens:
                raise self._over(f"{self.tokens} tokens are used")
            self.calls += 1
            self.tokens += expected

    @staticmethod
    def _over(what: str) -> LlmJudgeUnavailable:
        return LlmJudgeUnavailable(
            f"The LLM judge's budget for one judgement does not suffice: {what}.",
            "Organizers: raise `llm_judge.most_calls` or `most_tokens`, or ask fewer `rounds`.",
        )


def _read(response: httpx2.Response) -> tuple[str, int]:
    """Text and number of tokens (0: not told) of a completion; anything but the form of one is asked again."""
    try:
        document = response.json()
        reply = document["choices"][0]["message"]["content"]
        used = (document.get("usage") or {}).get("total_tokens") or 0
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _Retry("the answer is no chat completion") from None
    if not isinstance(reply, str) or not isinstance(used, int):
        raise _Retry("the answer is no chat completion")
    return reply, used


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
