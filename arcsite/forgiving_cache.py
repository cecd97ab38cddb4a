"""A cache in Redis that is merely empty while Redis is away: nothing here may depend on remembering."""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class ForgivingRedis(RedisCache):
    """While Redis is away ``get`` finds nothing, and ``set`` and ``add`` do as if they had stored it.

    What must be exact across processes, such as one-time codes, is counted in the database (``limiter``).
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            _tell(error)
            return default

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            _tell(error)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        try:
            return super().add(key, value, timeout, version)
        except RedisError as error:
            _tell(error)
            return True


def _tell(error: RedisError) -> None:
    """Its text may hold an address."""
    logger.warning("the cache does not answer: %s", type(error).__name__)
