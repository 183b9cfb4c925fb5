"""Who has signed and chose to be shown: the first ones, by country, in pages, searched. The same bytes for everybody
but for a search, which nothing keeps."""

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, abort, g, redirect, render_template, request
from werkzeug import Response

from petition import register, signatories
from petition.base import countries, db, i18n, text, urls
from petition.campaigns import Reading
from petition.signatories import Signatory
from petition.web import context, guards, limits

blueprint = Blueprint("signatories", __name__)
#: Up to so many stand on one page, all countries together; where there are more, each country has pages of its own.
TOGETHER = 400
PAGE = 200
#: So many are shown of what a search finds.
FOUND = 50
LONGEST_SEARCH = 100
#: Where there are fewer, nobody needs to search.
MANY = 25


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one country: `name` "" where it was not given, or nobody was asked."""

    name: str
    organisations: list[Signatory]
    people: list[Signatory]


@dataclass(frozen=True, slots=True)
class Country:
    """A country as a list leads to it."""

    name: str
    count: int
    href: str


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/signatories", endpoint="signatories")
def everybody(language: str, slug: str) -> str:
    """The first signatories; then all of them by country, or where they are many the way to each country."""
    reading = guards.campaign(language, slug)
    counts = signatories.by_country(reading.id)
    shown = sum(counts.values())
    first = signatories.first(reading.id)
    if shown <= TOGETHER:
        rest = [one for one in signatories.everybody(reading.id, TOGETHER) if one.first is None]
        return _page(reading, language, shown=shown, first=first, groups=_groups(rest))
    if len(counts) == 1:
        only = _of_country(reading, language, next(iter(counts)))
        return _page(reading, language, shown=shown, first=first, **only)
    return _page(reading, language, shown=shown, first=first, countries=_countries(reading, language, counts))


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/signatories/<string(minlength=2, maxlength=4):code>")
def country(language: str, slug: str, code: str) -> str:
    """Those of one country; 404 where nobody is shown."""
    reading = guards.campaign(language, slug)
    where = _country(code)
    page = _of_country(reading, language, where)
    if not page["groups"]:
        abort(404)
    return _page(reading, language, **page)


@blueprint.get(
    "/<lang:language>/campaigns/<slug:slug>/signatories/<string(minlength=2, maxlength=4):code>"
    f"/after/<int(max={2**63 - 1}):last>"
)
def after(language: str, slug: str, code: str, last: int) -> str | Response:
    """The same from behind somebody on; from the beginning where they are no longer shown there."""
    reading = guards.campaign(language, slug)
    where = _country(code)
    begin = signatories.one(reading.id, last)
    if begin is None or begin.country != where:
        return redirect(urls.signatories(language, reading.slug, where), 302)
    page = _of_country(reading, language, where, begin)
    if not page["groups"]:
        return redirect(urls.signatories(language, reading.slug, where), 302)
    return _page(reading, language, **page)


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/signatories/search")
def search(language: str, slug: str) -> str | Response:
    """Those shown whose line holds what was asked for. Nothing keeps this answer, for the query changes it."""
    reading = guards.campaign(language, slug)
    said = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    if not said:
        return redirect(urls.signatories(language, reading.slug), 302)
    if limits.too_many(limits.client_address(), "search "):
        abort(429)
    found = signatories.search(reading.id, said, FOUND + 1)
    return _page(reading, language, said=said, more=len(found) > FOUND, groups=_groups(found[:FOUND]))


def _country(code: str) -> str:
    """The country that a piece of an address names, "" for those who gave none; 404 for what is none."""
    if code != urls.NO_COUNTRY and code not in countries.CODES:
        abort(404)
    return "" if code == urls.NO_COUNTRY else code


def _of_country(reading: Reading, language: str, code: str, last: Signatory | None = None) -> dict[str, object]:
    found = signatories.of_country(reading.id, code, PAGE + 1, last)
    next_href = urls.signatories(language, reading.slug, code, found[PAGE - 1].id) if len(found) > PAGE else ""
    begin_href = urls.signatories(language, reading.slug, code) if last else ""
    return {"groups": _groups(found[:PAGE]), "next_href": next_href, "begin_href": begin_href}


def _groups(found: list[Signatory]) -> list[Group]:
    """By the names of the countries in the reader's language, those of no country last; in each, organisations first,
    in the order they come in."""
    by_code = {code: list(group) for code, group in groupby(found, key=lambda one: one.country)}
    return [
        Group(
            _named(code),
            [one for one in by_code[code] if one.is_organisation],
            [one for one in by_code[code] if not one.is_organisation],
        )
        for code in sorted(by_code, key=_by_name)
    ]


def _named(code: str) -> str:
    return countries.name(code, i18n.spoken()) if code else ""


def _by_name(code: str) -> tuple[bool, str]:
    return code == "", text.folded_name(_named(code))


def _countries(reading: Reading, language: str, counts: dict[str, int]) -> list[Country]:
    return [
        Country(_named(code), counts[code], urls.signatories(language, reading.slug, code))
        for code in sorted(counts, key=_by_name)
    ]


def _page(reading: Reading, language: str, **shown: object) -> str:
    g.colour, g.page_language = reading.colour, language
    total = register.total(reading.id)
    base = urls.signatories(language, reading.slug)
    given: dict[str, object] = {
        "shown": None, "first": [], "groups": [], "countries": [], "next_href": "", "begin_href": "", "said": "",
        "more": False, "many": MANY,
    }  # fmt: skip
    return render_template(
        "public/signatories.html",
        **(given | shown),
        campaign=context.campaign_view(reading, total, db.now()),
        wording=context.wording_view(reading, language),
        total=total,
        forgotten=reading.forgotten_at is not None,
        campaign_href=urls.campaign(language, reading.slug),
        all_href=base,
        search_href=base + "/search",
        endorsements_href=urls.endorsements(language, reading.slug),
    )
