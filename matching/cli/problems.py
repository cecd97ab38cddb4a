"""Why one file could not be worked on, while the others are."""

from dataclasses import dataclass

from enrollment.refusals import Refused


class Unwatchable(Exception):
    """A video cannot be looked at, or not to its end; ``message`` is one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


# What reading a photo or video may raise; anything else is a mistake of ours and should stop the run.
READING_ERRORS = (Refused, Unwatchable, OSError, MemoryError)


@dataclass(frozen=True)
class Problem:
    """``code`` is stable kebab-case, ``message`` one or two sentences."""

    code: str
    message: str


def problem_of(error: BaseException) -> Problem:
    """Return what to say about one of ``READING_ERRORS``."""
    if isinstance(error, (Refused, Unwatchable)):
        return Problem(error.code, error.message)
    if isinstance(error, MemoryError):
        return Problem("too-heavy", "This picture needs more memory than there is.")
    reason = error.strerror if isinstance(error, OSError) else None
    return Problem("unreadable", f"The file cannot be read: {reason or error}.")
