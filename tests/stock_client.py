"""The stock threatexchange library's own command line, unmodified, in processes of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

TX = Path(sys.executable).parent / "tx"

# Its command line imports two compiled modules for signal types that have nothing to do with ours. They exist
# as source only; where nobody compiled them, these stand in, and fail the test should anybody call them.
STAND_INS = {
    "pdqhash": "def compute(*arguments):\n    raise AssertionError('nothing here asks for PDQ')\n",
    "weighted_levenshtein": "def lev(*arguments):\n    raise AssertionError('nothing here compares text')\n",
}


class StockClient:
    """``tx`` with a state and a key of its own."""

    def __init__(self, folder: Path, key: str) -> None:
        missing = folder / "stand-ins"
        missing.mkdir(parents=True)
        for name, text in STAND_INS.items():
            if importlib.util.find_spec(name) is None:
                (missing / f"{name}.py").write_text(text)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARC_", "DJANGO_"))}
        self._environment = {
            **kept,
            "TX_STATEDIR": str(folder / "state"),
            "TX_ARC_KEY": key,
            "PYTHONPATH": str(missing),
        }

    def __call__(self, *arguments: str | Path) -> list[str]:
        """Run one command; the lines it printed. Fails when the command fails."""
        done = subprocess.run(
            [TX, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout.splitlines()

    def set_up(self, url: str) -> None:
        self("config", "extensions", "add", "matching.threatexchange")
        self("config", "collab", "edit", "arc", "--create", "COVER", "--url", url)
