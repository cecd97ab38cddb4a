"""The proxy configuration in docs/ is one that nginx takes, and it writes no address anywhere."""

import subprocess
from pathlib import Path

from proxy import CONFIGURATION, NGINX, as_installed, needs_nginx


@needs_nginx
def test_nginx_takes_it(tmp_path: Path) -> None:
    checked = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(as_installed(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_no_server_of_it_writes_a_log() -> None:
    text = CONFIGURATION.read_text()
    servers = text.count("server {")
    assert servers == 2
    assert text.count("access_log off;") == text.count("error_log /dev/null;") == servers
