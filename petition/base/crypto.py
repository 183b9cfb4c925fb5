"""The key ring, sealing, and keyed hashes. The only place that touches keys.

The ring is a JSON file outside the database: `{"active": 1, "keys": {"1": "<43 characters of base64url>"}}`.
Each purpose derives its own key from the ring's (HKDF, RFC 5869). What is sealed names its key:

    scheme (1 byte, 1 = AES-256-GCM) | key id (1 byte) | nonce (12 bytes) | ciphertext and tag

and is bound to its purpose and context as associated data. Keyed hashes use random keys of their own (one for
each campaign, one for the site, one for each day's networks) that lie sealed in the database: the database alone
opens nothing, and a key that is destroyed with its row makes what was hashed under it meaningless.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app

_key = "petition.keys"
_SCHEME = 1
KEY_BYTES = 32


class KeyRingError(Exception):
    """The key ring is missing, unsafe or weak; one sentence for the person who starts the program."""


class Unsealable(Exception):
    """What was sealed does not open: changed, of another purpose or context, or its key is gone."""


@dataclass(slots=True)
class Ring:
    """The keys by id, and the id of the one that seals and signs new things."""

    active: int
    keys: Mapping[int, bytes] = field(repr=False)
    _derived: dict[tuple[int, str], bytes] = field(default_factory=dict, repr=False)
    _sealers: dict[tuple[int, str], AESGCM] = field(default_factory=dict, repr=False)

    def derive(self, key_id: int, purpose: str) -> bytes:
        """The key of one purpose (32 bytes) under one key of the ring; remembered, as deriving costs 10 µs."""
        found = self._derived.get((key_id, purpose))
        if found is None:
            info = b"petition " + purpose.encode()
            found = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(self.keys[key_id])
            self._derived[key_id, purpose] = found
        return found

    def sealer(self, key_id: int, purpose: str) -> AESGCM:
        """The cipher of one purpose under one key of the ring."""
        found = self._sealers.get((key_id, purpose))
        if found is None:
            found = self._sealers[key_id, purpose] = AESGCM(self.derive(key_id, "seal " + purpose))
        return found

    def all(self, purpose: str) -> list[bytes]:
        """One purpose's keys, the active one first."""
        order = sorted(self.keys, key=lambda key_id: key_id != self.active)
        return [self.derive(key_id, purpose) for key_id in order]


def init_app(app: Flask, ring: Ring) -> None:
    """Give the application its keys."""
    app.extensions[_key] = ring


def ring() -> Ring:
    """The key ring of the application we run in."""
    found: Ring = current_app.extensions[_key]
    return found


def read(path: Path) -> Ring:
    """The ring in a file. Raises KeyRingError where it is missing, open to others, broken or weak."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        document = json.loads(path.read_text())
        keys = {int(key_id): _decode(text) for key_id, text in document["keys"].items()}
        active = int(document["active"])
    except FileNotFoundError:
        raise KeyRingError(f"There is no key ring at {path}; `petition keys new` makes one.") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise KeyRingError(f"The key ring at {path} cannot be read.") from None
    if mode & 0o077:
        raise KeyRingError(f"The key ring at {path} can be read by others; `chmod 600` it.")
    if active not in keys or not all(0 < key_id < 256 for key_id in keys):
        raise KeyRingError(f"The key ring at {path} has no active key.")
    if any(len(key) != KEY_BYTES or len(set(key)) < 8 for key in keys.values()):
        raise KeyRingError(f"The key ring at {path} holds a weak key; a key is {KEY_BYTES} random bytes.")
    return Ring(active, keys)


def write(path: Path, ring: Ring) -> None:
    """Write a ring with mode 600, whole or not at all."""
    document = {"active": ring.active, "keys": {str(i): _encode(key) for i, key in sorted(ring.keys.items())}}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def with_new_key(old: Ring | None) -> Ring:
    """A ring with one key more: known, not yet active (the first one is active at once)."""
    keys = dict(old.keys) if old else {}
    key_id = max(keys, default=0) + 1
    keys[key_id] = secrets.token_bytes(KEY_BYTES)
    return Ring(old.active if old else key_id, keys)


def _encode(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def seal(purpose: str, context: str, data: bytes) -> bytes:
    """Encrypt for one purpose, bound to a context (such as the campaign's id) that opening must name again."""
    keys = ring()
    nonce = os.urandom(12)
    head = bytes((_SCHEME, keys.active))
    return head + nonce + keys.sealer(keys.active, purpose).encrypt(nonce, data, head + context.encode())


def unseal(purpose: str, context: str, blob: bytes) -> bytes:
    """Decrypt what `seal` made for the same purpose and context. Raises Unsealable."""
    keys = ring()
    if len(blob) < 30 or blob[0] != _SCHEME or blob[1] not in keys.keys:
        raise Unsealable(purpose)
    try:
        return keys.sealer(blob[1], purpose).decrypt(blob[2:14], blob[14:], blob[:2] + context.encode())
    except InvalidTag:
        raise Unsealable(purpose) from None


def new_key() -> bytes:
    """Thirty-two random bytes for keyed hashes."""
    return secrets.token_bytes(KEY_BYTES)


def keyed_hash(key: bytes, what: str, text: str) -> bytes:
    """HMAC-SHA256 (RFC 2104) of a text under a key; `what` keeps hashes of different things apart."""
    return hmac.digest(key, f"{what}\n{text}".encode(), hashlib.sha256)


def secret_name(purpose: str, length: int = 22) -> str:
    """A fixed unguessable word derived from the active key, for an address that only the operator knows."""
    keys = ring()
    return _encode(keys.derive(keys.active, "name " + purpose))[:length]
