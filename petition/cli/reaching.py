"""What `petition doctor` looks at outside: the site's address as visitors reach it, and the mail server."""

import secrets
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from petition.base import settings, urls
from petition.base.settings import Settings
from petition.base.smtp import Smtp, Trouble
from petition.cli.findings import WELL, WRONG, Finding
from petition.cli.letter import told
from petition.letters import preview

#: Seconds for the site to answer.
PATIENCE = 5.0


def of_address(read: Settings) -> Iterator[Finding]:
    """Whether BASE_URL leads here."""
    host = urlsplit(read.base_url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        yield Finding(WRONG, f"DNS does not know {host}, the host in BASE_URL.",
                      "Mend BASE_URL, or have the name point to this machine; a new name may take hours.")  # fmt: skip
        return
    try:
        with urllib.request.urlopen(f"{read.base_url}/healthz", timeout=PATIENCE) as answer:  # noqa: S310  # http(s)
            ours = answer.read(100) == b"alive\n"
    except (urllib.error.URLError, OSError) as error:
        yield _unreached(read, error)
        return
    if ours:
        yield Finding(WELL, f"The site answers at {read.base_url}.")
    else:
        yield Finding(WRONG, f"At {read.base_url} something else answers than this program.",
                      "Look at the proxy's server_name and upstream; or BASE_URL names another site.")  # fmt: skip


def _unreached(read: Settings, error: Exception) -> Finding:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, urllib.error.HTTPError):
        what = f"The site answers {error.code} at {read.base_url}."
        return Finding(WRONG, what, "400: BASE_URL is not what visitors type. 502, 503, 504: is the program running?")
    if isinstance(reason, ssl.SSLCertVerificationError):
        what = f"The certificate at {read.base_url} is not to be trusted: {reason.verify_message}."
        return Finding(WRONG, what, "Renew it, and have the proxy read it again: systemctl reload nginx")
    what = f"Nothing answers at {read.base_url} ({type(reason).__name__})."
    return Finding(WRONG, what, "Is the program running, is nginx, and does a firewall let visitors through?")


def of_mail(read: Settings) -> Iterator[Finding]:
    """Whether the mail server lets us in and would take a letter to our own address. None is sent."""
    if read.smtp_url is None:
        return
    way = Smtp(read)
    message_id = f"<{secrets.token_urlsafe(18)}@{urls.host()}>"
    try:
        way.offer(preview.trial(read.mail_from, settings.current().languages[0]), message_id)
    except Trouble as trouble:
        yield Finding(WRONG, told(trouble), "Letters wait and go out once it works. Try: petition letter test ADDRESS")
    else:
        yield Finding(WELL, f"The mail server {read.smtp_url.host} takes letters from {read.mail_from}.")
    finally:
        way.close()
