import subprocess
import sys
from importlib.metadata import version

import pytest

from matching.cli.main import main


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert "fingerprint" in text
    assert "scan" in text


def test_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"arc {version('arc-moderation')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["scan", "somewhere"],
        ["fingerprint"],
        ["scan", "--fingerprints", "f", "--jobs", "0", "x"],
    ],
)
def test_a_wrong_call_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        ("'--help'", ["numpy", "PIL", "faiss", "django", "tqdm"]),
        ("'scan', '--help'", ["numpy", "faiss", "django"]),
    ],
)
def test_help_loads_nothing_heavy(arguments: str, unwanted: list[str]) -> None:
    code = (
        "import sys\nfrom matching.cli.main import main\n"
        f"try: main([{arguments}])\nexcept SystemExit: pass\n"
        f"print([name for name in {unwanted} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_the_commands_never_load_django() -> None:
    code = (
        "import sys\nimport matching.cli.fingerprint, matching.cli.pull, matching.cli.scan\n"
        "import matching.threatexchange\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'django'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
