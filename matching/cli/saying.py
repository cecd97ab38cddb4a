"""What is told on standard error while results go elsewhere."""

import sys

from tqdm import tqdm

from matching.cli.output import writing


def say(text: str) -> None:
    """Print a line on standard error, around a progress bar. Raises CannotWrite or BrokenPipeError."""
    with writing():
        tqdm.write(text, file=sys.stderr)
