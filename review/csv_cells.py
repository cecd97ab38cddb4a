"""CSV that a spreadsheet reads as text: no cell is ever taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

# What starts a formula, or is skipped by a spreadsheet before it looks for one; also in full width.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


_writer: Any = csv.writer(_Echo(), lineterminator="\r\n")


def line(cells: Iterable[object]) -> str:
    """One line of RFC 4180 with every cell neutralised."""
    written: str = _writer.writerow([neutral(str(cell)) for cell in cells])
    return written


def neutral(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it as a formula."""
    bare = text.lstrip(" \u00a0\x00")
    return f"'{text}" if bare.startswith(RISKY) else text


def lines(header: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterable[str]:
    """The header line, then one line for each row, as they come."""
    yield line(header)
    yield from map(line, rows)
