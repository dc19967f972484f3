"""Networks as settings name them, and the addresses in them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@lru_cache(maxsize=8)
def read_networks(text: str) -> tuple[tuple[int, int, int], ...]:
    """``10.0.0.0/8, ::1`` as (version, first address, last address). Raises ValueError."""
    networks = (ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    return tuple((n.version, int(n.network_address), int(n.broadcast_address)) for n in networks)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that this text is; an IPv4 address in IPv6 clothes is one of IPv4. None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def is_in(text: str, networks: str) -> bool:
    """Whether the address is in one of these networks."""
    address = read_address(text)
    return address is not None and any(
        version == address.version and first <= int(address) <= last for version, first, last in read_networks(networks)
    )


def neighbourhood(text: str) -> str:
    """What counts as one caller: the address; of IPv6 the /64, for a home or a phone has a whole one."""
    parsed = read_address(text)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed or text[:64])
