"""What was ticked beside a signature becomes contacts by the button that confirms it, without a second letter (S53)."""

from datetime import datetime
from typing import Protocol

from petition import contacts, partners
from petition.contacts import NEWS, ContactDetails, Wish
from petition.details import opened


class Ticked(Protocol):
    """A pending signature, as far as it matters here."""

    campaign_id: int
    mailbox: bytes
    sealed: bytes
    language: str
    consent_version: int
    partner: str
    news: bool
    partner_version: int | None


def confirm(pending: Ticked, at: datetime) -> None:
    """Make the contacts that somebody ticked, in the button's own transaction; the link of the signature is locked.

    A partner that was switched off since the form was sent gets none: nobody is passed on to whom the campaign has cut
    off.
    """
    if not pending.news and pending.partner_version is None:
        return
    details = opened(pending.campaign_id, pending.sealed)
    if pending.partner_version is not None:
        partner = partners.of_key(pending.campaign_id, pending.partner)
        if partner is not None:
            _confirm(pending, partners.wish(partner.id), ContactDetails(details.address, details.name), at)
    if pending.news:
        _confirm(pending, NEWS, ContactDetails(details.address), at)


def _confirm(pending: Ticked, wish: str, details: ContactDetails, at: datetime) -> None:
    contacts.confirm(
        Wish(pending.campaign_id, wish, pending.mailbox), details, language=pending.language,
        consent_version=pending.consent_version, at=at,
        partner_version=None if wish == NEWS else pending.partner_version,
    )  # fmt: skip
