"""What a partner's own people see: its figures, what it pastes into its pages, and the list of those who ticked its
box. Nothing else of the campaign."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

from flask import Flask, current_app, render_template
from flask import Response as FlaskResponse
from werkzeug import Response

from petition import contact_lists, partner_figures, teams
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.breakdowns import Published
from petition.campaigns import Reading
from petition.contact_lists import ContactList
from petition.letters import organisers as letters
from petition.letters import ready
from petition.lists import ExportRefused
from petition.partners import Reading as Partner
from petition.web.desk import wall
from petition.web.desk.forms import ReasonForm
from petition.web.desk.wall import OF_PARTNER, desk
from petition.web.looks import Look
from petition.web.public.embedding import snippets

#: So many days stand in the table.
DAYS = 60


@desk.get(OF_PARTNER, needs="see partner")
def partner(campaign: Reading, partner: Partner) -> str:
    """Figures, snippets, and how the list is taken."""
    return _page(campaign, partner, ReasonForm(formdata=None))


def _page(campaign: Reading, partner: Partner, form: ReasonForm, problem: str = "") -> str:
    found = partner_figures.read(partner.id)
    spoken = i18n.spoken()
    language = spoken if spoken in campaign.wordings else campaign.first_language
    by_day, by_language = found.get("day"), found.get("language")
    return render_template(
        "desk/partner_home.html", campaign=campaign, title=campaign.wording(spoken).title, partner=partner, form=form,
        problem=problem, figures=by_day, days=_days(by_day), tongues_used=_languages(by_language),
        contacts=partner_figures.contacts(partner), has_box=bool(partner.terms.asks),
        snippets=snippets(campaign, language, Look(partner=partner.key)),
    )  # fmt: skip


def _days(found: Published | None) -> list[tuple[str, int]]:
    """The last days, newest first, and all the rest."""
    if found is None:
        return []
    newest = sorted(found.cells.items(), reverse=True)
    rest = found.other + sum(amount for _day, amount in newest[DAYS:])
    rows = [(i18n.day(date.fromisoformat(day)), amount) for day, amount in newest[:DAYS]]
    return [*rows, ("", rest)] if rest else rows


def _languages(found: Published | None) -> list[tuple[str, int]]:
    if found is None:
        return []
    rows = [(i18n.own_name(code), amount) for code, amount in sorted(found.cells.items(), key=lambda one: -one[1])]
    return [*rows, ("", found.other)] if found.other else rows


@desk.post(OF_PARTNER + "/contacts", needs="take contacts", fresh=True)
def take_contacts(campaign: Reading, partner: Partner) -> Response | tuple[str, int]:
    """The list, row by row; who takes it and why is stored, and told to the campaign's owners, before the first row
    leaves."""
    form = ReasonForm()
    if not form.validate():
        return _page(campaign, partner, form), 422
    with ExitStack() as open_list:
        try:
            found = open_list.enter_context(contact_lists.of_partner(partner, campaign))
        except ExportRefused:
            return _page(campaign, partner, form, str(_("There is no list to take at present."))), 422
        found.record(wall.me().called(), form.reason.data or "")
        _tell_owners(campaign, partner, found.rows)
        db.session.commit()
        answer = FlaskResponse(_rows(current_app._get_current_object(), found), mimetype="text/csv")  # type: ignore[attr-defined]  # a proxy at run time
        # It outlives this function, and is let go with the answer.
        answer.call_on_close(open_list.pop_all().close)
    answer.headers["Content-Disposition"] = f'attachment; filename="{campaign.slug}-{partner.key}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _rows(app: Flask, found: ContactList) -> Iterator[bytes]:
    """The list in chunks. They leave after the request has ended, perhaps in another place than where they are begun:
    what opens the rows needs the application alone, and each chunk by itself."""
    chunks = found.chunks()
    while True:
        with app.app_context():
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


def _tell_owners(campaign: Reading, partner: Partner, rows: int) -> None:
    """Write to the campaign's owners that a partner has taken its list."""
    me = wall.me().name or wall.me().address
    for account, role in teams.team(campaign.id):
        if role == teams.OWNER and account.joined_at is not None:
            ready.post(letters.partner_took(
                account.address, account.language, by=me, partner=partner.name, rows=rows,
                campaign=campaign.wording(account.language).title,
            ))  # fmt: skip
