"""``arc bench``: what the engine recognises and what it costs, measured here and beside its peers."""

import importlib
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator


def run(options: Namespace) -> int:
    """Print one JSON object per measured figure; return 0."""
    module = importlib.import_module(f"matching.cli.bench_{options.what}")
    measure: Callable[[Namespace], Iterator[dict[str, object]]] = module.measure
    for report in measure(options):
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
    return 0
