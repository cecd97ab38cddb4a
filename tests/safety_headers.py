"""The headers that every answer wears, whatever it is."""

from collections.abc import Mapping

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=(), browsing-topics=()",
}


def faults(headers: Mapping[str, str]) -> list[str]:
    """Names of headers that are missing or say something else; directives may stand in any order."""
    found = {name.lower(): set(value.split("; ")) for name, value in headers.items()}
    wrong = [name for name, value in HEADERS.items() if found.get(name.lower()) != set(value.split("; "))]
    return wrong if found.get("cache-control") else [*wrong, "Cache-Control"]
