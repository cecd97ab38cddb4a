"""The proxy configuration for operators keeps the promises that ARC itself cannot keep in front of ARC."""

import re

from django.conf import settings
from project_files import ROOT

TEXT = (ROOT / "docs" / "nginx.conf").read_text()
SETTINGS = dict(re.findall(r"^\s*(?:proxy_set_header )?([\w-]+) ([^;{#]+);", TEXT, re.MULTILINE))


def test_a_body_is_taken_in_whole_and_in_memory_only() -> None:
    assert SETTINGS["proxy_request_buffering"] == "on"
    assert f"tmpfs {SETTINGS['client_body_temp_path']} tmpfs" in TEXT
    assert SETTINGS["proxy_max_temp_file_size"] == "0"
    assert SETTINGS["client_max_body_size"] == f"{settings.ARC_UPLOAD_MAX_BYTES // 1_000_000}m"


def test_it_writes_no_address_and_believes_none() -> None:
    assert TEXT.count("access_log off;") == TEXT.count("server {") == 2
    assert "$proxy_add_x_forwarded_for" not in TEXT
    assert (SETTINGS["X-Forwarded-For"], SETTINGS["X-Forwarded-Proto"]) == ("$remote_addr", "https")
