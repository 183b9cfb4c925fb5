"""The people of a partner, as the campaign's owners let them in and out."""

from collections.abc import Sequence

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import accounts, partner_people, teams
from petition.accounts import Account
from petition.base import db, i18n, urls
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.letters import organisers as letters
from petition.letters import ready
from petition.partners import Reading as Partner
from petition.web.desk import wall
from petition.web.desk.forms import InviteForm, ReasonForm
from petition.web.desk.partners import known
from petition.web.desk.team import invited
from petition.web.desk.wall import desk

_RULE = "/campaigns/<slug:slug>/partners/<slug:partner>/people"


@desk.get(_RULE, needs="manage team")
def people_of_partner(campaign: Reading, partner: str) -> str:
    """Who may see its figures and take its list."""
    return _page(campaign, known(campaign, partner), InviteForm(formdata=None))


def _page(
    campaign: Reading, partner: Partner, form: InviteForm, out: ReasonForm | None = None, leaving: int = 0
) -> str:
    return render_template(
        "desk/partner_people.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, partner=partner,
        form=form, people=partner_people.people(partner.id), out=out or ReasonForm(formdata=None),
        untouched=ReasonForm(formdata=None), leaving=leaving, done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post(_RULE, needs="manage team", fresh=True)
def invite_to_partner(campaign: Reading, partner: str) -> Response | tuple[str, int]:
    """Let somebody in, by letter. Not who is in the campaign's own team: the list is the partner's alone."""
    found = known(campaign, partner)
    form = InviteForm(role=teams.PARTNER).among({teams.PARTNER})
    form.role.data = teams.PARTNER
    if not form.validate():
        return _page(campaign, found, form), 422
    account = accounts.by_address(form.email.mailbox.address)
    if account is not None and teams.role_of(account.id, campaign.id):
        form.email.errors = [_("This person is in the campaign’s team. The list is for the partner’s people.")]
        return _page(campaign, found, form), 422
    me = wall.me()
    new = account is None
    account = account or invited(form.email.mailbox, me.called())
    before = partner_people.people(found.id)
    if not partner_people.take_in(account, found, me.called(), form.reason.data or ""):
        form.email.errors = [_("This person is in already.")]
        return _page(campaign, found, form), 422
    _tell(account, before, campaign, found, new=new)
    db.session.commit()
    return redirect(_here(campaign, found, "invited"), 303)


def _here(campaign: Reading, partner: Partner, done: str) -> str:
    return url_for("desk.people_of_partner", slug=campaign.slug, partner=partner.key, done=done)


def _tell(account: Account, before: Sequence[Account], campaign: Reading, partner: Partner, *, new: bool) -> None:
    """Write to who was let in, and to those who were there already: they see who else gets their list."""
    by = wall.me().name
    title = campaign.wording(account.language).title
    if new or account.joined_at is None:
        href = accounts.invitation_address(account)
        message = letters.invited(
            account.address, account.language, by=by, href=href, campaign=title, partner=partner.name
        )
        ready.post(message, gives_up_after=accounts.INVITED)
    else:
        href = urls.absolute(url_for("desk.partner", slug=campaign.slug, partner=partner.key))
        ready.post(letters.partner_added(
            account.address, account.language, by=by, campaign=title, partner=partner.name, href=href
        ))  # fmt: skip
    for one in before:
        if one.joined_at is not None:
            ready.post(letters.partner_joined(
                one.address, one.language, by=by, who=account.name or account.address, partner=partner.name,
                campaign=campaign.wording(one.language).title,
            ))  # fmt: skip


@desk.post(_RULE + "/<int:account>/remove", needs="manage team", fresh=True)
def remove_from_partner(campaign: Reading, partner: str, account: int) -> Response | tuple[str, int]:
    """Out again; the account stays."""
    found, person = known(campaign, partner), accounts.by_id(account)
    if person is None or not partner_people.belongs(account, found.id):
        abort(404)
    out = ReasonForm()
    if not out.validate():
        return _page(campaign, found, InviteForm(formdata=None), out, account), 422
    partner_people.send_away(person, found, wall.me().called(), out.reason.data or "")
    db.session.commit()
    return redirect(_here(campaign, found, "removed"), 303)
