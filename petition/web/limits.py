"""Networks at the door: how many forms one network may send in an hour before a page says "too many".

Counted in each process's memory; the wall for many processes is the proxy in front. Limits per mailbox are the
worker's, and nobody sees those.
"""

import ipaddress
import threading
import time

from flask import current_app, request

from petition import networks
from petition.base import settings

_key = "petition.limits"
#: So many networks are counted in an hour; a flood from more than that begins the count anew rather than eat memory.
MOST_NETWORKS = 200_000


class Hour:
    """Forms by network in the present hour. (A library's store was tried: it starts a thread every 10 ms.)"""

    def __init__(self) -> None:
        self._hour = 0
        self._forms: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, network: str) -> int:
        """Count one form; how many there were in this hour."""
        hour = int(time.time()) // 3600
        with self._lock:
            if hour != self._hour or len(self._forms) >= MOST_NETWORKS:
                self._hour, self._forms = hour, {}
            self._forms[network] = self._forms.get(network, 0) + 1
            return self._forms[network]


def client_address() -> str:
    """The address a request comes from: the proxy's word where one is configured and says an address, else the peer's.

    Without this check anything in X-Forwarded-For would be believed.
    """
    said = request.remote_addr or ""
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return str(request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or "")


def too_many(address: str, kind: str = "") -> bool:
    """Count one form of a kind from this address's network; whether the hour's hard limit is passed."""
    network = networks.network(address)
    if not network:
        return False
    hour: Hour = current_app.extensions.setdefault(_key, Hour())
    return hour.count(kind + network) > settings.current().hard_limit
