"""What signers ticked beside their signature, in the words of pages: a partner's box, and what came of it."""

from dataclasses import dataclass

from petition import partners
from petition.base import i18n, tokens, urls
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.contacts import Contact
from petition.partners import Reading as Partner
from petition.signatures import PendingSignature, Signature


@dataclass(frozen=True, slots=True)
class Box:
    """A partner's own box: its words and what else the partner says, in the language `lang`, and who is responsible
    for what is done with it."""

    ask: str
    says: str
    lang: str
    responsible: str
    responsible_address: str


def box(partner: Partner | None, reading: Reading, language: str) -> Box | None:
    """The box of a partner on whose page a form stands; None where there is none."""
    if partner is None:
        return None
    ask, says, spoken = partner.asks(language, reading.first_language)
    return Box(ask, says, spoken, partner.terms.responsible, partner.terms.responsible_address) if ask else None


def partner_name(row: PendingSignature | Signature) -> str:
    """The partner on whose page somebody signed, "" for none."""
    return partners.names(row.campaign_id).get(row.partner, row.partner) if row.partner else ""


def asked(row: PendingSignature | Signature) -> str:
    """What was ticked and waits for the button with a pending signature."""
    if not isinstance(row, PendingSignature):
        return ""
    said = [_("news of this campaign")] if row.news else []
    if row.partner_version is not None:
        said.append(_("letters from %(name)s", name=partner_name(row)))
    return i18n.listed(said)


def label(contact: Contact) -> str:
    """What a contact of a campaign asked for."""
    partner = partners.of_wish(contact.wish, contact.partner_version)
    return str(_("Letters from %(name)s", name=partner.name) if partner else _("News of this campaign"))


def pages(found: list[Contact]) -> list[tuple[str, str]]:
    """What stands when a signature has gone: what it is, and the path of its own page."""
    return [(label(one), urls.contact_page(tokens.link("news", one.link_id))) for one in found]
