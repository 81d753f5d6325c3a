"""Nothing is sent to the inside of a network: not by any form of its addresses, and not by any name."""

import socket
from ipaddress import ip_address

import pytest

from app.settings import Settings, settings
from app.webhooks.addresses import AddressRefused, check_url, judge, judged
from app.webhooks.errors import WebhookUrlRefused

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104

    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "fec0::1",
    "2001:0:1::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", INSIDE)
def test_no_inside_address_is_reached(address):
    with pytest.raises(AddressRefused):
        judge(ip_address(address), "https")


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_is_reached_by_https_only(address):
    judge(ip_address(address), "https")
    with pytest.raises(AddressRefused):
        judge(ip_address(address), "http")


def test_the_operator_allows_networks_and_http_in_them(monkeypatch):
    monkeypatch.setattr(settings(), "webhook_allow", "10.1.0.0/16, fd12::/16")
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::9"):
        judge(ip_address(address), "http")
    for address in ("10.2.0.1", "fd13::1", "127.0.0.1", "1.1.1.1"):
        with pytest.raises(AddressRefused):
            judge(ip_address(address), "http")
    with pytest.raises(ValueError, match="webhook_allow"):
        Settings(webhook_allow="10.1.0.1/16")


def resolving(monkeypatch, *addresses: str) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)


def test_one_bad_address_of_a_name_refuses_them_all(monkeypatch):
    resolving(monkeypatch, "93.184.215.14", "93.184.215.15")
    assert judged("example.org", 443, "https") == ["93.184.215.14", "93.184.215.15"]
    resolving(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        judged("example.org", 443, "https")


@pytest.mark.parametrize("name", ["localhost", "localhost.", "127.1", "2130706433", "0x7f.1", "017700000001", "[::1]"])
def test_a_name_or_a_number_that_means_this_machine_is_refused(name):
    with pytest.raises(AddressRefused):
        judged(name.strip("[]"), 443, "https")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https:///path", "https://ada:secret@example.org/",
        "https://example.org:99999/", "https://[::1]/", "https://127.0.0.1/", "https://169.254.169.254/latest",
        "https://exämple.org/", "https://example.org/a b", "https://example.org/#x", "https://[nonsense/",
    ],
)  # fmt: skip
def test_what_can_be_told_at_once_is_refused_at_once(url):
    with pytest.raises(WebhookUrlRefused):
        check_url(url)


def test_a_usual_address_is_taken():
    check_url("https://hooks.example.org:8443/a/b?token=c")
