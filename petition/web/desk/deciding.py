"""Deciding: about one signature, and about many by a rule, whose form this is. What a rule does is in `ruling`."""

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug import Response
from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from petition import decisions, register, rules
from petition.base import db, i18n, text
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.decisions import DECISIONS
from petition.selection import Filter
from petition.signatures import Signature
from petition.web.desk import filtering, said, wall
from petition.web.desk.forms import DeskForm, reason_field
from petition.web.desk.wall import desk
from petition.web.forms import Cleaned

LARGEST_KEY = 2**63 - 1
_ONE = f"/campaigns/<slug:slug>/signatures/<int(max={LARGEST_KEY}):signature>/decide"


class DecisionForm(DeskForm):
    """What to do, why, and whether a letter says so."""

    requires = frozenset({"reason", "name"})
    verb = StringField()
    reason = reason_field()
    tell = BooleanField()

    def validate_verb(self, field: StringField) -> None:
        """One of the four."""
        if field.data not in DECISIONS:
            raise StopValidation(_("Choose what is to be done."))


class RuleForm(DecisionForm):
    """The same about many, with a name to find it by."""

    name = StringField(validators=[Cleaned(text.line, 120, lambda: _("Give it a name, so that others find it."))])


def about(campaign: Reading) -> dict[str, object]:
    """What every page of this corner shows."""
    return {
        "campaign": campaign, "title": campaign.wording(i18n.spoken()).title, "verbs": said.verbs(),
        "verb_meanings": said.meanings(), "done": request.args.get("done", ""),
    }  # fmt: skip


@desk.get("/campaigns/<slug:slug>/decide", needs="decide")
def decide(campaign: Reading) -> str:
    """The form of a rule about all whom the address's filter means."""
    form = RuleForm(formdata=None)
    asked = request.args.get("verb", "")
    form.verb.data = asked if asked in DECISIONS else None
    form.tell.data = True
    return _form(campaign, form, filtering.asked(request.args))


def _form(campaign: Reading, form: RuleForm, wanted: Filter) -> str:
    return render_template(
        "desk/decide.html", form=form, wanted=said.wanted(wanted), pairs=filtering.pairs(wanted),
        total=register.total(campaign.id), list_href=list_href(campaign, wanted), **about(campaign),
    )  # fmt: skip


def list_href(campaign: Reading, wanted: Filter) -> str:
    """The list of whom a filter means."""
    return f"/desk/campaigns/{campaign.slug}/signatures{filtering.query(wanted)}"


@desk.post("/campaigns/<slug:slug>/decide", needs="decide")
def prepare(campaign: Reading) -> Response | tuple[str, int]:
    """Save the rule, and have it counted. Nothing is decided by that."""
    form, wanted = RuleForm(), filtering.asked(request.form)
    if not form.validate():
        return _form(campaign, form, wanted), 422
    rule = rules.write(
        campaign.id, form.name.data or "", form.verb.data or "", wanted, reason=form.reason.data or "",
        tell=bool(form.tell.data), actor=wall.me().called(), at=db.now(),
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.rule", slug=campaign.slug, rule=rule.id), 303)


@desk.post(_ONE, needs="decide")
def decide_one(campaign: Reading, signature: int) -> Response | tuple[str, int]:
    """Hold, release, remove or restore one signature."""
    form = DecisionForm()
    own = select(Signature.id).where(Signature.id == signature, Signature.campaign_id == campaign.id)
    if db.session.scalar(own) is None:
        abort(404)
    if not form.validate():
        return _again(campaign, signature, form), 422
    verb = form.verb.data or ""
    done = decisions.decide(
        signature, verb, actor=wall.me().called(), reason=form.reason.data or "", at=db.now(),
        tell="quiet" not in request.form,
    )  # fmt: skip
    if not done:
        db.session.rollback()
        return _again(campaign, signature, form, _("Somebody has decided about it meanwhile. Look at it again.")), 409
    db.session.commit()
    return redirect(f"/desk/campaigns/{campaign.slug}/signatures/{signature}?done={verb}", 303)


def _again(campaign: Reading, signature: int, form: DecisionForm, problem: str = "") -> str:
    return render_template("desk/decide_one.html", form=form, signature=signature, problem=problem, **about(campaign))
