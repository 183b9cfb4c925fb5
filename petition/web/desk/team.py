"""The team of a campaign: who may what, inviting, changing, removing."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import accounts, teams
from petition.accounts import Account
from petition.base import db, i18n, urls
from petition.base.i18n import gettext as _
from petition.base.mailbox import Mailbox
from petition.campaigns import Reading
from petition.letters import organisers as letters
from petition.letters import ready
from petition.teams import LastOwner
from petition.web.desk import wall, words
from petition.web.desk.forms import InviteForm, ReasonForm, RoleForm
from petition.web.desk.wall import desk


@desk.get("/campaigns/<slug:slug>/team", needs="manage team")
def team(campaign: Reading) -> str:
    """Everybody of this campaign, with what each may."""
    return _page(campaign, InviteForm(formdata=None, role=teams.EDITOR))


def _page(campaign: Reading, form: InviteForm, problem: str = "") -> str:
    return render_template(
        "desk/team.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form, problem=problem,
        people=teams.team(campaign.id), choices=list(teams.ON_CAMPAIGN), done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/team", needs="manage team", fresh=True)
def invite(campaign: Reading) -> Response | tuple[str, int]:
    """Add somebody: who has no account yet gets an invitation by letter, the others a note."""
    form = InviteForm()
    form.among(teams.ON_CAMPAIGN)
    if not form.validate():
        return _page(campaign, form), 422
    account = accounts.by_address(form.email.mailbox.address)
    if account is not None and teams.role_of(account.id, campaign.id):
        form.email.errors = [_("This person is in the team already. Change the role in the list.")]
        return _page(campaign, form), 422
    add(account, form, campaign)
    db.session.commit()
    return redirect(url_for("desk.team", slug=campaign.slug, done="invited"), 303)


def add(account: Account | None, form: InviteForm, campaign: Reading) -> None:
    """Give the role, and write to the person."""
    me = wall.me()
    new = account is None
    found = account or invited(form.email.mailbox, me.called())
    teams.grant(found, form.role.data, campaign.id, me.called(), form.reason.data)
    title = campaign.wording(found.language).title
    if new or found.joined_at is None:
        href = accounts.invitation_address(found)
        message = letters.invited(found.address, found.language, by=me.name, href=href, campaign=title)
        ready.post(message, gives_up_after=accounts.INVITED)
        return
    with i18n.speaking(found.language):
        role = words.roles()[form.role.data]
    href = urls.absolute("/desk/")
    ready.post(letters.added(found.address, found.language, by=me.name, campaign=title, role=role, href=href))


def invited(box: Mailbox, by: str) -> Account:
    """A new account that waits for its person, or the one that somebody else made at this very moment."""
    try:
        return accounts.invite(box, by, language=i18n.spoken())
    except accounts.Taken:
        # Another owner was faster by a moment.
        found = accounts.by_address(box.address)
        assert found is not None
        return found


def _member(campaign: Reading, account_id: int) -> tuple[Account, str]:
    account = accounts.by_id(account_id)
    role = teams.role_of(account_id, campaign.id)
    if account is None or not role:
        abort(404)
    return account, role


@desk.get("/campaigns/<slug:slug>/team/<int:account>", needs="manage team")
def member(campaign: Reading, account: int) -> str:
    """One person of the team: another role, or out."""
    _account, role = _member(campaign, account)
    return _member_page(campaign, account, RoleForm(formdata=None, role=role), ReasonForm(formdata=None))


def _member_page(campaign: Reading, account: int, form: RoleForm, out: ReasonForm, problem: str = "") -> str:
    person, role = _member(campaign, account)
    return render_template(
        "desk/member.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, person=person, role=role,
        form=form, out=out, problem=problem, choices=list(teams.ON_CAMPAIGN),
        owners=sum(one == teams.OWNER for _person, one in teams.team(campaign.id)),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/team/<int:account>", needs="manage team", fresh=True)
def change(campaign: Reading, account: int) -> Response | tuple[str, int]:
    """Another role."""
    person, _role = _member(campaign, account)
    form = RoleForm()
    form.among(teams.ON_CAMPAIGN)
    if not form.validate():
        return _member_page(campaign, account, form, ReasonForm(formdata=None)), 422
    try:
        teams.grant(person, form.role.data, campaign.id, wall.me().called(), form.reason.data)
    except LastOwner:
        db.session.rollback()
        return _member_page(campaign, account, form, ReasonForm(formdata=None), last_owner()), 422
    db.session.commit()
    return redirect(url_for("desk.team", slug=campaign.slug, done="changed"), 303)


@desk.post("/campaigns/<slug:slug>/team/<int:account>/remove", needs="manage team", fresh=True)
def remove(campaign: Reading, account: int) -> Response | tuple[str, int]:
    """Out of the team; the account stays."""
    person, role = _member(campaign, account)
    out, form = ReasonForm(), RoleForm(formdata=None, role=role)
    if not out.validate():
        return _member_page(campaign, account, form, out), 422
    try:
        teams.revoke(person, campaign.id, wall.me().called(), out.reason.data)
    except LastOwner:
        db.session.rollback()
        return _member_page(campaign, account, form, out, last_owner()), 422
    db.session.commit()
    if person.id == wall.me().id:
        return redirect(url_for("desk.front"), 303)
    return redirect(url_for("desk.team", slug=campaign.slug, done="removed"), 303)


def last_owner() -> str:
    """Why it was refused."""
    return str(_("This is the last owner who can sign in. Make somebody else an owner first."))
