"""Drawn stand-ins for people's photos: places with a plain figure in them, covered with ARC.

Everything is drawn from fixed seeds, so the same scene gives the same bytes on every machine with the
same libraries. Nothing is loaded, and no figure has more than a head, shoulders and a coat.
"""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from enrollment.arc import ARC

WIDTH, HEIGHT = 1200, 900
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
Field = NDArray[np.float32]

SKIN: Colour = (201, 152, 122)


def covered_photo(scene: str) -> bytes:
    """One covered photo as PNG bytes, the way a person's editor would save it. KeyError: no such scene."""
    draw_place, seed, boxes = SCENES[scene]
    picture = draw_place(np.random.default_rng(seed))
    return _png(_cover(_grain(picture, seed), boxes))


def _cover(picture: Image.Image, boxes: tuple[Box, ...]) -> Image.Image:
    pen = ImageDraw.Draw(picture)
    for box in boxes:
        pen.ellipse(box, fill=ARC)
    return picture


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def clouds(rng: np.random.Generator, octaves: int = 6) -> Field:
    """Fractal noise, float32 [HEIGHT, WIDTH] within [0, 1]: what most of a photo's texture is like."""
    # The finest octave has cells of nine pixels, so a third of the size holds all of it.
    small = (WIDTH // 3, HEIGHT // 3)
    total: Field = np.zeros(small[::-1], np.float32)
    for octave in range(octaves):
        cells = rng.random((3 * 2**octave + 1, 4 * 2**octave + 1), dtype=np.float32)
        grown = Image.fromarray(cells).resize(small, Image.Resampling.BICUBIC)
        total += np.asarray(grown) / 2**octave
    low, high = total.min(), total.max()
    scaled = Image.fromarray((total - low) / (high - low))
    return np.asarray(scaled.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def blend(share: Field, low: Colour, high: Colour) -> Image.Image:
    """The two colours mixed pixel by pixel; share is float32 [H, W], 0 gives low and 1 gives high."""
    # In 256 steps by a table: as fine as the result can be, and ten times as fast as arithmetic.
    steps = Image.fromarray((np.clip(share, 0, 1) * 255).astype(np.uint8))
    channels = zip(low, high, strict=True)
    return Image.merge("RGB", [steps.point(np.linspace(*ends, 256).round().tolist()) for ends in channels])


def _grain(picture: Image.Image, seed: int) -> Image.Image:
    """Light falling off to the corners and a sensor's noise, so that nothing looks like a flat drawing."""
    rng = np.random.default_rng(seed + 1)
    y = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :, None]
    light = 1 - np.float32(0.11) * (x * x + y * y)
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2))) * light
    pixels += 3 * rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))


