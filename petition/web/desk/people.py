"""The account as the library knows it, its authenticator app and its recovery codes.

The class stands on the same table as `accounts.Account`, so that neither commands nor signing load the library.
"""

import base64
from typing import Any, cast

import segno
from flask import current_app
from flask_security import MailUtil, MfRecoveryCodesUtil, PasswordUtil, Security, Totp, UserMixin
from passlib.totp import TOTP, TotpMatch
from sqlalchemy.orm import registry

from petition import accounts
from petition.accounts import Account
from petition.base import crypto, settings
from petition.letters import organisers as letters
from petition.letters import ready

LEAST_PASSWORD, LONGEST_PASSWORD = 12, 256
#: Fewer different characters than this are no password, however many there are.
LEAST_DIFFERENT = 5
CODES = 8
#: Argon2id as OWASP's Password Storage Cheat Sheet gives it: 19 MiB, two passes, one thread.
HASHING = {"argon2__memory_cost": 19_456, "argon2__time_cost": 2, "argon2__parallelism": 1}
#: Clocks of phones may differ by so many seconds.
WINDOW = 30


def security() -> Security:
    """The library as it is set up in the desk we run in."""
    found: Security = current_app.extensions["security"]
    return found


class User(UserMixin):
    """An account in the words of the library."""

    language: str
    factor: bytes | None
    factor_counter: int | None

    def _get_secret(self) -> str | None:
        return base64.b64encode(self.factor).decode() if self.factor else None

    def _set_secret(self, text: str | None) -> None:
        self.factor = base64.b64decode(text) if text else None

    #: The secret of the app, sealed, as text.
    tf_totp_secret = property(_get_secret, _set_secret)


registry().map_imperatively(
    User,
    Account.__table__,
    properties={
        "email": Account.__table__.c.address,
        "fs_uniquifier": Account.__table__.c.uniquifier,
        "tf_primary_method": Account.__table__.c.factor_method,
        "mf_recovery_codes": Account.__table__.c.recovery_codes,
    },
)


class App(Totp):
    """Authenticator apps (RFC 6238): secrets are sealed under the site's own ring, and no code is taken twice."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        self._totp = TOTP.using(issuer=issuer)

    def generate_totp_secret(self) -> str:
        """A new secret, sealed, as text."""
        return base64.b64encode(crypto.seal("second factor", "", self._totp.new().key)).decode()

    def _open(self, text: str) -> TOTP:
        return self._totp(key=crypto.unseal("second factor", "", base64.b64decode(text)), format="raw")

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether a code is right and newer than the last one taken; this one is then the last."""
        if totp_secret != user.tf_totp_secret:
            # Another app is being set up: the codes of the old one are not its own.
            user.factor_counter = None
        return bool(super().verify_totp(token.replace(" ", ""), cast(str, self._open(totp_secret)), user, window))

    def get_totp_uri(self, username: str, totp_secret: str) -> str:
        """What the picture says."""
        return str(self._open(totp_secret).to_uri(username))

    def get_totp_pretty_key(self, totp_secret: str) -> str:
        """The secret for typing, in groups."""
        return str(self._open(totp_secret).pretty_key())

    def get_totp_b32_key(self, totp_secret: str) -> str:
        """The same without blanks."""
        return str(self._open(totp_secret).base32_key)

    def generate_qrcode(self, username: str, totp: str) -> str:
        """The picture as SVG to stand in the page itself: a content policy keeps data: addresses out."""
        made = segno.make(self.get_totp_uri(username, totp), error="m")
        return made.svg_inline(svgclass="code", lineclass=None, omitsize=True, light="#fff")

    def get_last_counter(self, user: Any) -> int | None:
        """The number of the last code taken."""
        return cast("int | None", user.factor_counter)

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        """Remember it; the view commits."""
        user.factor_counter = tmatch.counter


class Codes(MfRecoveryCodesUtil):
    """Recovery codes: shown once, kept as keyed hashes, each works once."""

    def _encrypt_codes(self, codes: list[str]) -> list[str]:
        key = accounts.secret("recovery code")
        return [crypto.keyed_hash(key, "code", _plain(code)).hex() for code in codes]

    def _decrypt_codes(self, codes: list[str]) -> list[str]:
        return codes

    def get_recovery_codes(self, user: Any) -> list[str]:
        """None is ever shown again."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Whether a code is one of the person's."""
        return self._encrypt_codes([code])[0] in (user.mf_recovery_codes or [])

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Take a code out; a new list, for changes inside one are not seen."""
        used = self._encrypt_codes([code])[0]
        user.mf_recovery_codes = [one for one in user.mf_recovery_codes or [] if one != used]
        return True


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


class Passwords(PasswordUtil):
    """What a password must be: long, and not the address. No rules about signs, and no end to it (NIST SP 800-63B)."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:
        """(what is wrong, as the names of sentences in `words`; the password as it is hashed)."""
        normal = self.normalize(password)
        why = weakness(normal, kwargs["user"].email if kwargs.get("user") else "")
        return ([why] if why else None), normal


def weakness(password: str, address: str) -> str:
    """The name of what is wrong with a password, "" for nothing."""
    if len(password) < LEAST_PASSWORD:
        return "PASSWORD_SHORT"
    if len(password) > LONGEST_PASSWORD:
        return "PASSWORD_LONG"
    lower = password.lower()
    known = [address, address.partition("@")[0], settings.current().site_name.lower()]
    left = lower
    for word in known:
        left = left.replace(word, "") if len(word) > 3 else left
    if len(set(lower)) < LEAST_DIFFERENT or len(left) < LEAST_PASSWORD / 2 or _is_a_row(lower):
        return "PASSWORD_EASY"
    return ""


def _is_a_row(text: str) -> bool:
    """ "123456789012", "abcdefghijkl", "qwertyuiopas": neighbours all along."""
    rows = ("12345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
    return any(text in row or text in row[::-1] for row in rows)


class Mail(MailUtil):
    """The library's letters go through our outbox, in our words."""

    def normalize(self, email: str) -> str:
        """An address as accounts have it: in small letters."""
        return super().normalize(email).lower()

    def validate(self, email: str) -> str:
        """The same: whether there is an account is asked of the database, never of DNS, which would hear of it."""
        return self.normalize(email)

    def send_mail(self, template: str, *_args: Any, **kwargs: Any) -> None:
        """Post a letter, worded by us, in the view's transaction."""
        user = kwargs["user"]
        if template == "reset":
            message = letters.forgotten(user.email, user.language, kwargs["reset_link"])
            ready.post(message, gives_up_after=letters.RESET)
        else:
            ready.post(letters.password_changed(user.email, user.language))
