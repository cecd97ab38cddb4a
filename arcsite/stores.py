"""What ARC_STORE_URL and ARC_REDIS_URL name, checked when the settings are read."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from enrollment import bucket_place
from enrollment.bucket_place import BucketPlace


def place(url: str) -> BucketPlace | None:
    """The bucket for sealed photos, None without one. Raises ImproperlyConfigured."""
    if not url:
        return None
    require("ARC_STORE_URL", "s3", "storages", "boto3")
    try:
        return bucket_place.parse(url)
    except bucket_place.NotAPlace as error:
        raise ImproperlyConfigured(str(error)) from None


def redis(url: str) -> str:
    """The address of the Redis server with patience for its silence, empty without one.

    Never shown: it may hold a password. Raises ImproperlyConfigured.
    """
    if not url:
        return ""
    require("ARC_REDIS_URL", "redis", "redis")
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            "ARC_REDIS_URL must begin with redis://, rediss:// or unix://. "
            "Hint: it looks like rediss://:PASSWORD@queue.example.org:6379/0"
        )
    # The worker's own wait for the next message lasts one second.
    joined = "&" if "?" in url else "?"
    return url if "socket_timeout" in url else f"{url}{joined}socket_timeout=5&socket_connect_timeout=2"


def require(setting: str, extra: str, *modules: str) -> None:
    """Raises ImproperlyConfigured with the command that installs what the setting needs."""
    if not all(find_spec(module) for module in modules):
        raise ImproperlyConfigured(
            f"{setting} needs packages that are not installed. Hint: .venv/bin/pip install -e '.[{extra}]'"
        )
