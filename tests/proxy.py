"""The documented proxy on this machine: the same file, with its places and ports changed."""

import os
import pwd
import shutil
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
NAME = "cover.example.org"
# nginx opens files of its own for these as well, in places that only root may write to.
OTHER_ROOMS = ("proxy", "fastcgi", "uwsgi", "scgi")

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


def as_installed(directory: Path, body: Path | None = None, ports: dict[str, str] | None = None) -> Path:
    """The documented server inside a whole configuration, with its files in ``directory``.

    ``body`` is where uploads wait; ``ports`` are texts of the documented file and what replaces them.
    """
    public, private = certificate(directory)
    text = CONFIGURATION.read_text()
    places = {
        "/etc/ssl/cover.example.org.pem": public,
        "/etc/ssl/private/cover.example.org.key": private,
        "/var/lib/nginx/arc-body": body or directory / "body",
        **(ports or {}),
    }
    for place, mine in places.items():
        assert place in text
        text = text.replace(place, str(mine))
    whole = directory / "nginx.conf"
    rooms = "".join(f"{room}_temp_path {directory}/{room};\n" for room in OTHER_ROOMS)
    account = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
    head = f"{account}pid {directory}/pid;\nerror_log stderr;\nevents {{}}\n"
    whole.write_text(f"{head}http {{\n{rooms}{text}\n}}\n")
    return whole
