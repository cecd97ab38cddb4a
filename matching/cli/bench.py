"""``arc bench``: what the engine recognises and what it costs, measured here and beside its peers."""

import importlib
import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from matching.cli.output import put, result_stream
from matching.cli.places import require_cluster_extra


def run(options: Namespace) -> int:
    """Print one JSON object per measured figure; return 0. Without ``options.photos`` they are drawn."""
    if options.what == "cluster":
        require_cluster_extra()
    module = importlib.import_module(f"matching.cli.bench_{options.what}")
    measure: Callable[[Namespace], Iterator[dict[str, object]]] = module.measure
    with TemporaryDirectory() as folder, result_stream(None) as results:
        if options.photos is None:
            importlib.import_module("matching.cli.drawn_photos").draw_photos(Path(folder), options.draw)
            options.photos = folder
        for report in measure(options):
            put(results, json.dumps(report))
    return 0
