"""What itsdangerous signs and what is sealed into an address: links, form tokens, stamps.

A token never holds a time that the database knows better; stamps, which name nobody and live minutes, do.
itsdangerous signs with the last key of a list and tries all, so the ring is handed over reversed.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from petition.base import crypto, db

SIGNATURE_BYTES = 12
STAMP_LIFE = timedelta(minutes=15)
#: Clocks of our machines may differ by this much without anybody noticing.
CLOCK_SLACK = timedelta(seconds=60)
FORM_LIFE_HOURS = 24


class BadToken(Exception):
    """A token that was changed, cut, made for another purpose, or is past its time."""


class _Short(SigningAlgorithm):
    """HMAC-SHA256 cut to 96 bits: a forged token only has to be refused without asking the database."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, hashlib.sha256)[:SIGNATURE_BYTES]


@lru_cache(maxsize=64)
def _signer(keys: tuple[bytes, ...], purpose: str) -> Signer:
    return Signer(list(keys), salt=purpose, sep=".", key_derivation="none", algorithm=_Short())


def _keys(purpose: str) -> tuple[bytes, ...]:
    return tuple(reversed(crypto.ring().all("token " + purpose)))


def _sign(purpose: str, value: bytes) -> str:
    return _signer(_keys(purpose), purpose).sign(value).decode()


def _unsign(keys: tuple[bytes, ...], purpose: str, token: str) -> bytes:
    try:
        return _signer(keys, purpose).unsign(token.encode())
    except (BadSignature, UnicodeEncodeError):
        raise BadToken(purpose) from None


@lru_cache(maxsize=256)
def _unsigned_form(keys: tuple[bytes, ...], token: str) -> bytes:
    return _unsign(keys, "form", token)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken("text") from None
    if _b64(data) != text:
        # Base64's last character has spare bits: two spellings of one token are one too many.
        raise BadToken("text")
    return data


def link(purpose: str, link_id: UUID) -> str:
    """The 39 characters that stand for a link's 128-bit id in an address; one purpose's token is no other's."""
    return _sign(purpose, _b64(link_id.bytes))


def read_link(purpose: str, token: str) -> UUID:
    """The id in a link's token; what a mail program glued to its end is forgiven. Raises BadToken."""
    value, _, signature = token.rstrip(".>)").partition(".")
    _unb64(signature.encode("ascii", "replace"))
    raw = _unb64(_unsign(_keys(purpose), purpose, f"{value}.{signature}"))
    if len(raw) != 16:
        raise BadToken(purpose)
    return UUID(bytes=raw)


def form(campaign: int, wording: int, consent: int, partner: str, at: datetime) -> str:
    """A form's token: a function of what it is for and the hour, so that a page holding it is nobody's own."""
    hour = int(at.timestamp()) // 3600
    return _sign("form", f"{campaign}-{wording}-{consent}-{hour}-{partner}".encode())


class FormToken:
    """What a genuine form token says. `fresh` is whether it is of the last 24 hours."""

    __slots__ = ("campaign", "consent", "hour", "partner", "wording")

    def __init__(self, token: str) -> None:
        """Read a posted token. Raises BadToken when it was not made here."""
        # Everybody who reads a page in one hour sends the same one.
        campaign, wording, consent, hour, partner = _unsigned_form(_keys("form"), token).decode().split("-", 4)
        self.campaign, self.wording, self.consent, self.hour = int(campaign), int(wording), int(consent), int(hour)
        self.partner = partner

    def is_fresh(self, at: datetime) -> bool:
        """Whether the token's hour is within the last 24, allowing for clocks that differ."""
        earliest = (at - timedelta(hours=FORM_LIFE_HOURS) - CLOCK_SLACK).timestamp() // 3600
        latest = (at + CLOCK_SLACK).timestamp() // 3600
        return earliest <= self.hour <= latest

    def renewed(self, at: datetime) -> str:
        """The same token for the present hour, made without the database."""
        return form(self.campaign, self.wording, self.consent, self.partner, at)


def stamp(purpose: str, context: str, text: str) -> str:
    """A sealed piece of an address that can be opened for 15 minutes and tells nobody what it holds.

    The text is padded, so that a stamp's length does not tell the length of an address.
    """
    data = struct.pack(">I", int(db.now().timestamp())) + text.encode()
    data += b"\0" * (-len(data) % 64)
    return _b64(crypto.seal("stamp " + purpose, context, data)).decode()


def read_stamp(purpose: str, context: str, token: str) -> str:
    """The text in a stamp that is not older than 15 minutes. Raises BadToken."""
    try:
        data = crypto.unseal("stamp " + purpose, context, _unb64(token.encode()))
    except (crypto.Unsealable, UnicodeEncodeError):
        raise BadToken(purpose) from None
    age = db.now().timestamp() - struct.unpack(">I", data[:4])[0]
    if not -CLOCK_SLACK.total_seconds() <= age <= STAMP_LIFE.total_seconds():
        raise BadToken(purpose)
    return data[4:].rstrip(b"\0").decode()
