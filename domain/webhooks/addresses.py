"""Which network addresses an endpoint may have: public ones, and nothing of our own network."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

# Public by the registries' word, and yet a way into somebody's network.
_V4: Final = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598; a cloud's metadata among them
        "168.63.129.16/32",  # a cloud's host agent
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "240.0.0.0/4",
    )
]
_V6: Final = [
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64, RFC 8215
        "100::/64",
        "2001::/23",  # Teredo and other protocols' own
        "2002::/16",  # 6to4
        "fc00::/7",
        "fec0::/10",
    )
]
_Address = IPv4Address | IPv6Address
_NEVER: Final[tuple[Callable[[_Address], bool], ...]] = (
    lambda address: not address.is_global,
    lambda address: address.is_multicast,
    lambda address: address.is_reserved,
    lambda address: address.is_link_local,
    lambda address: address.is_loopback,
    lambda address: address.is_unspecified,
)


def public(text: str) -> bool:
    """Whether a numeric address is one that anybody on the internet could reach. False for what is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    networks = _V4 if address.version == 4 else _V6
    return not any(test(address) for test in _NEVER) and not any(address in network for network in networks)
