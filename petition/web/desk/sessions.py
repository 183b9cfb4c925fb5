"""Sessions: rows of ours behind the library's cookie, so that each can be seen and ended.

The cookie is signed and holds a random word; its hash is the row. The word changes when somebody signs in, types a
code again or signs out, so that a cookie that was planted or copied before is worth nothing after.
"""

import time
from datetime import timedelta

from flask import Flask, request, session
from flask_login import user_logged_in
from flask_security import password_changed, password_reset
from flask_security.utils import set_request_attr
from sqlalchemy import delete, select, update

from petition import accounts
from petition.accounts import Account, AccountSession
from petition.base import db
from petition.web.desk.people import User

_account = Account.__table__
_WORD = "sid"
#: How exactly it is known when a session was last used.
SEEN = timedelta(minutes=5)


def init_app(app: Flask) -> None:
    """A session begins with signing in; a new password ends all others."""
    user_logged_in.connect(_began, app)
    password_changed.connect(_ended_elsewhere, app)
    password_reset.connect(_ended_elsewhere, app)


def load(uniquifier: str) -> User | None:
    """The account of a cookie, if its row is there and not over."""
    word = session.get(_WORD)
    if not word:
        return None
    query = select(User).join(AccountSession, AccountSession.account_id == _account.c.id)
    query = query.where(
        AccountSession.id == accounts.session_id(word), _account.c.uniquifier == uniquifier, _account.c.active,
        *accounts.is_on(db.now()),
    )  # fmt: skip
    found = db.session.scalars(query).one_or_none()
    if found is not None:
        # What the library's own loader says of whom it has found, for its pages that want a fresh sign-in.
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", session.get("fs_paa", 0))
    return found


def touch() -> None:
    """Remember that the session is used, in a transaction of its own and at most every few minutes."""
    word = session.get(_WORD)
    if not word or time.time() - session.get("seen", 0) < SEEN.total_seconds():
        return
    session["seen"] = int(time.time())
    now = db.now()
    mine = update(AccountSession).where(AccountSession.id == accounts.session_id(word), *accounts.is_on(now))
    with db.database().engine.begin() as connection:
        connection.execute(mine.values(seen_at=now))


def mine() -> bytes:
    """The id of the row of this request's session."""
    return accounts.session_id(session.get(_WORD, ""))


def renew(account_id: int) -> None:
    """A new word in place of the old one, in the view's transaction: the step up."""
    accounts.end_session(account_id, mine())
    _begin(account_id)


def forget() -> None:
    """Nothing of this session is left in the cookie, or in the table."""
    if session.get(_WORD):
        db.session.execute(delete(AccountSession).where(AccountSession.id == mine()))
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language


def _began(_sender: object, user: User, **_more: object) -> None:
    if session.get(_WORD):
        accounts.end_session(user.id, mine())
    # A form that was open before is not this session's.
    session.pop("csrf_token", None)
    session.permanent = True
    _begin(user.id)


def _begin(account_id: int) -> None:
    session[_WORD] = accounts.begin_session(account_id, device())
    session["seen"] = int(time.time())


def _ended_elsewhere(_sender: object, user: User, **_more: object) -> None:
    accounts.end_sessions(user.id, but=mine() if session.get(_WORD) else b"")


_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
             ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
            ("CrOS", "Chromebook"), ("Linux", "Linux"))  # fmt: skip


def device() -> str:
    """What this browser says it is, coarsely: enough to know one's own phone again, no fingerprint."""
    said = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in _BROWSERS if sign in said), "")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return ", ".join(word for word in (browser, system) if word)
