"""Stills of a video: one each second, and one at every change of scene. Needs PyAV, the extra ``video``.

Everything is decoded in one thread, because more cores are for more files.
"""

from collections.abc import Iterator
from typing import IO, Any

import av
import numpy as np
from av.codec.context import ThreadType
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from enrollment.photo import PUBLIC_PIXELS, PUBLIC_SIDE, luma_of
from matching.cli.problems import Unwatchable

SECONDS_APART = 1.0
# Mean grey levels by which a frame differs from the last still when the scene has changed: two unrelated
# photos differ by 29 or more (of 200 pairs), noise of s.d. 12 makes less than 10. A fast pan counts as well.
SCENE_CHANGE = 24.0
# No two stills are closer, however wildly a video flashes.
SECONDS_APART_AT_LEAST = 0.2
STILLS_AT_MOST = 50_000
_SAMPLES = 64

Luma = NDArray[np.uint8]


def stills(file: IO[bytes], container: str) -> Iterator[tuple[float, Luma]]:
    """Yield (seconds from the start, luma [H, W] of about 256 pixels a side) of the stills of a video.

    ``container`` is FFmpeg's name of the format, never guessed: some formats name further files to open.
    Raises Unwatchable, possibly after some stills, when something cannot be decoded.
    """
    try:
        with av.open(file, "r", format=container, io_open=_no_other_file) as video:
            yield from _chosen(_frames(video))
    except av.FFmpegError as error:
        raise Unwatchable("damaged", f"The video cannot be decoded: {error.strerror}.") from error


def _no_other_file(*_: object) -> IO[bytes]:
    raise PermissionError("a video may not open other files")


def _frames(video: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Yield all frames that can be decoded; raise Unwatchable at the end when some could not."""
    if not video.streams.video:
        raise Unwatchable("no-pictures", "The file holds sound only, no pictures.")
    stream = video.streams.video[0]
    context = stream.codec_context
    if context.width * context.height > PUBLIC_PIXELS:
        raise Unwatchable("too-many-pixels", "The frames of the video are too large to look at.")
    context.thread_type, context.thread_count = ThreadType.NONE, 1
    damage: av.FFmpegError | None = None
    for packet in video.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError as error:
            damage = error
    if damage is not None:
        raise damage


def _chosen(frames: Iterator[av.VideoFrame]) -> Iterator[tuple[float, Luma]]:
    small, large = VideoReformatter(), VideoReformatter()
    last: tuple[float, NDArray[np.int16]] | None = None
    count, first = 0, None
    for frame in frames:
        if first is None:
            first = frame.time or 0.0
        time = (frame.time or 0.0) - first
        samples = _sampled(small, frame)
        if last is None or _worth_a_look(time - last[0], samples, last[1]):
            count += 1
            if count > STILLS_AT_MOST:
                raise Unwatchable("too-long", f"Only its first {time:.0f} seconds were looked at.")
            yield time, _luma(large, frame)
            last = time, samples


def _worth_a_look(apart: float, samples: NDArray[np.int16], last: NDArray[np.int16]) -> bool:
    """``apart`` seconds after the last still; times may be missing or jump back in a strange video."""
    if abs(apart) >= SECONDS_APART:
        return True
    return abs(apart) >= SECONDS_APART_AT_LEAST and np.abs(samples - last).mean() >= SCENE_CHANGE


def _sampled(reformatter: VideoReformatter, frame: av.VideoFrame) -> NDArray[np.int16]:
    samples = reformatter.reformat(frame, _SAMPLES, _SAMPLES, "gray", interpolation="POINT", threads=1)
    return samples.to_ndarray().astype(np.int16)


def _luma(reformatter: VideoReformatter, frame: av.VideoFrame) -> Luma:
    """The frame as a player shows it: in RGB, turned upright, the shorter side 256 pixels or as it is."""
    scale = min(1.0, PUBLIC_SIDE / min(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    shown = reformatter.reformat(frame, width, height, "rgb24", interpolation="AREA", threads=1)
    pixels: NDArray[Any] = shown.to_ndarray()
    return np.rot90(luma_of(pixels), round(frame.rotation / 90))
