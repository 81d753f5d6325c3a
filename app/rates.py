"""Rates that protect the machine, in Redis, or in this process when Redis is away: log-in, sign-up, and all requests.

Decision: `limits` keeps the counts. Log-ins and sign-ups move in exact windows, because guessing must not profit from
their edges; requests are counted in fixed windows of the clock, which is one question to Redis, and what is left and
when it resets goes into the headers of every answer. Submission limits are not here: they live in PostgreSQL, so that
losing Redis never gives attempts back. Nothing is refused because Redis is away, and it is not asked again for some
seconds, so that requests do not wait for it.
"""

import time
from functools import lru_cache
from typing import Any

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from app.errors import TooMany
from app.log import log
from app.settings import OFF, settings

AWAY_SECONDS = 5.0


class RateLimited(TooMany):
    """Too many requests of this kind in a short time; `retry_after` says in how many seconds it goes on."""

    code = "rate_limited"
    title = "Too many requests"
    fix = "Wait the number of seconds given in Retry-After."


@lru_cache
def _redis() -> RedisStorage:
    url = settings().redis_client_url
    url = "redis+" + url if url.startswith("unix://") else url
    return RedisStorage(url, socket_timeout=1, socket_connect_timeout=1)


@lru_cache
def _memory() -> MemoryStorage:
    return MemoryStorage()


class _Away:
    """Until when Redis is not asked, by this process' clock."""

    until = 0.0


def _storages() -> list[Any]:
    return [_memory] if time.monotonic() < _Away.until else [_redis, _memory]


def _missed(error: RedisError) -> None:
    _Away.until = time.monotonic() + AWAY_SECONDS
    log.warning("rate_limit_local", error=type(error).__name__)


def check(rate: str, *key: str) -> None:
    """Count one event under the key; raise RateLimited where `rate` (such as `10/minute`) is used up."""
    item = parse(rate)
    for storage in _storages():
        try:
            limiter = MovingWindowRateLimiter(storage())
            if limiter.hit(item, *key):
                return
            reset = limiter.get_window_stats(item, *key).reset_time
        except RedisError as error:
            _missed(error)
            continue
        raise RateLimited(_said(rate), retry_after=max(1, int(reset - time.time()) + 1))


def forget(rate: str, *key: str) -> None:
    """Count from zero again under the key: who has signed in was not guessing."""
    item = parse(rate)
    for storage in _storages():
        try:
            MovingWindowRateLimiter(storage()).clear(item, *key)
        except RedisError as error:
            _missed(error)


def spend(request: Request, name: str, rate: str, key: str) -> None:
    """Count one request to the API under the key, and say in the answer's headers what is left. Raises RateLimited.

    `RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers.
    """
    if rate == OFF or not request.url.path.startswith("/api/"):
        return
    item, moment = parse(rate), time.time()
    window = item.get_expiry()
    reset = max(1, round(window - moment % window))
    used = _counted(f"requests/{name}/{key}/{int(moment // window)}", window)
    headers = request.scope.setdefault("state", {}).setdefault("headers", {})
    for header, told in (
        ("RateLimit-Policy", f'"{name}";q={item.amount};w={window}'),
        ("RateLimit", f'"{name}";r={max(0, item.amount - used)};t={reset}'),
    ):
        headers[header] = f"{headers[header]}, {told}" if header in headers else told
    if used > item.amount:
        raise RateLimited(_said(rate), retry_after=reset)


def _counted(key: str, seconds: int) -> int:
    """How many there were in this window, this one included."""
    for storage in _storages():
        try:
            return int(storage().incr(key, seconds))
        except RedisError as error:
            _missed(error)
    return 1


def _said(rate: str) -> str:
    return f"More than {rate.replace('/', ' per ')}."


def by_address(request: Request) -> None:
    """Count the request under its peer's address; on every route of the API. Raises RateLimited."""
    host = request.client.host if request.client else "unknown"
    spend(request, "address", settings().address_rate, host)
