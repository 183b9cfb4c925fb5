"""What is stored of somebody, as a record for them to take along."""

from petition import objections, partners, wordings
from petition.campaigns import Reading
from petition.contacts import Contact
from petition.details import opened
from petition.objections import Objection
from petition.signatures import PendingSignature, Signature


def objection(row: Objection) -> dict[str, object]:
    """What somebody said against a decision, and the answer."""
    words = objections.said(row)
    return {"at": row.at.isoformat(), "objection": words.objection, "answer": words.answer}


def record(
    reading: Reading, row: PendingSignature | Signature, texts: dict[int, wordings.Version]
) -> dict[str, object]:
    """A signature or a pending one with everything stored of it; `texts` are the versions signed, by wording."""
    details = opened(reading.id, row.sealed) if row.sealed else None
    names = ("name", "address", "place", "role", "organisation", "comment", "short")
    record: dict[str, object] = {name: getattr(details, name) for name in names} if details else {}
    if details and details.own:
        record["own"] = {key: answer._asdict() for key, answer in details.own.items()}
    record |= {
        name: getattr(row, name)
        for name in ("country", "language", "channel", "source", "partner", "appear", "with_role", "on_behalf",
                     "consent_version")
    }  # fmt: skip
    if isinstance(row, PendingSignature):
        record["asked_for"] = {"news": row.news, "version_of_partners_box": row.partner_version}
    text = texts[row.wording_id]
    record["wording"] = {"language": text.language, "version": text.version}
    moments = {"signed_at": row.signed_at, "entered_at": row.entered_at} if isinstance(row, Signature) else {
        "signed_at": row.created_at
    }  # fmt: skip
    return record | {name: value.isoformat() for name, value in moments.items()}


def agreed(contact: Contact, first_language: str) -> dict[str, object] | None:
    """What somebody agreed to at a partner's box, in the language it was asked in; None for any other contact."""
    partner = partners.of_wish(contact.wish, contact.partner_version)
    if partner is None:
        return None
    ask, says, _spoken = partner.asks(contact.language, first_language)
    return {
        "partner": partner.key, "name": partner.name, "responsible": partner.terms.responsible,
        "responsible_address": partner.terms.responsible_address, "agreed_to": ask, "said_there": says,
        "version": contact.partner_version, "confirmed_at": contact.confirmed_at.isoformat(),
    }  # fmt: skip
