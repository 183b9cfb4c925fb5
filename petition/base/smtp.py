"""What a letter on its way is made of, and the ways it can leave: a mail server, or a folder on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """One letter in words. `to` is the address as typed (domain as A-label); `headers` are further header lines."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)
