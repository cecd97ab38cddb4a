"""The same refusal as of `manage.py`, for a web server that somebody starts directly."""

from django.core.checks import run_checks
from gunicorn.errors import AppImportError


class Unsafe(AppImportError):
    """The configuration would break a promise. gunicorn prints the text of this kind and does not retry."""


def refuse_unsafe() -> None:
    """Raises Unsafe with every fault and its hint when a system check finds an error."""
    faults = [f"{fault.id}: {fault.msg} Hint: {fault.hint}" for fault in run_checks() if fault.is_serious()]
    if faults:
        raise Unsafe("This configuration is refused.\n" + "\n".join(faults))
