"""Signs of mass signing: what stands out, with reasons, each with a way to whom it is about and to a dry run."""

from datetime import date, datetime

from flask import redirect, render_template, url_for
from werkzeug import Response

from petition import selection, signs
from petition.base import countries, db, i18n, jobs
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import Reading
from petition.signs import Sign
from petition.web.desk import filtering, said, wall
from petition.web.desk.deciding import about, list_href
from petition.web.desk.wall import desk


@desk.get("/campaigns/<slug:slug>/signs", needs="decide")
def signs_page(campaign: Reading) -> str:
    """What the newest look has found; it is made by the worker, so this page is as fast for a million."""
    looks = signs.newest(campaign.id)
    going = next((job for job in looks if job.is_open), None)
    last = next((job for job in looks if job.state == jobs.DONE), None)
    found = signs.found(last) if last else []
    return render_template(
        "desk/signs.html", going=going, last=last, failed=bool(looks) and looks[0].state == jobs.FAILED,
        signs=[(titles()[one.kind], reason(one), *_ways(campaign, one)) for one in found],
        days=signs.LOOKS_BACK.days, **about(campaign),
    )  # fmt: skip


def _ways(campaign: Reading, one: Sign) -> tuple[str, str]:
    wanted = selection.of_facts({"states": [], **one.filter})
    decide = f"/desk/campaigns/{campaign.slug}/decide{filtering.query(wanted, verb='hold')}"
    return list_href(campaign, wanted), decide


def titles() -> dict[str, str]:
    """What each kind of sign is called."""
    return {
        signs.SPIKE: _("Many at once"), signs.NETWORK: _("Many from one network"),
        signs.DOMAIN: _("Many from one domain in a short time"), signs.DISPOSABLE: _("Throw-away addresses"),
        signs.GENERATED: _("Addresses that look generated"),
        signs.FAST: _("Confirmed faster than people read"), signs.SLEEPLESS: _("No night"),
    }  # fmt: skip


def reason(one: Sign) -> str:
    """Why it stands out, in a sentence with its figures."""
    figures = {
        "n": i18n.number(one.n), "of": i18n.number(one.of), "where": _where(one),
        "usual": i18n.number(round(one.usual)), "share": i18n.percent(one.usual),
    }  # fmt: skip
    if one.kind == signs.SPIKE:
        figures["moment"] = i18n.moment(datetime.fromisoformat(one.about["hour"]))
    if one.kind == signs.DISPOSABLE:
        figures["names"] = i18n.listed(one.about["domains"])
    if one.kind == signs.FAST:
        return _quick(figures)
    sentences = {
        signs.SPIKE: _("%(n)s in single hours of %(where)s, most of them from %(moment)s on; an hour usually has"
                       " %(usual)s.", **figures) if "moment" in figures else "",
        signs.NETWORK: _("%(n)s signatures of the last two days came from %(where)s. A meeting, a school or a"
                         " telephone company can look like that as well.", **figures),
        signs.DOMAIN: _("%(n)s of %(of)s have addresses of %(where)s; as on other days it would be %(usual)s.",
                        **figures),
        signs.DISPOSABLE: _("%(n)s of %(of)s come from domains that are known for addresses of ten minutes, such as"
                            " %(names)s. Careful people use them, too.", **figures) if "names" in figures else "",
        signs.GENERATED: _("%(n)s of %(of)s from %(where)s have addresses that look made by a machine; elsewhere it"
                           " is %(share)s.", **figures),
        signs.SLEEPLESS: _("%(n)s of %(of)s from %(where)s signed in the quietest quarter of the day; of people at"
                           " most %(share)s do.", **figures),
    }  # fmt: skip
    return str(sentences[one.kind])


def _quick(figures: dict[str, str]) -> str:
    return str(
        ngettext(
            "%(n)s of %(of)s from %(where)s pressed the button within %(num)s second of sending the form; elsewhere it"
            " is %(share)s.",
            "%(n)s of %(of)s from %(where)s pressed the button within %(num)s seconds of sending the form; elsewhere it"
            " is %(share)s.",
            int(signs.READ_IN.total_seconds()), **figures,
        )
    )  # fmt: skip


def _where(one: Sign) -> str:
    told = one.about
    if one.kind == signs.SLEEPLESS:
        return countries.name(told["country"], i18n.spoken()) if told["country"] else str(_("no country"))
    if "domain" in told:
        return str(told["domain"])
    # A domain that may belong to one family is not named.
    for name, said_of in (("networks", _("the network")), ("domains", _("the domain"))):
        if one.filter.get(name):
            return f"{said_of} {said.short(bytes.fromhex(one.filter[name][0]))}"
    return _day(told.get("day", ""))


def _day(iso: str) -> str:
    return i18n.day(date.fromisoformat(iso)) if iso else ""


@desk.post("/campaigns/<slug:slug>/signs", needs="decide")
def look_for_signs(campaign: Reading) -> Response:
    """Have the worker look (again); not twice at a time."""
    if not any(job.is_open for job in signs.newest(campaign.id)):
        signs.ask(campaign.id, actor=wall.me().called(), at=db.now())
        db.session.commit()
    return redirect(url_for("desk.signs_page", slug=campaign.slug), 303)
