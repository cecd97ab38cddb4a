"""What the engine was measured to find, for the page on limits. The figures are those of docs/matching.md.

A test compares every row with the table there, so that the page cannot promise what was not measured.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Row:
    """``edit`` is its name in the docs; ``found`` and ``half_hidden`` are shares of copies that were found,
    over all covers and under a cover of 60 %. ``with_extended`` is the lower of two measurements, if any."""

    edit: str
    words: str | Promise
    found: float
    half_hidden: float
    with_extended: float | None = None


ROWS = (
    Row("as it is", _("Not changed"), 1.000, 1.000),
    Row("JPEG q30", _("Saved again in low quality"), 1.000, 1.000),
    Row("JPEG q10", _("Saved again in very low quality"), 0.997, 0.993),
    Row("fifth size", _("Made much smaller"), 1.000, 1.000),
    Row("brightness x1.3", _("Brighter"), 0.998, 0.993),
    Row("contrast x1.5", _("More contrast"), 1.000, 0.998),
    Row("sepia", _("Brown like an old photo"), 1.000, 1.000),
    Row("grey", _("Black and white"), 1.000, 1.000),
    Row("blur", _("Blurred a little"), 1.000, 1.000),
    Row("mirror", _("Mirrored"), 1.000, 1.000),
    Row("caption bar 10 %", _("A bar with text over it"), 0.984, 0.928),
    Row("emoji 20 %", _("A large emoji on it"), 0.991, 0.970),
    Row("rotation 2 degrees", _("Turned a little (2 degrees)"), 0.990, 0.950, 1.000),
    Row("crop 2 %", _("2 % cut off at the edges"), 1.000, 0.998),
    Row("crop 5 %", _("5 % cut off at the edges"), 0.943, 0.767, 0.995),
    Row("border 5 %", _("A frame put around it"), 0.673, 0.151, 1.000),
    Row("crop 10 %", _("10 % cut off at the edges"), 0.390, 0.154, 0.990),
    Row("crop 20 %", _("20 % cut off at the edges"), 0.010, 0.000, 0.906),
)
PHOTOS = 500


@dataclass(frozen=True)
class Told:
    """A row as the page shows it: of 100 copies so many were found. Empty where nothing was measured."""

    words: str
    found: str
    half_hidden: str
    with_extended: str


def told() -> list[Told]:
    return [
        Told(
            str(row.words),
            of_hundred(row.found),
            of_hundred(row.half_hidden),
            of_hundred(row.with_extended) if row.with_extended is not None else "",
        )
        for row in ROWS
    ]


def of_hundred(share: float) -> str:
    """A share as copies of 100, rounded down to a tenth, so that 100 is only said of every single one."""
    tenths = int(share * 1000 + 1e-6)
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
