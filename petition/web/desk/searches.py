"""Searches through what is sealed: by name and place, and for equal names; done in the background, watched here.

Asking is one line in the journal, with the reason; each view of what was found is another one.
"""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, url_for
from werkzeug import Response as BaseResponse
from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from petition import listing, searching
from petition.base import db, i18n, jobs, text
from petition.base.i18n import gettext as _
from petition.base.jobs import CANCELLED, DONE, FAILED, Job
from petition.campaigns import Reading
from petition.web.desk import editing, looks, wall
from petition.web.desk.forms import DeskForm, reason_field
from petition.web.desk.listing import rows_of
from petition.web.desk.wall import desk
from petition.web.forms import LONGEST_LINE, Cleaned

_ROOT = "/campaigns/<slug:slug>/signatures/searches"
_ONE = f"{_ROOT}/<int(max={2**63 - 1}):search>"
#: The page of one that is not done yet loads itself again after so many seconds.
AGAIN = 3


class SearchForm(DeskForm):
    """What the name and the place hold, and why it is looked for."""

    requires = frozenset({"reason"})
    name = StringField(validators=[Cleaned(text.line, LONGEST_LINE, lambda: "")])
    place = StringField(validators=[Cleaned(text.line, LONGEST_LINE, lambda: "")])
    reason = reason_field()

    def validate_name(self, field: Any) -> None:
        """Something must be looked for."""
        if not (field.data or (self.place.data or "").strip()):
            raise StopValidation(_("Type a name, a place, or both."))


class EqualForm(DeskForm):
    """Whether the place must be the same, too, and why it is looked for."""

    requires = frozenset({"why"})
    with_place = BooleanField()
    why = reason_field()


@desk.get(_ROOT, needs="see people")
def searches(campaign: Reading) -> str:
    """The forms, and the searches of the last day."""
    return _list(campaign)


def _list(
    campaign: Reading, *, names: SearchForm | None = None, equal: EqualForm | None = None, problem: str = ""
) -> str:
    found = [
        (job.id, _called(job), _state(job), i18n.moment(job.created_at), job.actor)
        for job in jobs.newest(campaign.id, searching.KINDS) if job.ends_at > db.now()
    ]  # fmt: skip
    return render_template(
        "desk/searches.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, found=found,
        names=names or SearchForm(formdata=None), equal=equal or EqualForm(formdata=None), problem=problem,
    )  # fmt: skip


def _called(job: Job) -> str:
    return str(_("Search by name") if job.kind == searching.BY_NAME else _("Equal names"))


def _state(job: Job) -> str:
    said = {DONE: _("done"), CANCELLED: _("cancelled"), FAILED: _("failed")}
    return str(said.get(job.state) or _("under way"))


@desk.post(_ROOT + "/name", needs="see people")
def search_names(campaign: Reading) -> BaseResponse | tuple[str, int]:
    """Look for people by name and place."""
    form = SearchForm()
    if not form.validate():
        return _list(campaign, names=form), 422
    asked = {"name": form["name"].data or "", "place": form.place.data or ""}
    return _begin(campaign, searching.BY_NAME, asked, form.reason.data)


@desk.post(_ROOT + "/equal", needs="see people")
def seek_equal_names(campaign: Reading) -> BaseResponse | tuple[str, int]:
    """Look for names that are there more than once."""
    form = EqualForm()
    if not form.validate():
        return _list(campaign, equal=form), 422
    return _begin(campaign, searching.EQUAL_NAMES, {"with_place": bool(form.with_place.data)}, form.why.data)


def _begin(
    campaign: Reading, kind: str, asked: dict[str, object], reason: str | None
) -> BaseResponse | tuple[str, int]:
    if campaign.forgotten_at is not None:
        return _list(campaign, problem=editing.forgotten()), 422
    me = wall.me()
    job = searching.ask(kind, campaign.id, asked, account_id=me.id, actor=me.called(), reason=reason or "")
    db.session.commit()
    return _to(campaign, job)


def _to(campaign: Reading, job_id: int) -> BaseResponse:
    return redirect(url_for("desk.search", slug=campaign.slug, search=job_id), 303)


def _job(campaign: Reading, search: int) -> Job:
    job = searching.find(search, campaign.id)
    if job is None or job.ends_at <= db.now():
        abort(404)
    return job


@desk.get(_ONE, needs="see people")
def search(campaign: Reading, search: int) -> Response:
    """How far it is, or what it has found."""
    job = _job(campaign, search)
    asked, found = jobs.parameters(job), jobs.result(job) or {}
    groups, gone = ([], 0) if job.is_open else _found(campaign, found)
    seen = sum(len(rows) for _size, rows in groups)
    shown = {
        "campaign": campaign, "title": campaign.wording(i18n.spoken()).title, "asked": asked, "kind": job.kind,
        "heading": _called(job), "state": job.state, "is_open": job.is_open, "done": job.done, "total": job.total,
        "until": i18n.moment(job.ends_at), "number_of": job.id, "by_name": job.kind == searching.BY_NAME,
        "found": found, "groups": groups, "gone": gone, "most": searching.MOST_GROUPS, "seen": seen,
    }  # fmt: skip
    if seen:
        looks.keep(campaign, "signatures looked at", count=seen)
    answer = make_response(render_template("desk/search.html", **shown))
    if job.is_open:
        answer.headers["Refresh"] = str(AGAIN)
    return answer


def _found(campaign: Reading, found: dict[str, Any]) -> tuple[list[tuple[int, list[Any]]], int]:
    """Groups of rows, each with how many it has in all, and how many of those told are gone since."""
    told: Sequence[tuple[int, list[int]]] = found.get("groups", [])
    if "ids" in found:
        told = [(found["found"], found["ids"])] if found["ids"] else []
    ids = [number for _size, numbers in told for number in numbers]
    known = {row.number: row for row in rows_of(campaign, listing.some(campaign.id, ids))}
    groups = [(size, [known[number] for number in numbers if number in known]) for size, numbers in told]
    return groups, len(ids) - len(known)


@desk.post(_ONE + "/cancel", needs="see people")
def cancel_search(campaign: Reading, search: int) -> BaseResponse:
    """Stop it; what it has found so far stays for its day."""
    jobs.cancel(_job(campaign, search), db.now())
    db.session.commit()
    return _to(campaign, search)
