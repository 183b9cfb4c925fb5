"""Networks at the door: how many forms one network may send in an hour before a page says "too many", and how many of
the open figures are made for it in a minute. What the page cache answers never comes here, and costs nothing.

Counted in each process's memory; the wall for many processes is the proxy in front. Limits per mailbox are the
worker's, and nobody sees those.
"""

import threading
import time

from flask import current_app, request

from petition import networks
from petition.base import settings

_key = "petition.limits"
_figures_key = "petition.limits.figures"
#: Seconds in which `API_LIMIT` answers of the open figures are made for one network.
FIGURES_WINDOW = 60
#: So many networks are counted in an hour; a flood from more than that begins the count anew rather than eat memory.
MOST_NETWORKS = 200_000


class Window:
    """What is counted by network in the present span of time. (A library's store was tried: it starts a thread every
    10 ms.)"""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._window = 0
        self._counted: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, network: str) -> int:
        """Count one; how many there were in this window."""
        window = int(time.time()) // self._seconds
        with self._lock:
            if window != self._window or len(self._counted) >= MOST_NETWORKS:
                self._window, self._counted = window, {}
            self._counted[network] = self._counted.get(network, 0) + 1
            return self._counted[network]

    def ends_in(self) -> int:
        """The whole seconds, one at least, until everybody's count begins anew."""
        return self._seconds - int(time.time()) % self._seconds


def client_address() -> str:
    """The address a request comes from: the proxy's word where one is configured and says an address, else the peer's.

    Without this check anything in X-Forwarded-For would be believed.
    """
    said = request.remote_addr or ""
    try:
        return networks.spelled(said)
    except ValueError:
        return str(request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or "")


def too_many(address: str, kind: str = "") -> bool:
    """Count one form of a kind from this address's network; whether the hour's hard limit is passed."""
    network = networks.network(address)
    if not network:
        return False
    hour: Window = current_app.extensions.setdefault(_key, Window(3600))
    return hour.count(kind + network) > settings.current().hard_limit


def figures_left(address: str) -> tuple[int, int]:
    """Count one answer of the open figures that is made for this address's network: how many more it may have (-1
    where this one is too many already), and in how many seconds the count begins anew."""
    window: Window = current_app.extensions.setdefault(_figures_key, Window(FIGURES_WINDOW))
    most, network = settings.current().api_limit, networks.network(address)
    used = window.count(network) if network else 0
    return max(most - used, -1), window.ends_in()
