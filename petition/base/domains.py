"""Whether a domain can receive mail, asked of DNS with care (S32).

Apart from `mailbox.py` because loading dnspython costs 0.08 s that most commands need not pay.
"""

import threading
import time
from collections.abc import Callable

import dns.exception
import dns.rdatatype
import dns.resolver

from petition.base import mailbox, turns

DEADLINE = 0.3  # seconds for everything one question needs
KEPT = 3600.0  # seconds an answer counts
REST = 10.0  # seconds without a question after one that DNS did not answer
_MOST_KEPT = 10_000
_PROBE = "gmail.com"


class DomainCheck:
    """Asks DNS whether a domain receives mail; when in doubt it does.

    Known providers are never asked about. Answers are kept for an hour, in memory. One question at a time in
    this process, 300 ms at most: whoever finds it busy is told yes at once, and so is everybody for ten seconds after a
    question without an answer. No counts only if DNS has found a known provider within the hour, so a broken resolver
    turns nobody away, and keeps hardly anybody waiting. Who asks lets others work meanwhile.
    """

    def __init__(
        self,
        resolver: dns.resolver.Resolver | None = None,
        *,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`resolver`: the system's own if None, made at the first question. `deadline`, `clock`: seconds."""
        self._resolver = resolver
        self._deadline = deadline
        self._clock = clock
        self._turn = threading.Lock()
        self._kept: dict[str, tuple[float, bool]] = {}
        self._proven_until = self._rests_until = float("-inf")

    def exists(self, domain: str) -> bool:
        """False only where a working DNS says that this domain (lower case, A-label) takes no mail. Never raises."""
        if mailbox.provider(domain) is not None:
            return True
        until, answer = self._kept.get(domain, (float("-inf"), True))
        if self._clock() < until:
            return answer
        if self._clock() < self._rests_until or not self._turn.acquire(blocking=False):
            return True
        turns.let_go()
        try:
            return self._ask(domain)
        finally:
            self._turn.release()

    def require(self, box: mailbox.Mailbox) -> None:
        """Raises MailboxRefused ("no_such_domain", with a suggestion for a slip) where `exists` says no."""
        if not self.exists(box.domain):
            raise mailbox.MailboxRefused("no_such_domain", mailbox.suggestion(box.address))

    def _ask(self, domain: str) -> bool:
        ends = time.monotonic() + self._deadline
        answer = self._receives(domain, ends)
        if answer is None or (answer is False and not self._dns_works(ends)):
            self._rests_until = self._clock() + REST
            return True
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[domain] = (self._clock() + KEPT, answer)
        return answer

    def _dns_works(self, ends: float) -> bool:
        if self._clock() < self._proven_until:
            return True
        if self._receives(_PROBE, ends):
            self._proven_until = self._clock() + KEPT
            return True
        return False

    def _receives(self, domain: str, ends: float) -> bool | None:
        """Whether there is an MX that takes mail, or an A or AAAA to fall back on; None: no answer."""
        try:
            servers = self._look_up(domain, dns.rdatatype.MX, ends)
            if servers:
                return any(server != "." for server in servers)  # a lone "." is a null MX, RFC 7505
            kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
            return any(self._look_up(domain, kind, ends) for kind in kinds)
        except dns.resolver.NXDOMAIN:
            return False
        except (dns.exception.DNSException, OSError):
            return None

    def _look_up(self, domain: str, kind: dns.rdatatype.RdataType, ends: float) -> list[str]:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver()
        left = ends - time.monotonic()
        if left <= 0:
            raise dns.exception.Timeout
        answer = self._resolver.resolve(domain + ".", kind, lifetime=left, search=False, raise_on_no_answer=False)
        return [str(getattr(record, "exchange", record)) for record in answer.rrset or ()]
