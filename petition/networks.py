"""Networks that forms come from, hashed under a random key per UTC day that is destroyed after 48 hours.

A network is a /24 of IPv4 or a /48 of IPv6, never an address.
"""

import ipaddress
import socket
from datetime import UTC, date, datetime, timedelta

from flask import current_app

from petition import links
from petition.base import crypto

#: After so long a day's key is destroyed, and with it the hashes on rows.
KEPT = timedelta(hours=48)
_key = "petition.networks"


def _four(address: str) -> bytes | None:
    """The bytes of an IPv4 address: what is asked of nearly every form, and by `ipaddress` slowly."""
    try:
        return socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return None


def spelled(address: str) -> str:
    """An address in its one spelling. Raises ValueError where it is none."""
    return address if _four(address) else str(ipaddress.ip_address(address))


def network(address: str) -> str:
    """The network of an address in text form, "" where it is none."""
    four = _four(address)
    if four:
        return f"{four[0]}.{four[1]}.{four[2]}.0/24"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return network(str(parsed.ipv4_mapped))
    return str(ipaddress.ip_network((parsed, 48), strict=False))


def key_name(day: date) -> str:
    """The name of a day's key among the site's own."""
    return f"network {day.isoformat()}"


def hashed(address: str, at: datetime) -> bytes | None:
    """The day's keyed hash of an address's network; None where the address is none.

    The day's key is remembered by the process, so that only the day's first form asks the database for it.
    """
    found = network(address)
    return crypto.keyed_hash(_days_key(at.astimezone(UTC).date()), "network", found) if found else None


def _days_key(day: date) -> bytes:
    remembered: dict[date, bytes] = current_app.extensions.setdefault(_key, {})
    found = remembered.get(day)
    if found is None:
        found = links.known_site_key(key_name(day))
        if found is None:
            # Not remembered until it is seen stored: this transaction may yet fail.
            return links.site_key(key_name(day))
        remembered.clear()
        remembered[day] = found
    return found
