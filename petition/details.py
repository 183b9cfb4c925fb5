"""What a signer typed and chose: sealed where it names the person, in clear only what figures and lists need."""

from dataclasses import dataclass, field
from typing import Protocol

import orjson

from petition.base import crypto
from petition.base.text import folded_name, short_name
from petition.fields import Answer

#: Behind an organisation that is named for identification only (S52): it stands in what is shown, so that it stands
#: wherever that is shown.
PERSONAL = "*"
HIDDEN, SHORT, FULL = "hidden", "short", "full"


@dataclass(frozen=True, slots=True)
class Details:
    """What names a person: sealed as one JSON record, "" where nothing was given."""

    name: str
    address: str
    place: str = ""
    role: str = ""
    organisation: str = ""
    comment: str = ""
    #: The short form for the public list, as its owner wants it.
    short: str = ""
    #: What was typed into the campaign's own fields, by their keys.
    own: dict[str, Answer] = field(default_factory=dict)

    def seal(self, campaign_id: int) -> bytes:
        """Encrypted for a campaign; confirming copies the blob."""
        record: dict[str, object] = {name: getattr(self, name) for name in _WORDS}
        if self.own:
            record["own"] = {key: tuple(answer) for key, answer in self.own.items()}
        return crypto.seal("signature", str(campaign_id), orjson.dumps(record))


_WORDS = tuple(name for name in Details.__slots__ if name != "own")


def opened(campaign_id: int, blob: bytes) -> Details:
    """What was sealed. Raises crypto.Unsealable. Fields that a later version added are left out."""
    record = orjson.loads(crypto.unseal("signature", str(campaign_id), blob))
    own = {key: Answer(*answer) for key, answer in record.get("own", {}).items()}
    return Details(**{name: value for name, value in record.items() if name in _WORDS}, own=own)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a signer chose that is kept in clear. `country` "" where not given, `source` where they came from."""

    language: str
    country: str = ""
    appear: str = HIDDEN
    with_role: bool = False
    on_behalf: bool = False
    news: bool = False
    source: str = ""
    partner: str = ""
    #: Where the partner's own box was ticked: the version of its words.
    partner_version: int | None = None
    channel: str = "online"


class Chosen(Protocol):
    """How somebody chose to appear: choices typed, or a row with them."""

    @property
    def appear(self) -> str: ...
    @property
    def with_role(self) -> bool: ...
    @property
    def on_behalf(self) -> bool: ...


def shown(details: Details, chosen: Chosen) -> tuple[str, str]:
    """The name and the line of role and organisation that the public list shows for a choice."""
    if chosen.appear == HIDDEN:
        return "", ""
    name = details.name if chosen.appear == FULL else details.short or short_name(details.name)
    if not chosen.with_role:
        return name, ""
    mark = "" if chosen.on_behalf or not details.organisation else PERSONAL
    return name, ", ".join(part for part in (details.role, details.organisation + mark) if part)


def shown_key(name: str, role: str) -> str:
    """What is shown, folded for order and search as `folded_name` does, at most 500 characters; "" of nothing."""
    return folded_name(f"{name} {role}")[:500]
