"""Organisers of the tests: signed in with both factors, without waiting for it.

`cast.organiser(...)` writes account, grant and session as signing in leaves them, and puts the cookie into the
browser. How one really signs in is tried in tests/web/test_entrance.py and in the browser.
"""

import html
import re
import time
from typing import Any

from flask import Flask
from passlib.totp import TOTP
from werkzeug.test import TestResponse

from petition import accounts, partner_people, partners, teams
from petition.accounts import Account
from petition.base import crypto, db
from petition.base.mailbox import parse

#: Hashing at its cheapest: nobody guesses in tests.
QUICK = {
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__time_cost": 1, "argon2__memory_cost": 64, "argon2__parallelism": 1,
    }
}  # fmt: skip
PASSWORD = "four harbour cranes at noon"


def desk_of(app: Flask) -> Flask:
    """The desk's own application."""
    found: Flask = app.extensions["petition.beside"].desk()
    return found


def token_in(page: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form"
    return html.unescape(found.group(1))


def code(secret: bytes, later: int = 0) -> str:
    """What the authenticator app shows, now or some seconds later."""
    return str(TOTP(key=secret, format="raw").generate(time.time() + later).token)


def enrol(name: str = "Ana", address: str = "", *, language: str = "en") -> tuple[Account, bytes]:
    """An account that has joined and set up an app and codes; and the app's secret. The caller commits."""
    box = parse(address or f"{name.lower()}@example.org")
    made = accounts.by_address(box.address) or accounts.invite(box, "a test", language=language, name=name)
    secret = b"s" * 19 + bytes([made.id % 250])
    made.invitation, made.joined_at, made.factor_method = None, db.now(), "authenticator"
    made.factor, made.recovery_codes = crypto.seal("second factor", "", secret), ["0" * 64]
    db.session.flush()
    return made, secret


class Desk:
    """A browser in which somebody is signed in at the desk."""

    def __init__(self, client: Any, account_id: int, secret: bytes) -> None:
        self.client, self.account_id, self.secret = client, account_id, secret

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        answer: TestResponse = self.client.get(path, **more)
        return answer

    def send(self, path: str, form_at: str = "/desk/account", **typed: Any) -> TestResponse:
        """Send a form with its token, which any page of the session has."""
        token = token_in(self.get(form_at).text)
        answer: TestResponse = self.client.post(path, data={"csrf_token": token} | typed)
        return answer


def signed_in(app: Flask, client: Any, account: Account, secret: bytes, *, fresh: bool = True) -> Desk:
    """Put the cookie that signing in would set into a browser; commits."""
    word = accounts.begin_session(account.id, "Firefox, Linux")
    content = {"_user_id": account.uniquifier, "_fresh": True, "sid": word, "seen": int(time.time()),
               "fs_paa": time.time() - (0 if fresh else 3600)}  # fmt: skip
    db.session.commit()
    desk = desk_of(app)
    serializer = desk.session_interface.get_signing_serializer(desk)
    client.set_cookie(desk.config["SESSION_COOKIE_NAME"], serializer.dumps(content), path="/desk")
    return Desk(client, account.id, secret)


def let_in(account: Account, campaign_id: int, key: str) -> None:
    """Make somebody one of a partner's people."""
    found = partners.read(campaign_id, key)
    assert found is not None
    partner_people.take_in(account, found, "a test")


def grant(account: Account, role: str | None, campaign_id: int | None) -> None:
    """Give a role, if one is wanted."""
    if role is not None:
        teams.grant(account, role, campaign_id, "a test")
