import pytest

from matching.client.address import interface_of, is_loopback, proxy_of


@pytest.mark.parametrize(
    ("url", "interface"),
    [
        ("https://cover.example.org", "https://cover.example.org/api/v1"),
        ("https://cover.example.org/", "https://cover.example.org/api/v1"),
        ("https://cover.example.org:8443/arc/", "https://cover.example.org:8443/arc/api/v1"),
        ("https://cover.example.org/api/v1/", "https://cover.example.org/api/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/api/v1"),
    ],
)
def test_the_interface_is_found_below_the_service(url: str, interface: str) -> None:
    assert interface_of(url) == interface


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.org", "10.0.0.1", "localhost.example.org", "0.0.0.0", ""]
)
def test_other_machines_are_not_taken_for_this_one(host: str) -> None:
    assert not is_loopback(host)


def test_the_environment_s_proxy_is_used_for_others_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "inside.example.org")
    assert proxy_of("https://cover.example.org/api/v1") == "http://proxy.example.org:3128"
    assert proxy_of("https://inside.example.org/api/v1") is None
    assert proxy_of("http://127.0.0.1:8000/api/v1") is None
