"""Where a service lives, and whether a key may travel there."""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from matching.client.errors import BadAddress

BASE = "/api/v1"


def interface_of(url: str) -> str:
    """Return the base URL of the partner interface of the service at ``url``, without a slash at its end.

    Raises BadAddress: a key travels by https only, and in clear text to this very machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddress(f"{url!r} is not an address ({error})") from error
    if parts.scheme not in ("https", "http") or not host:
        raise BadAddress(f"{url!r} is not an address such as https://cover.example.org")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadAddress("the address must hold no name, password, ? or #; keys are given in other ways")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadAddress(f"{url!r} would send the key in clear text; use https")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(BASE)}{BASE}"


def proxy_of(interface: str) -> str | None:
    """Return the proxy that the environment asks to be used for this address, if any."""
    parts = urlsplit(interface)
    if stays_here(interface) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def stays_here(interface: str) -> bool:
    """Return whether what is sent to this address does not leave this very machine."""
    return is_loopback(urlsplit(interface).hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
