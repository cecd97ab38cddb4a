"""The ``arc`` command line."""


def run() -> int:
    return 0
