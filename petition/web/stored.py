"""What is stored of somebody who signs, in plain words, and the form that corrects it: on the own page, and at the desk
for whoever asked by post or telephone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

from markupsafe import Markup

from petition import wordings
from petition.base import countries, i18n, urls
from petition.base.i18n import gettext as _
from petition.base.text import short_name
from petition.campaigns import Reading
from petition.details import Details, opened
from petition.fields import DATE, PREFIX, Answer
from petition.signatures import PendingSignature, Signature
from petition.web import context, ticked
from petition.web.forms import OwnForm

Form = TypeVar("Form", bound=OwnForm)


def seen_by(signature: Signature | None, pending: Sequence[PendingSignature]) -> dict[int, wordings.Version]:
    """The version of the text that each signer saw, by the wording's id."""
    ids = [one.wording_id for one in pending] + ([signature.wording_id] if signature else [])
    return wordings.seen(ids) if ids else {}


def texts(reading: Reading, found: dict[int, wordings.Version], language: str) -> dict[int, Markup]:
    """The same, each as a link to what its signer saw."""
    return {
        key: Markup('<a href="{}">{}</a>').format(
            urls.wording(language, reading.slug, one.language, one.version),
            _(
                "version %(number)s, %(language)s",
                number=i18n.number(one.version),
                language=i18n.own_name(one.language),
            ),
        )
        for key, one in found.items()
    }


def listed(
    details: Details,
    row: PendingSignature | Signature,
    texts: dict[int, Markup],
    names: Mapping[str, str] | None = None,
) -> list[tuple[str, str | Markup]]:
    """Everything stored, in plain words. `names`: what details are called for others than the signer."""
    names = context.field_names() | dict(names or {})
    said = [
        (names["name"], details.name), (names["address"], details.address),
        (names["country"], countries.name(row.country, i18n.spoken()) if row.country else ""),
        (names["place"], details.place), (names["role"], details.role),
        (names["organisation"], details.organisation), (names["comment"], details.comment),
        (_("for the organisation"), _("yes") if row.on_behalf else ""),
        (_("language"), i18n.own_name(row.language)), (_("came by"), row.source),
        (_("signed on the pages of"), ticked.partner_name(row)), (_("asked for"), ticked.asked(row)),
        (_("text signed"), texts[row.wording_id]),
        (_("signed on"), i18n.moment(row.signed_at) if isinstance(row, Signature) else ""),
    ]  # fmt: skip
    said += [(answer.label, own_said(answer)) for answer in details.own.values()]
    return [(name[:1].upper() + name[1:], value) for name, value in said if value]


def own_said(answer: Answer) -> str:
    """An answer to a question of the campaign's own, in words."""
    return i18n.day(date.fromisoformat(answer.value)) if answer.kind == DATE else answer.option or answer.value


def correcting(reading: Reading, signature: Signature | None, language: str, kind: type[Form]) -> Form | None:
    """The form of a kind that corrects a signature, filled with what is stored; None where nothing is. `language`: in
    which the campaign's own questions are asked."""
    if signature is None or signature.sealed is None:
        return None
    details = opened(reading.id, signature.sealed)
    own = {PREFIX + key: answer.value for key, answer in details.own.items()}
    form = kind(
        posted=False, name=details.name, country=signature.country, place=details.place, role=details.role,
        organisation=details.organisation, comment=details.comment, on_behalf=signature.on_behalf,
        appear=signature.appear, with_role=signature.with_role, short=details.short or short_name(details.name), **own,
    )  # fmt: skip
    form.ask_again(reading, language, details, signature.country)
    return form


def corrected(reading: Reading, sealed: bytes, form: OwnForm) -> Details:
    """What a form says instead of what is sealed, but for the address."""
    before = opened(reading.id, sealed)
    typed: str = form.short.data or ""
    # The suggestion sent back unchanged is none, and follows the name.
    return form.details("", "" if typed == short_name(before.name) else typed)
