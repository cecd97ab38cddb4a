"""``arc bench``: what the engine recognises and what it costs, measured here and beside its peers."""

import importlib
import json
from argparse import Namespace
from collections.abc import Callable, Iterator

from matching.cli.output import put, result_stream


def run(options: Namespace) -> int:
    """Print one JSON object per measured figure; return 0."""
    module = importlib.import_module(f"matching.cli.bench_{options.what}")
    measure: Callable[[Namespace], Iterator[dict[str, object]]] = module.measure
    with result_stream(None) as results:
        for report in measure(options):
            put(results, json.dumps(report))
    return 0
