"""The people of the site: who has an account, inviting, roles on the site, a lost phone, removing."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import accounts, partner_people, teams
from petition.accounts import Account
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.letters import organisers as letters
from petition.letters import ready
from petition.teams import LastOwner
from petition.web.desk import wall
from petition.web.desk.forms import InviteForm, ReasonForm, RoleForm
from petition.web.desk.wall import desk

#: In the form: no role on the site, only on campaigns.
NONE = "none"
CHOICES = (teams.ORGANISER, teams.SITE_EDITOR, teams.ADMINISTRATOR)


@desk.get("/people", needs="manage people")
def people() -> str:
    """Everybody with an account, or invited to one."""
    return _page(InviteForm(formdata=None, role=teams.ORGANISER))


def _page(form: InviteForm) -> str:
    roles = {account.id: role for account, role in teams.team(None)}
    rows = [(account, roles.get(account.id, "")) for account in accounts.everybody()]
    return render_template(
        "desk/people.html", form=form, people=rows, choices=CHOICES, done=request.args.get("done", "")
    )


@desk.post("/people", needs="manage people", fresh=True)
def invite_person() -> Response | tuple[str, int]:
    """Invite somebody by letter."""
    form = InviteForm()
    form.among(CHOICES)
    if not form.validate():
        return _page(form), 422
    me = wall.me()
    try:
        made = accounts.invite(form.email.mailbox, me.called(), language=i18n.spoken())
    except accounts.Taken:
        form.email.errors = [_("This person has an account already, or is invited.")]
        return _page(form), 422
    teams.grant(made, form.role.data, None, me.called(), form.reason.data)
    _write_to(made)
    db.session.commit()
    return redirect(url_for("desk.people", done="invited"), 303)


def _write_to(account: Account) -> None:
    href = accounts.invitation_address(account)
    message = letters.invited(account.address, account.language, by=wall.me().name, href=href)
    ready.post(message, gives_up_after=accounts.INVITED)


def _known(account_id: int) -> Account:
    return accounts.by_id(account_id) or abort(404)


@desk.get("/people/<int:account>", needs="manage people")
def person(account: int) -> str:
    """One account: role on the site, lost phone, removing; in numbers what that does."""
    role = teams.role_of(_known(account).id, None) or NONE
    return _person_page(account, RoleForm(formdata=None, role=role), ReasonForm(formdata=None))


def _person_page(account_id: int, form: RoleForm, out: ReasonForm, problem: str = "") -> str:
    found = _known(account_id)
    return render_template(
        "desk/person.html", person=found, form=form, out=out, problem=problem, choices=(*CHOICES, NONE),
        role=teams.role_of(found.id, None), campaigns=len(teams.held(found.id).campaigns),
        sessions=len(accounts.sessions(found.id, db.now())),
    )  # fmt: skip


@desk.post("/people/<int:account>", needs="manage people", fresh=True)
def change_person(account: int) -> Response | tuple[str, int]:
    """Another role on the site, or none."""
    found, form = _known(account), RoleForm()
    form.among((*CHOICES, NONE))
    if not form.validate():
        return _person_page(account, form, ReasonForm(formdata=None)), 422
    try:
        if form.role.data == NONE:
            teams.revoke(found, None, wall.me().called(), form.reason.data)
        else:
            teams.grant(found, form.role.data, None, wall.me().called(), form.reason.data)
    except LastOwner:
        db.session.rollback()
        return _person_page(account, form, ReasonForm(formdata=None), last_administrator()), 422
    db.session.commit()
    return redirect(url_for("desk.people", done="changed"), 303)


@desk.post("/people/<int:account>/invite", needs="manage people", fresh=True)
def invite_again(account: int) -> Response | tuple[str, int]:
    """The invitation once more, with a new link."""
    found = _known(account)
    if found.joined_at is not None:
        return _again(account, ReasonForm(formdata=None), str(_("This person has joined already."))), 422
    accounts.invite_again(found, wall.me().called())
    _write_to(found)
    db.session.commit()
    return redirect(url_for("desk.people", done="invited"), 303)


@desk.post("/people/<int:account>/reset-factor", needs="manage people", fresh=True)
def reset_factor(account: int) -> Response | tuple[str, int]:
    """For who has lost phone and codes. The person hears of it by letter."""
    found, out = _known(account), ReasonForm()
    if not out.validate():
        return _again(account, out), 422
    accounts.reset_factor(found, wall.me().called(), out.reason.data)
    ready.post(letters.factor_reset(found.address, found.language))
    db.session.commit()
    return redirect(url_for("desk.people", done="reset"), 303)


@desk.post("/people/<int:account>/remove", needs="manage people", fresh=True)
def remove_person(account: int) -> Response | tuple[str, int]:
    """Delete the account with its roles and sessions; what it did stays in the journal."""
    found, out = _known(account), ReasonForm()
    if not out.validate():
        return _again(account, out), 422
    try:
        partner_people.leave_all(found, wall.me().called(), out.reason.data)
    except LastOwner:
        db.session.rollback()
        return _again(account, out, last_owner()), 422
    accounts.remove(found, wall.me().called(), out.reason.data)
    db.session.commit()
    return redirect(url_for("desk.people", done="removed"), 303)


def _again(account: int, out: ReasonForm, problem: str = "") -> str:
    role = teams.role_of(account, None) or NONE
    return _person_page(account, RoleForm(formdata=None, role=role), out, problem)


def last_administrator() -> str:
    """Why it was refused."""
    return str(_("This is the last administrator who can sign in. Make somebody else one first."))


def last_owner() -> str:
    """Why it was refused."""
    return str(_("A campaign, or the site, would be left with nobody in charge. Put somebody else in charge first."))
