"""At the door of the desk: forms from elsewhere, bodies no form makes, and too many guesses are turned away.

Everything typed at the door is counted before it is looked at, known address or not, so that neither the answer
nor the time it takes tells which addresses have an account (D6).
"""

import logging
import time

from flask import Flask, Response, abort, request, session
from flask_login import user_logged_in
from flask_security.tf_plugin import tf_clean_session
from sqlalchemy import delete

from petition import accounts, networks
from petition.accounts import Guess
from petition.base import crypto, db, urls
from petition.web import errors, guards, limits
from petition.web.desk import wall
from petition.web.desk.people import User, security

_log = logging.getLogger(__name__)

MOST_FIELDS = 400
LONGEST_FIELD = 100_000
#: A picture and what is typed beside it.
LONGEST_UPLOAD = 26 * 1024 * 1024
#: Tries in an hour for one address from one network, for one address from everywhere, and from one network.
PAIR, ADDRESS, NETWORK = 10, 50, 100
#: Where passwords and codes are typed, and where letters are caused.
_GUESSING = {
    "security.login", "security.two_factor_token_validation", "security.mf_recovery", "security.forgot_password",
    "security.change_password", "security.reset_password", "security.two_factor_setup_validate", "desk.renew",
    "desk.join",
}  # fmt: skip


def before() -> Response | None:
    """What every request of the desk passes first."""
    if request.endpoint is not None and wall.need_of(request.endpoint) is None:
        abort(404)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        _same_origin()
        _form_body()
        if request.endpoint in _GUESSING and _too_many():
            return errors.page(429)
    if session.get("tf_state") in _SETTING_UP and request.endpoint in _SETTING_UP_AT:
        _only_the_first_setup()
    if request.method in ("GET", "HEAD", "OPTIONS") or request.endpoint == "security.login":
        # Signing in only reads, too: hashing takes its time, and nobody else must wait for a lock meanwhile.
        db.reading()
    return None


#: Setting up an app with the password alone is for who has none yet.
_SETTING_UP = ("setup_from_login", "validating_profile")
_SETTING_UP_AT = ("security.two_factor_setup", "security.two_factor_token_validation")


def _only_the_first_setup() -> None:
    """A cookie of a setup that was begun before an app was set up must not replace that app later (D5)."""
    user = security().datastore.find_user(fs_uniquifier=session.get("tf_user_id", ""))
    has_app = user is not None and user.tf_totp_secret is not None
    db.session.remove()
    if has_app:
        tf_clean_session()  # type: ignore[no-untyped-call]
        abort(403)


def _same_origin() -> None:
    """A form from another site is refused (D4). Pages with a secret in their address send `null`."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    if origin is None or origin == _own_origin():
        return
    if origin != "null" or request.endpoint not in ("security.reset_password", "desk.join"):
        abort(403)


def _own_origin() -> str:
    base = urls.absolute("")
    # On the trial site the address may be any name of the loopback.
    return base if base.startswith("https:") else request.host_url.rstrip("/")


def _form_body() -> None:
    """Another content type than the form's, repeated, countless or endless fields, broken UTF-8."""
    need = wall.need_of(request.endpoint)
    if request.mimetype == "multipart/form-data" and need is not None and need.files:
        request.max_content_length = LONGEST_UPLOAD
        return
    if request.mimetype != "application/x-www-form-urlencoded" and (request.mimetype or request.content_length):
        abort(415)
    guards.well_formed(MOST_FIELDS, LONGEST_FIELD)


def file_sent(name: str) -> bytes:
    """What a file of the form holds, b"" without one. At most LONGEST_UPLOAD; nothing of it stays on a disk."""
    data = b""
    for field, sent in request.files.items():
        data = sent.read() if field == name else data
        sent.close()
    return data


def _too_many() -> bool:
    """Count a guess, in a transaction of its own; whether the hour's limit is passed. The same work for everybody."""
    who = (request.form.get("email") or str(session.get("tf_user_id") or session.get("_user_id") or "")).lower()[:300]
    where = networks.network(limits.client_address())
    key, hour = accounts.secret("guess"), int(time.time()) // 3600
    counted = {f"{who} {where}": PAIR, f"address {who}": ADDRESS, f"network {where}": NETWORK}
    passed = False
    upsert = db.insert(Guess).on_conflict_do_update(index_elements=["key", "hour"], set_={"n": Guess.n + 1})
    db.session.remove()
    with db.database().engine.begin() as connection:
        for what, most in sorted(counted.items()):
            row = {"key": crypto.keyed_hash(key, "guess", what), "hour": hour, "n": 1}
            n = connection.execute(upsert.returning(Guess.n), row).scalar_one()
            if n == most + 1:
                _log.warning("too many tries at the desk's door: more than %d in this hour", most)
            passed |= n > most
    return passed


def init_app(app: Flask) -> None:
    """What was guessed is forgotten once somebody is in."""
    user_logged_in.connect(_came_in, app)


def _came_in(_sender: object, user: User, **_more: object) -> None:
    forget_guesses(user.email, user.fs_uniquifier)


def forget_guesses(*who: str) -> None:
    """Who got in need not count what went before, from where they are."""
    key, hour = accounts.secret("guess"), int(time.time()) // 3600
    where = networks.network(limits.client_address())
    mine = [crypto.keyed_hash(key, "guess", f"{one.lower()} {where}") for one in who]
    db.session.execute(delete(Guess).where(Guess.key.in_(mine), Guess.hour == hour))
