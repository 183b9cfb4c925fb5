"""Networks at the door: how many forms one network may send in an hour before a page says "too many".

Counted in each process's memory; the wall for many processes is the proxy in front. Limits per mailbox are the
worker's, and nobody sees those.
"""

import ipaddress

from flask import current_app, request
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from petition import networks
from petition.base import settings

_key = "petition.limits"


def client_address() -> str:
    """The address a request comes from: the proxy's word where one is configured and says an address, else the peer's.

    Without this check anything in X-Forwarded-For would be believed.
    """
    said = request.remote_addr or ""
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return str(request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or "")


def too_many(address: str) -> bool:
    """Count one form from this address's network; whether the hour's hard limit is passed."""
    network = networks.network(address)
    if not network:
        return False
    limiter = current_app.extensions.get(_key)
    if limiter is None:
        limiter = current_app.extensions[_key] = FixedWindowRateLimiter(MemoryStorage())
    return not limiter.hit(RateLimitItemPerHour(settings.current().hard_limit), network)
