"""Where ARC_STORE_URL puts the sealed originals. Without boto3, because the settings read it."""

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

EXAMPLE = "s3://bucket/prefix?region=eu-central-1, with &endpoint_url=https://... for another provider"
OPTIONS = frozenset({"endpoint_url", "region"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotAPlace(ValueError):
    """The text is one sentence and a hint; it may be shown."""


class Unreachable(OSError):
    """The provider gave no answer or refused; what it holds is as it was, as far as anybody knows."""


@dataclass(frozen=True)
class BucketPlace:
    """A bucket of Amazon S3, or of the provider at ``endpoint_url``. Credentials are not part of it."""

    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""


def parse(url: str) -> BucketPlace:
    """``s3://bucket/prefix?endpoint_url=...&region=...``. Raises NotAPlace."""
    parts = _split(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    names = [name for name, _ in options]
    if unknown := set(names) - OPTIONS:
        raise _refused(f"has an unknown option {', '.join(sorted(unknown))}")
    if len(set(names)) < len(names):
        raise _refused("names an option twice")
    given = dict(options)
    endpoint = given.get("endpoint_url", "")
    if endpoint and not _is_fit(endpoint):
        raise _refused("has an endpoint_url that is not https (plain http is for 127.0.0.1 only)")
    return BucketPlace(parts.netloc, parts.path.strip("/"), endpoint, given.get("region", ""))


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or ":" in parts.netloc:
        raise _refused("must begin with s3:// and the name of a bucket; keys do not belong into it")
    if ".." in parts.path or "//" in parts.path or parts.fragment:
        raise _refused("has a prefix that is not a plain path")
    return parts


def _is_fit(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    return (parts.scheme == "https" or plain) and bool(parts.hostname) and "@" not in parts.netloc


def _refused(why: str) -> NotAPlace:
    return NotAPlace(f"ARC_STORE_URL {why}. Hint: it looks like {EXAMPLE}.")
