"""Where messages may be sent: addresses of the public internet, and networks that the operator allows.

Decision: the host's name is resolved once, each address it has is judged, and the connection is made to a judged
address, so that a name cannot show one address to the check and another to the connection. One bad address refuses
them all. IPv6 forms that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged as what they are, and the last
three never allowed unless listed: a gateway would turn them into the inside address they carry. Rejected: a list of
forbidden names, which is never complete.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.settings import settings
from app.webhooks.errors import WebhookUrlRefused

Address = IPv4Address | IPv6Address
# What is reached through them may be somebody's inside: NAT64, 6to4, Teredo, IPv4-compatible, site-local.
CARRYING = [
    ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
]
PORTS = {"https": 443, "http": 80}


class AddressRefused(Exception):
    """The host cannot be resolved, or to an address that nothing is sent to."""


def check_url(url: str) -> None:
    """Refuse what can be told without asking the name service. Raises WebhookUrlRefused."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WebhookUrlRefused("This is not an address.") from None
    if parts.scheme not in PORTS or not host or parts.username is not None or parts.fragment:
        raise WebhookUrlRefused("Wanted: https://HOST/PATH, without user, password and fragment.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise WebhookUrlRefused("The address holds characters that must be percent-encoded, or punycode in the host.")
    if parts.scheme == "http" and not settings().webhook_networks:
        raise WebhookUrlRefused("Only https:// is taken.")
    try:
        literal = ip_address(host)
    except ValueError:
        return
    try:
        judge(literal, parts.scheme)
    except AddressRefused as error:
        raise WebhookUrlRefused(str(error)) from None


def judged(host: str, port: int, scheme: str) -> list[str]:
    """The host's addresses, all of which may be connected to. Raises AddressRefused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"{host} cannot be resolved: {error}") from error
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    for one in addresses:
        judge(ip_address(one.partition("%")[0]), scheme)
    return addresses


def judge(address: Address, scheme: str) -> None:
    """Let an address of the public internet pass, by HTTPS; of an allowed network, by HTTP too. Raises AddressRefused.

    >>> judge(ip_address("1.1.1.1"), "https")
    >>> judge(ip_address("::ffff:127.0.0.1"), "https")
    Traceback (most recent call last):
    ...
    app.webhooks.addresses.AddressRefused: 127.0.0.1 is not an address of the public internet.
    """
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    address = mapped or address
    if any(address in network for network in settings().webhook_networks):
        return
    if scheme != "https":
        raise AddressRefused(f"{address} is reached by https:// only.")
    inside = address.is_multicast or address.is_reserved or not address.is_global
    if inside or any(address in network for network in CARRYING):
        raise AddressRefused(f"{address} is not an address of the public internet.")
