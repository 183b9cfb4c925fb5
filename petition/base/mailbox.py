"""Checking and folding an e-mail address: what it is sent to, and what counts as the same person.

Pure: DNS is asked elsewhere (`domains.py`). No message holds anything of what was typed.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from petition.base import providers

Why = Literal["empty", "syntax", "too_long", "smtputf8", "ours", "no_such_domain"]

LONGEST = 254  # bytes, RFC 5321 4.5.3.1.3 less the brackets (S32)
_LONGEST_LOCAL = 64  # bytes, RFC 5321 4.5.3.1.1
#: As nearly all addresses are: nothing to check in what stands before the @, and the domain is often one known already.
_PLAIN = re.compile(r"(?P<local>[a-z0-9_-]+(?:[.+][a-z0-9_-]+)*)@(?P<domain>[A-Za-z0-9.-]+)")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address that was checked.

    `address`: where letters go; as typed, the domain as lower-case A-label. `folded`: for comparing alone;
    it need not be a valid address and is never mailed. `domain`: the A-label letters go to.
    """

    address: str
    folded: str
    domain: str


class MailboxRefused(ValueError):
    """An address that is not taken: `why`, and where a slip is likely a whole corrected address to suggest."""

    def __init__(self, why: Why, suggestion: str | None = None) -> None:
        super().__init__(why)
        self.why: Why = why
        self.suggestion = suggestion


def parse(typed: str, *, ours: frozenset[str] = frozenset(), smtputf8: bool = False) -> Mailbox:
    """Check and fold an address as typed (S20–S22, S32; security.md 1.7). Raises MailboxRefused.

    `ours`: addresses and domains, lower case and as A-labels, to which a letter would make a loop.
    `smtputf8`: whether the mail server takes a local part beyond ASCII. Asks no DNS.
    """
    typed = typed.strip().removesuffix(".")
    if not typed:
        raise MailboxRefused("empty")
    if len(typed) > LONGEST:
        raise MailboxRefused("too_long")
    if not typed.isprintable():  # controls, format characters, surrogates, every blank but the plain one
        raise MailboxRefused("syntax")
    local, domain = _checked(typed, smtputf8)
    address = f"{local}@{domain}"
    if len(address.encode()) > LONGEST:
        raise MailboxRefused("too_long")
    if domain in ours or f"{_without_tag(local.lower())}@{domain}" in ours:
        raise MailboxRefused("ours")
    return Mailbox(address, _folded(local, domain), domain)


def folded(address: str) -> str:
    """The folded form of an address that `parse` has given before: nothing is checked again."""
    local, _, domain = address.rpartition("@")
    return _folded(local, domain)


def _checked(typed: str, smtputf8: bool) -> tuple[str, str]:
    """The local part, and the domain as lower-case A-label."""
    plain = _PLAIN.fullmatch(typed)
    try:
        if plain and len(plain["local"]) <= _LONGEST_LOCAL:
            return plain["local"], _checked_domain(plain["domain"])
        found = validate_email(typed, strict=True, check_deliverability=False, allow_smtputf8=smtputf8)
    except EmailNotValidError:
        raise MailboxRefused(_why_invalid(typed, smtputf8), suggestion(typed)) from None
    return str(found.local_part), str(found.ascii_domain).lower()


@lru_cache(maxsize=4096)
def _checked_domain(typed: str) -> str:
    found = validate_email(f"a@{typed}", strict=True, check_deliverability=False, allow_smtputf8=False)
    return str(found.ascii_domain).lower()


def _why_invalid(typed: str, smtputf8: bool) -> Why:
    local = typed.rpartition("@")[0]
    if len(local.encode()) > _LONGEST_LOCAL:
        return "too_long"
    if smtputf8 or local.isascii():
        return "syntax"
    try:
        validate_email(typed, strict=True, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        return "syntax"
    return "smtputf8"


def _without_tag(local: str) -> str:
    """The local part before its `+tag`; a leading plus is no tag, or all such addresses would be one."""
    tag = local.find("+", 1)
    return local if tag < 0 else local[:tag]


def _folded(local: str, domain: str) -> str:
    """Lower case, not casefold: ß and ss can be two people."""
    local = local.lower()
    rule = provider(domain)
    if rule is None:
        return f"{local}@{domain}"
    if rule.dots:
        local = local.replace(".", "")
    if rule.plus_tags:
        local = _without_tag(local)
    return f"{local}@{rule.alias_of or domain}"


_EXACT = {d: row for row in providers.TABLE for d in row.domains if not d.startswith("*.")}
_BELOW = {d[2:]: row for row in providers.TABLE for d in row.domains if d.startswith("*.")}


def provider(domain: str) -> providers.Provider | None:
    """The provider of a domain (lower case, A-label): the exact row first, then the nearest `*.parent`, else None."""
    found = _EXACT.get(domain)
    while found is None and "." in domain:
        domain = domain.partition(".")[2]
        found = _BELOW.get(domain)
    return found


def suggestion(address: str) -> str | None:
    """The address with its domain corrected where a common slip is likely (`a@gmial.com`), else None.

    For an address that does not work: a domain of a known provider is never doubted. A slip is one stroke
    (missing, added, wrong, or two swapped), a comma for the dot, or a name without its ending.
    """
    local, at, domain = address.rpartition("@")
    domain = domain.strip().lower()
    if not at or not local or provider(domain) is not None:
        return None
    domain = domain.replace(",", ".")
    meant = domain if provider(domain) is not None else providers.SLIPS.get(domain)
    if meant is None:
        meant = next((other for other in providers.OFTEN_MEANT if _one_stroke_apart(domain, other)), None)
    return _if_valid(f"{local}@{meant}") if meant else None


def _if_valid(address: str) -> str | None:
    try:
        validate_email(address, strict=True, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return address


def _one_stroke_apart(typed: str, meant: str) -> bool:
    if abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    at = 0
    while at < min(len(typed), len(meant)) and typed[at] == meant[at]:
        at += 1
    rest, wanted = typed[at:], meant[at:]
    if len(rest) == len(wanted):
        swapped = rest[1::-1] == wanted[:2] and rest[2:] == wanted[2:]
        return swapped or rest[1:] == wanted[1:]
    return rest[1:] == wanted or rest == wanted[1:]
