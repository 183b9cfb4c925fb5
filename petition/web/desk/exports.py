"""Taking lists and totals out: which, with what in them, why; and what was taken before.

The address of a form holds the filter, so nothing that was not shown can leave. What is short leaves as the answer,
what is long is made in the background and fetched from here.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import export, listing, taking
from petition.base import db, files, i18n, jobs
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.export import TOTALS_FORMATS, Export, TotalsFormat
from petition.formats import FORMATS, Format, json_document
from petition.lists import Disagrees, ExportRefused, TooLong
from petition.selection import Filter
from petition.taking import Asked, NamedExport, TakenList
from petition.web.desk import filtering, leaving, wall, words
from petition.web.desk.forms import DeskForm, NameListForm, TakeListForm, TakeTotalsForm
from petition.web.desk.wall import desk

_ROOT = "/campaigns/<slug:slug>/exports"
_ID = f"int(max={2**63 - 1})"
#: In front of a column's name in the form.
_COLUMN = "column-"


@desk.get(_ROOT, needs="export")
def exports(campaign: Reading) -> str:
    """What was taken, what is being made, the lists with a name, and the totals."""
    return _list(campaign, TakeTotalsForm(formdata=None, form="csv"))


def _list(campaign: Reading, form: DeskForm, problem: str = "") -> str:
    at = db.now()
    work = [one for one in jobs.newest(campaign.id, (taking.JOB,)) if one.state != jobs.DONE]
    return render_template(
        "desk/exports.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form,
        problem=problem, done=request.args.get("done", ""), work=work, open=any(one.is_open for one in work),
        taken=[(one, one.can_be_fetched(at)) for one in taking.taken(campaign.id)],
        named=[(one, _address_of(campaign, one)) for one in taking.named(campaign.id)],
        forms=words.list_forms(TOTALS_FORMATS),
    )  # fmt: skip


def _address_of(campaign: Reading, one: NamedExport) -> str:
    asked = taking.of_facts({"filter": one.filter, "columns": one.columns, "form": one.form})
    return _path(campaign, asked.wanted, columns=",".join(asked.columns), form=asked.form)


def _path(campaign: Reading, wanted: Filter, **more: str) -> str:
    """The page of a list, by its filter. That of no filter at all is everybody counted."""
    every = {} if wanted.states else {"state": ""}
    return url_for("desk.new_export", slug=campaign.slug) + filtering.query(wanted, **every, **more)


def _wanted() -> Filter:
    """The filter in the address; without any everybody who counts."""
    kept = {"columns", "form"}
    return filtering.asked(request.args) if request.args.keys() - kept else Filter()


@desk.get(f"{_ROOT}/new", needs="export")
def new_export(campaign: Reading) -> str:
    """A list to choose: the filter by the address, the columns that signers agreed to hand over ticked."""
    known, asked = export.columns_of(campaign.id), request.args.get("columns", "").split(",")
    chosen = [name for name in asked if name in known]
    form = request.args.get("form", "")
    return _new(campaign, TakeListForm(formdata=None, form=form if form in FORMATS else "csv"), chosen)


def _new(campaign: Reading, form: DeskForm, chosen: Sequence[str], problem: str = "") -> str:
    wanted, path = _wanted(), url_for("desk.new_export", slug=campaign.slug)
    agreed = export.default_columns(campaign)
    chosen = chosen or agreed
    labels = words.list_columns(campaign.id)
    order = dict.fromkeys((*agreed, *labels))
    return render_template(
        "desk/new_export.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form,
        problem=problem, path=path, query=_path(campaign, wanted).removeprefix(path),
        shown=filtering.fields(campaign, wanted), rows=listing.count(campaign.id, wanted), at_once=taking.AT_ONCE,
        columns=[(name, labels[name], name in chosen) for name in order if name != "address"],
        address="address" in chosen, forms=words.list_forms(FORMATS),
        others=len(taking.others(campaign.id, wall.me())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    """Why there is no list, in a sentence for who asked."""

    sentence: str


def _asked(campaign: Reading, form: Format) -> Asked:
    """The list that a form and its address ask for. Raises _Refused where they ask for what there is not: leaving it
    out in silence would take another list than was asked for."""
    names = [name.removeprefix(_COLUMN) for name in request.form if name.startswith(_COLUMN)]
    known = list(export.columns_of(campaign.id))
    if not names:
        raise _Refused(_("Choose at least one column."))
    if set(names) - set(known):
        raise _Refused(_("This list cannot have one of these columns. Choose again."))
    wanted = _wanted()
    said = sorted(pair for pair in request.args.items(multi=True) if pair[1] and pair[0] not in ("columns", "form"))
    if said != sorted(filtering.pairs(wanted)) and said:
        raise _Refused(_("The filter in the address is not one we know. Choose again."))
    return Asked(wanted, tuple(sorted(names, key=known.index)), form)


def _typed() -> list[str]:
    return [name.removeprefix(_COLUMN) for name in request.form if name.startswith(_COLUMN)]


@desk.post(f"{_ROOT}/new", needs="export", fresh=True)
def take_export(campaign: Reading) -> Response | tuple[str, int]:
    """Take the list: a short one is the answer, a long one is made in the background."""
    form = TakeListForm()
    if not form.validate():
        return _new(campaign, form, _typed()), 422
    try:
        asked = _asked(campaign, form.form.data)
        with _found(campaign, asked) as found:
            return _take(campaign, found, asked, form.reason.data)
    except _Refused as refused:
        return _new(campaign, form, _typed(), refused.sentence), 422
    except ExportRefused as refused:
        db.session.rollback()
        return _new(campaign, form, _typed(), _why(refused)), 422


def _found(campaign: Reading, asked: Asked) -> AbstractContextManager[Export]:
    return export.signatures(campaign, asked.wanted, asked.columns, asked.form)


def _take(campaign: Reading, found: Export, asked: Asked, reason: str) -> Response:
    taking.told(found, campaign, asked, wall.me(), reason)
    if found.rows > taking.AT_ONCE:
        taking.later(asked, campaign, wall.me(), reason, db.now())
        db.session.commit()
        return redirect(url_for("desk.exports", slug=campaign.slug, done="begun"), 303)
    # In the journal, and with the other owners, before the first row leaves.
    db.session.commit()
    content, row = taking.at_once(found, campaign, wall.me(), reason)
    db.session.commit()
    return leaving.attachment([content], len(content), row.manifest["sha256"],
                              leaving.named(campaign, "signatures", found.at), asked.form)  # fmt: skip


def _why(refused: ExportRefused) -> str:
    if isinstance(refused, Disagrees):
        return str(
            _("The rows and the total do not agree, so there is no list. Whoever runs this site can find out why.")
        )
    if isinstance(refused, TooLong):
        return str(_("A spreadsheet cannot hold this list. Take it as CSV."))
    return str(_("The people of this campaign are forgotten. Its totals are kept."))


@desk.post(f"{_ROOT}/name", needs="export")
def name_export(campaign: Reading) -> Response | tuple[str, int]:
    """Keep filter, columns and form under a name; one that is there already gets them."""
    form = NameListForm()
    if not form.validate():
        return _new(campaign, form, _typed()), 422
    try:
        asked = _asked(campaign, form.form.data)
    except _Refused as refused:
        return _new(campaign, form, _typed(), refused.sentence), 422
    taking.name(campaign, form.name.data, asked, wall.me().called(), db.now())
    db.session.commit()
    return redirect(url_for("desk.exports", slug=campaign.slug, done="named"), 303)


@desk.post(f"{_ROOT}/names/<{_ID}:named>/remove", needs="export")
def unname_export(campaign: Reading, named: int) -> Response:
    """Take a name away; nothing that was taken goes with it."""
    if not taking.unname(campaign, named, wall.me().called()):
        abort(404)
    db.session.commit()
    return redirect(url_for("desk.exports", slug=campaign.slug, done="unnamed"), 303)


@desk.post(f"{_ROOT}/totals", needs="export", fresh=True)
def take_totals(campaign: Reading) -> Response | tuple[str, int]:
    """The exact totals: no names, but a number of one may point at somebody."""
    form = TakeTotalsForm()
    if not form.validate():
        return _list(campaign, form), 422
    me, which, reason = wall.me(), form.form.data, form.reason.data
    export.record_totals(me.called(), campaign.id, reason)
    db.session.commit()
    try:
        content = _totals(campaign, which)
    except Disagrees as refused:
        return _list(campaign, form, _why(refused)), 422
    at = db.now()
    row = taking.totals(content, campaign, me, which, reason, at)
    db.session.commit()
    return leaving.attachment([content], len(content), row.manifest["sha256"],
                              leaving.named(campaign, "totals", at), which)  # fmt: skip


def _totals(campaign: Reading, form: TotalsFormat) -> bytes:
    """All parts of one moment, which a transaction that has written cannot see."""
    db.session.remove()
    db.one_moment()
    try:
        return export.totals(campaign, form)
    finally:
        db.session.remove()


def _row(campaign: Reading, taken: int) -> TakenList:
    return taking.find(campaign.id, taken) or abort(404)


@desk.get(f"{_ROOT}/<{_ID}:taken>", needs="export")
def manifest(campaign: Reading, taken: int) -> Response:
    """What a list was, with its checksum, as JSON: to keep beside the file. Names no signer."""
    row = _row(campaign, taken)
    content = json_document(row.manifest)
    answer = Response(content, content_type="application/json")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{leaving.named(campaign, "manifest", row.made_at)}.json"'
    )
    return answer


@desk.post(f"{_ROOT}/<{_ID}:taken>/file", needs="export", fresh=True)
def fetch_export(campaign: Reading, taken: int) -> Response | tuple[str, int]:
    """The file of a list that was made in the background, for as long as it is there."""
    row = _row(campaign, taken)
    name, size = row.file or "", files.size(row.file or "", db.now())
    if size is None or campaign.forgotten_at is not None:
        gone = _("This file is not kept any more. Take the list again.")
        return _list(campaign, TakeTotalsForm(formdata=None, form="csv"), gone), 410
    taking.fetched(row, campaign, wall.me())
    db.session.commit()
    return leaving.attachment(
        leaving.in_pieces(files.read(name)), size, row.manifest["sha256"],
        leaving.named(campaign, "signatures", row.made_at), row.manifest["format"],
    )  # fmt: skip


@desk.post(f"{_ROOT}/jobs/<{_ID}:job>/cancel", needs="export")
def cancel_export(campaign: Reading, job: int) -> Response:
    """Stop making a list; what was written of it goes."""
    found = jobs.find(job, campaign.id, taking.JOB) or abort(404)
    jobs.cancel(found, db.now())
    db.session.commit()
    return redirect(url_for("desk.exports", slug=campaign.slug, done="cancelled"), 303)
