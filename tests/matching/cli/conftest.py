"""Folders of drawn photos, covered and public, and the command as a shell would call it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drawing
import pytest
from feed_server import KEY, FeedServer, serving
from grids import enroll

from matching.cli.main import main

PHOTOS = 4
SIZE = (320, 240)
FORMATS: list[tuple[str, Callable[[drawing.Picture], bytes]]] = [
    (".jpg", drawing.jpeg),
    (".png", drawing.png),
    (".webp", drawing.webp),
]


@dataclass(frozen=True)
class Ran:
    status: int
    lines: list[dict[str, Any]]
    errors: str


Arc = Callable[..., Ran]


@pytest.fixture
def arc(capsys: pytest.CaptureFixture[str]) -> Arc:
    """Run a command line in this process; its standard output must be JSON lines."""

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = int(left.code or 0)
        output = capsys.readouterr()
        return Ran(status, [json.loads(line) for line in output.out.splitlines()], output.err)

    return run


@pytest.fixture(scope="session")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of covered photos, every format in turn, one of them in a folder below."""
    folder = tmp_path_factory.mktemp("covered")
    (folder / "below").mkdir()
    for seed in range(PHOTOS):
        rgb = drawing.cover(drawing.natural(seed, *SIZE), drawing.random_shapes(seed, 0.2))
        suffix, data = FORMATS[seed % 3]
        place = folder / "below" if seed == 1 else folder
        (place / f"photo-{seed}{suffix}").write_bytes(data(rgb))
    return folder


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what is public: smaller grey copies, every second one flipped, and strangers."""
    folder = tmp_path_factory.mktemp("public")
    for seed in range(PHOTOS + 4):
        rgb = drawing.halved(drawing.natural(seed, *SIZE))
        (folder / f"copy-{seed}.jpg").write_bytes(drawing.jpeg(rgb[:, ::-1] if seed % 2 else rgb, 60))
    return folder


@pytest.fixture(scope="session")
def fingerprints(covered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fingerprints of the covered photos."""
    file = tmp_path_factory.mktemp("fingerprints") / "fingerprints.jsonl"
    assert main(["fingerprint", "-o", str(file), str(covered)]) == 0
    return file


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Small pages and files, the key in the environment, and waits that are only noted down."""
    waited: list[float] = []
    monkeypatch.setenv("ARC_KEY", KEY)
    monkeypatch.setattr("matching.client.service.PAGE", 3)
    monkeypatch.setattr("matching.cli.pulling.AT_ONCE", 5)
    monkeypatch.setattr("matching.cli.pull_plan.MOST_ROWS", 16)
    monkeypatch.setattr("matching.client.transport.SLEEP", waited.append)
    return waited


@pytest.fixture
def server(quick: list[float]) -> Iterator[FeedServer]:
    with serving(FeedServer()) as server:
        for number in range(8):
            server.publish(f"id-{number}", enroll(number))
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pulled"