def _figure(pen: ImageDraw.ImageDraw, x: int, y: int, size: int, coat: Colour, hair: Colour) -> None:
    """Head and coat of somebody; (x, y) is the middle of the head, size its height."""
    half = size // 2
    pen.ellipse((x - 2 * half, y + half, x + 2 * half, y + 9 * half), fill=coat)
    pen.rectangle((x - half // 3, y, x + half // 3, y + size), fill=SKIN)
    pen.ellipse((x - int(0.85 * half), y - half - 8, x + int(0.85 * half), y + half // 2), fill=hair)
    pen.ellipse((x - int(0.72 * half), y - int(0.8 * half), x + int(0.72 * half), y + half), fill=SKIN)


def _beach(rng: np.random.Generator) -> Image.Image:
    down = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    picture = blend(clouds(rng) * 0.7 + down * 0.5, (74, 110, 158), (250, 222, 190))
    swell = np.sin(np.linspace(0, 140, HEIGHT, dtype=np.float32) ** 1.08)[:, None] ** 2
    waves = clouds(rng, 7) * 0.6 + 0.4 * swell
    picture.paste(blend(waves, (26, 72, 96), (140, 184, 190)).crop((0, 430, WIDTH, 640)), (0, 430))
    sand = blend(clouds(rng, 8), (170, 140, 100), (226, 204, 164))
    picture.paste(sand.crop((0, 630, WIDTH, HEIGHT)), (0, 630))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(840, 470), (905, 330), (905, 470)], fill=(236, 232, 226))
    pen.rectangle((815, 470, 960, 492), fill=(96, 48, 40))
    _figure(pen, 430, 380, 130, (54, 66, 92), (62, 40, 30))
    return picture


def _room(rng: np.random.Generator) -> Image.Image:
    picture = blend(clouds(rng, 5) * 0.5 + 0.3, (150, 160, 148), (206, 210, 196))
    boards = blend(clouds(rng, 7), (96, 66, 44), (158, 116, 78))
    picture.paste(boards.crop((0, 660, WIDTH, HEIGHT)), (0, 660))
    window = blend(clouds(rng) * 1.2, (120, 150, 120), (220, 236, 246)).resize((300, 340))
    picture.paste(window, (120, 90))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((110, 80, 430, 440), outline=(240, 238, 230), width=16)
    pen.line((270, 80, 270, 440), fill=(240, 238, 230), width=12)
    for left, top, wide, high in ((560, 110, 140, 190), (740, 90, 110, 110), (740, 220, 110, 80)):
        art = blend(clouds(rng), *_two_colours(rng)).resize((wide, high))
        picture.paste(art, (left, top))
        pen.rectangle((left, top, left + wide, top + high), outline=(58, 44, 36), width=8)
    pen.rounded_rectangle((330, 470, 1050, 760), 60, fill=(94, 70, 88))
    pen.rounded_rectangle((370, 580, 1010, 720), 30, fill=(118, 92, 110))
    for left, hue in ((400, (196, 160, 84)), (860, (72, 110, 118))):
        pen.rounded_rectangle((left, 500, left + 120, 610), 24, fill=hue)
    pen.polygon([(1080, 260), (1180, 260), (1150, 170), (1110, 170)], fill=(244, 226, 170))
    pen.rectangle((1124, 260, 1136, 760), fill=(60, 54, 50))
    _figure(pen, 690, 430, 130, (150, 84, 70), (34, 28, 30))
    return picture


def _park(rng: np.random.Generator) -> Image.Image:
    picture = blend(clouds(rng), (132, 170, 206), (240, 244, 246))
    grass = blend(clouds(rng, 8), (58, 92, 40), (142, 164, 84))
    picture.paste(grass.crop((0, 560, WIDTH, HEIGHT)), (0, 560))
    pen = ImageDraw.Draw(picture)
    for trunk in (90, 300, 860, 1080):
        base = int(rng.integers(570, 640))
        pen.rectangle((trunk - 16, 330, trunk + 16, base), fill=(74, 56, 42))
        for _ in range(70):
            x, y = int(trunk + rng.normal(0, 75)), int(300 + rng.normal(0, 75))
            size, shade = int(rng.integers(14, 46)), int(rng.integers(-26, 27))
            pen.ellipse((x - size, y - size, x + size, y + size), fill=(66 + shade, 102 + shade, 48 + shade))
    for y in (640, 672, 720):
        pen.rectangle((420, y, 800, y + 20), fill=(122, 82, 52))
    _figure(pen, 600, 480, 130, (172, 128, 60), (98, 62, 36))
    return picture


def _street(rng: np.random.Generator) -> Image.Image:
    picture = blend(clouds(rng) * 0.6, (36, 40, 72), (206, 150, 130))
    pen = ImageDraw.Draw(picture)
    left = 0
    while left < WIDTH:
        wide, top = int(rng.integers(130, 230)), int(rng.integers(120, 400))
        tone = int(rng.integers(34, 84))
        pen.rectangle((left, top, left + wide, 700), fill=(tone + 16, tone + 6, tone))
        for x in range(left + 16, left + wide - 26, 38):
            for y in range(top + 20, 660, 52):
                lit = rng.random() < 0.45
                pen.rectangle((x, y, x + 20, y + 30), fill=(236, 206, 130) if lit else (30, 34, 48))
        left += wide
    road = blend(clouds(rng, 8) * 0.7, (42, 42, 48), (116, 112, 114))
    picture.paste(road.crop((0, 700, WIDTH, HEIGHT)), (0, 700))
    for x in range(40, WIDTH, 200):
        pen.polygon([(x, 800), (x + 110, 800), (x + 100, 816), (x - 10, 816)], fill=(214, 208, 190))
    _figure(pen, 760, 450, 140, (60, 84, 72), (180, 140, 84))
    return picture


def _mountains(rng: np.random.Generator) -> Image.Image:
    picture = blend(clouds(rng), (96, 140, 188), (236, 240, 244))
    for base, rough, low, high in (
        (380, 230, (88, 96, 116), (160, 166, 180)),
        (540, 170, (52, 72, 66), (110, 132, 104)),
        (700, 110, (40, 52, 30), (120, 128, 70)),
    ):
        ridge = base - rough * clouds(rng, 7)[HEIGHT // 2]
        below = np.arange(HEIGHT)[:, None] > ridge[None, :]
        mask = Image.fromarray((below * 255).astype(np.uint8))
        picture.paste(blend(clouds(rng, 8), low, high), (0, 0), mask)
    return picture


def _two_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    dark, light = rng.integers(20, 130, 3), rng.integers(130, 250, 3)
    return (int(dark[0]), int(dark[1]), int(dark[2])), (int(light[0]), int(light[1]), int(light[2]))


SCENES: dict[str, tuple[Callable[[np.random.Generator], Image.Image], int, tuple[Box, ...]]] = {
    "beach": (_beach, 11, ((340, 280, 520, 470), (290, 440, 580, 860))),
    "room": (_room, 23, ((600, 330, 780, 520), (540, 490, 840, 800))),
    "park": (_park, 37, ((510, 380, 690, 560), (450, 540, 750, 860))),
    "street": (_street, 41, ((660, 350, 860, 540), (610, 520, 910, 880))),
    "mountains": (_mountains, 53, ((480, 300, 760, 560),)),
    "lake": (_mountains, 61, ((300, 420, 620, 700),)),
    "station": (_street, 67, ((200, 300, 420, 520), (160, 500, 470, 860))),
    "garden": (_park, 71, ((700, 250, 900, 460), (650, 440, 960, 800))),
    "kitchen": (_room, 79, ((250, 280, 450, 480), (200, 460, 520, 820))),
    "harbour": (_beach, 89, ((520, 300, 720, 500), (470, 480, 780, 850))),
    "forest": (_park, 97, ((240, 300, 440, 500), (190, 480, 500, 840))),
    "dunes": (_beach, 83, ((760, 360, 960, 560), (700, 540, 1010, 880))),
}
