"""Why a photo is not accepted: one stable code, the measured figures, one human message.

`MESSAGES` holds the English texts, which serve as message ids for translation: a caller
that has translations formats `translate(MESSAGES[code]) % refused.figures` itself.
"""

from collections.abc import Mapping

Figures = Mapping[str, float | int | str]

_SAVE_AGAIN = "Please open it in a picture editor, save it again as a PNG or JPEG, and send that."

MESSAGES: dict[str, str] = {
    # the file
    "empty": "The file is empty. Please choose the photo again.",
    "too-large-file": "The file is %(megabytes)g MB; at most %(limit_megabytes)g MB can be taken. "
    "Please save it smaller, for example as a JPEG.",
    "not-a-picture": "This file is not a picture, whatever its name says. Please send a PNG, JPEG or WebP.",
    "wrong-format": "This is a %(format)s file. Please save the picture as a PNG or JPEG and send that.",
    "damaged": "The picture is damaged or incomplete (%(where)s). " + _SAVE_AGAIN,
    "too-heavy": "This picture took too much effort to open. " + _SAVE_AGAIN,
    "too-many-parts": "The file is put together from %(parts)d pieces; at most %(limit)d can be taken. "
    + _SAVE_AGAIN,
    "several-frames": "The file holds a second picture besides the one you see, and it may show what you "
    "covered. " + _SAVE_AGAIN,
    "animated": "This is an animation. Please send a single still picture as a PNG or JPEG.",
    "trailing-data": "%(kilobytes)d kB of other data follow the picture in this file, perhaps an earlier "
    "version of it or a short film. " + _SAVE_AGAIN,
    # its shape and colours
    "too-small": "The picture is %(width)d x %(height)d pixels; each side must be at least %(limit)d. "
    "Please send a larger copy.",
    "too-long": "The picture is %(width)d x %(height)d pixels; a side can be at most %(limit)d. "
    "Please make it smaller and send that.",
    "too-many-pixels": "The picture has %(megapixels)g megapixels; at most %(limit_megapixels)g can be "
    "taken. Please make it smaller and send that.",
    "transparent": "Parts of the picture are see-through (%(percent)g %% of it), and what you erased may "
    "still be in the file. Please save it without transparency, for example as a JPEG.",
    "sixteen-bit": "The picture uses %(bits)d bits per colour. Please save it with 8 bits, "
    "for example as a JPEG.",
    "cmyk": "The picture is in printing colours (CMYK). Please save it in RGB colours as a PNG or JPEG.",
    "odd-colours": "The picture carries an unusual colour profile, so its colours cannot be trusted. "
    "Please save it as an ordinary (sRGB) PNG or JPEG.",
    # the cover
    "no-arc": "The cover colour was not found in this picture. Please paint over faces and everything "
    "private with solid %(colour)s, with the brush at 100 %% opacity, and send it again.",
    "too-little-arc": "Only %(percent)g %% of the picture is covered; at least %(needed_percent)g %% "
    "is needed. Please cover faces and everything private with %(colour)s and send it again.",
    "specks-only": "The cover colour was found only in tiny specks (%(percent)g %% of the picture). "
    "Please cover faces and everything private with whole shapes in %(colour)s.",
    "wrong-pink": "%(percent)g %% of the picture is painted in %(found)s, which is not the cover colour. "
    "Please paint the same places again in exactly %(colour)s.",
    "semi-opaque": "The paint is not solid: something may still show through %(percent)g %% of the picture. "
    "Please paint again with %(colour)s at 100 %% opacity, without soft or see-through brushes.",
    "border-only": "The cover colour only runs around the edge of the picture. Please cover faces and "
    "everything private inside it, too.",
    "too-much-arc": "%(percent)g %% of the picture is covered; at most %(limit_percent)g %% may be, or it "
    "could not be recognised later. Please leave some of the background or clothing visible.",
    "too-little-detail": "Too little of your photo is visible to recognise it later: its visible detail "
    "measures %(detail)g, and %(needed)g is needed. Please leave more of the background visible.",
}


class Refused(Exception):
    """A photo cannot be taken, and the sender can do something about it.

    `code` is stable and kebab-case, `figures` are what was measured, `message` is the English
    text. Nothing of the file's content is ever in here. An unknown code or a missing figure is
    a KeyError at once.
    """

    def __init__(self, code: str, figures: Figures | None = None) -> None:
        self.code = code
        self.figures = dict(figures or {})
        self.message = MESSAGES[code] % self.figures
        super().__init__(f"{code}: {self.message}")


def percent(share: float) -> float:
    """A share of 1 as a percentage fit to be read: one decimal, two below 1 %."""
    return round(100 * share, 1 if share >= 0.01 else 2)
