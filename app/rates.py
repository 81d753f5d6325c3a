"""Rates that protect the machine (log-in, sign-up): moving windows in Redis, in this process when Redis is away.

Decision: `limits` does the arithmetic. Submission limits are not here: they live in PostgreSQL, so that losing Redis
never gives attempts back.
"""

import time
from functools import lru_cache

from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from app.errors import TooMany
from app.log import log
from app.settings import settings


class RateLimited(TooMany):
    """Too many requests of this kind in a short time; `retry_after` says in how many seconds it goes on."""

    code = "rate_limited"
    title = "Too many requests"
    fix = "Wait the number of seconds given in Retry-After."


@lru_cache
def _shared() -> MovingWindowRateLimiter:
    url = settings().redis_client_url
    url = "redis+" + url if url.startswith("unix://") else url
    return MovingWindowRateLimiter(RedisStorage(url, socket_timeout=1, socket_connect_timeout=1))


@lru_cache
def _local() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


def check(rate: str, *key: str) -> None:
    """Count one event under the key; raise RateLimited where `rate` (such as `10/minute`) is used up."""
    item = parse(rate)
    for limiter in (_shared, _local):
        try:
            if limiter().hit(item, *key):
                return
            reset = limiter().get_window_stats(item, *key).reset_time
        except RedisError as error:
            log.warning("rate_limit_local", error=type(error).__name__)
            continue
        raise RateLimited(f"More than {rate.replace('/', ' per ')}.", retry_after=max(1, int(reset - time.time()) + 1))
