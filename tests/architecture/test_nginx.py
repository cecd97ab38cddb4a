"""The proxy configuration in docs/ is one that nginx takes, and it writes no address anywhere."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from project_files import ROOT

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIGURATION = ROOT / "docs" / "nginx.conf"

needs_nginx = pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed")


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for nobody and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cover.example.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = builder.sign(key, hashes.SHA256())
    public, private = directory / "certificate.pem", directory / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


def as_installed(directory: Path) -> Path:
    """The documented server inside a whole configuration, with its files in ``directory``."""
    public, private = certificate(directory)
    text = CONFIGURATION.read_text()
    places = {
        "/etc/ssl/cover.example.org.pem": public,
        "/etc/ssl/private/cover.example.org.key": private,
        "/var/lib/nginx/arc-body": directory / "body",
    }
    for place, mine in places.items():
        assert place in text
        text = text.replace(place, str(mine))
    whole = directory / "nginx.conf"
    whole.write_text(f"pid {directory}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    return whole


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
