"""Mistakes in how a command was called: one clear sentence, a code, exit status 2."""


class UsageError(Exception):
    """``str(error)`` is the sentence without its final stop, ``code`` stable kebab-case."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
