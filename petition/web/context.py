"""What every template can use, and the values that pages show."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, g, has_request_context, request, url_for
from markupsafe import Markup

from petition import articles, campaigns, pictures, register, share_pictures
from petition.base import countries, db, i18n, markdown, settings, tokens, urls
from petition.base.i18n import gettext as _
from petition.campaigns import GRACE, SETTLING, Phase, Reading
from petition.web import headers, style

HOUSE_COLOUR = "b3201b"


def init_app(app: Flask) -> None:
    """Give templates what they all use."""
    app.context_processor(_everywhere)
    app.add_template_global(style.asset, "asset")
    app.add_template_global(i18n.direction, "direction")
    app.add_template_global(i18n.locale, "locale")
    app.add_template_global(i18n.own_name, "own_language")
    app.add_template_global(i18n.number, "number")
    app.add_template_global(i18n.percent, "percent")
    app.add_template_global(i18n.listed, "listed")
    app.add_template_global(i18n.day, "date")
    app.add_template_global(i18n.moment, "moment")
    app.add_template_global(_country, "country")


def _country(code: str) -> str:
    return countries.name(code, i18n.spoken())


@dataclass(frozen=True, slots=True)
class Site:
    """The site as templates name it."""

    name: str
    base_url: str


def _everywhere() -> dict[str, Any]:
    if not has_request_context():
        # A letter: it needs nothing of a page.
        return {}
    now = settings.current()
    spoken, house = i18n.spoken(), i18n.house()
    page = getattr(g, "page_language", spoken)
    return {
        "site": Site(now.site_name, now.base_url), "language": spoken, "page_language": page,
        "page_direction": i18n.direction(page), "switch": _switch(), "colour": getattr(g, "colour", HOUSE_COLOUR),
        "style_href": getattr(g, "style_href", "") or style.sheet_href(getattr(g, "colour", HOUSE_COLOUR)),
        "home": f"/{house}/",
        "privacy_href": f"/{house}/privacy", "how_href": f"/{house}/how-we-count",
        "articles_href": urls.articles(house), "events_href": urls.events(house), "join_href": urls.join(house),
        "tell_me_href": urls.tell_me(house), "give_href": now.give_url, **_places(),
        "feed": _feed(), "layout": getattr(g, "layout", "base.html"), "outward": getattr(g, "outward", ""),
    }  # fmt: skip


def _places() -> dict[str, Any]:
    """Where search engines find this page: in each language in which its text exists (`g.exists_in`, else the
    interface's), the text's first one standing for the others. Nothing for what is somebody's own."""
    arguments: Mapping[str, Any] = request.view_args or {}
    if request.method == "POST" or request.endpoint not in headers.PUBLIC_PAGES or "language" not in arguments:
        return {"canonical": None, "alternates": []}
    languages: tuple[str, ...] = getattr(g, "exists_in", settings.current().languages)
    places = {code: urls.absolute(url_for(request.endpoint, **{**arguments, "language": code})) for code in languages}
    canonical = places.get(arguments["language"]) or places[languages[0]]
    return {"canonical": canonical, "alternates": list(places.items()) if len(places) > 1 else []}


#: Which feed tells of a page.
_FEEDS = {
    "reading.front": "feeds.site", "articles.articles": "feeds.site", "articles.before": "feeds.site",
    "articles.article": "feeds.site", "articles.topic": "feeds.topic", "articles.topic_before": "feeds.topic",
    "campaign.campaign": "feeds.campaign",
    "events.events": "feeds.events", "events.past": "feeds.events", "events.before": "feeds.events",
    "events.event": "feeds.events",
}  # fmt: skip


def _feed() -> tuple[str, str] | None:
    """What the feed that tells of this page is called, and its path; None where there is none."""
    found = _FEEDS.get(request.endpoint or "")
    if found is None or "language" not in (arguments := dict(request.view_args or {})):
        return None
    if found == "feeds.campaign":
        return _("News of this campaign as a feed"), url_for(found, **arguments)
    language = i18n.interface(arguments["language"])
    if found == "feeds.topic":
        return _("News on this topic as a feed"), url_for(found, language=language, slug=arguments["slug"])
    return _("Events as a feed") if found == "feeds.events" else _("News as a feed"), url_for(found, language=language)


def _switch() -> list[tuple[str, str, str, bool]]:
    """The same page in every language of the interface, and in its own where a campaign brings the words; only where
    its address names one."""
    arguments: Mapping[str, Any] = request.view_args or {}
    if "language" not in arguments or request.endpoint is None or request.method == "POST":
        return []
    current = str(arguments["language"])
    brought = [current] if current == i18n.spoken() and current not in settings.current().languages else []
    return [
        (code, i18n.own_name(code), url_for(request.endpoint, **{**arguments, "language": code}), code == current)
        for code in (*brought, *settings.current().languages)
    ]


@dataclass(frozen=True, slots=True)
class WordingView:
    """A wording as a page shows it; `foreign` where it is not in the reader's language. `changes_href` leads to what
    was changed since the version before, if there was one, at `changed_at`."""

    title: str
    lang: str
    foreign: bool
    addressee: str
    standfirst: str
    opening: Markup
    rest: Markup
    version: int
    changed_at: datetime
    changes_href: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as a page shows it."""

    slug: str
    phase: str
    opens_at: datetime | None
    closes_at: datetime | None
    final_at: datetime | None
    colour: str
    goal: int | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What a signer agrees to, in the reader's language."""

    responsible: str
    responsible_address: str
    handed_to: str
    fields: list[str]
    months: int
    ground: str
    version: int


@dataclass(frozen=True, slots=True)
class PictureView:
    """An organiser's picture: the small one, all of them as `srcset`, its largest size, and what it shows in the
    language `lang`."""

    src: str
    srcset: str
    width: int
    height: int
    alt: str
    lang: str


@dataclass(frozen=True, slots=True)
class Card:
    """A campaign as lists show it."""

    href: str
    title: str
    lang: str
    addressee: str
    standfirst: str
    total: int
    goal: int | None
    phase: str
    colour: str


@dataclass(frozen=True, slots=True)
class ArticleCard:
    """An article as lists show it."""

    href: str
    title: str
    lang: str
    standfirst: str
    date: date


@dataclass(frozen=True, slots=True)
class ShareView:
    """A page as its readers hand it on: its plain address to read, one for the phone's own way of sharing and one to
    copy, each with its source, and links to the usual places (name, address)."""

    title: str
    address: str
    by_phone: str
    copied: str
    links: list[tuple[str, str]]


def wording_view(reading: Reading, language: str, *, whole: bool = False) -> WordingView:
    """The newest wording for a reader; `whole` splits the text at its first screenful."""
    wording = reading.wording(language)
    opening, rest = markdown.opening(wording.html) if whole else ("", "")
    changes = urls.wording(language, reading.slug, wording.language, wording.version) if wording.version > 1 else ""
    return WordingView(
        wording.title, wording.language, wording.language != language, wording.addressee, wording.standfirst,
        # Sanitised when it was saved, by base.markdown.to_html.
        Markup(opening), Markup(rest), wording.version, wording.created_at, changes,  # noqa: S704
    )  # fmt: skip


def campaign_view(reading: Reading, total: int, at: datetime) -> CampaignView:
    """A campaign at a moment. FINAL only once every move is numbered (S07)."""
    phase = campaigns.phase(reading, at)
    if phase is Phase.FINAL and not register.is_numbered(reading.id):
        phase = Phase.CLOSED
    final_at = reading.closes_at + GRACE + SETTLING if reading.closes_at else None
    outcome = reading.outcome.get(i18n.spoken()) or reading.outcome.get(reading.first_language, "")
    return CampaignView(
        reading.slug, phase.value, reading.opens_at, reading.closes_at, final_at if phase is Phase.CLOSED else None,
        reading.colour, reading.next_goal(total), outcome,
    )  # fmt: skip


def consent_view(reading: Reading) -> ConsentView | None:
    """What a signer agrees to, with the words of the interface."""
    consent = reading.consent
    if consent is None:
        return None
    handed_to = consent.handed_to.get(i18n.spoken()) or consent.handed_to.get(reading.first_language, "")
    own = reading.questions(getattr(g, "page_language", i18n.spoken()))
    names = field_names() | {one.name: one.label for one in own}
    fields = [names[name] for name in consent.fields if name in names]
    return ConsentView(
        consent.responsible, consent.responsible_address, handed_to, fields,
        consent.months, grounds()[consent.ground], consent.version,
    )  # fmt: skip


def field_names() -> dict[str, str]:
    """What the details of a signature are called."""
    return {
        "name": _("name"), "address": _("e-mail address"), "country": _("country"), "place": _("town or city"),
        "role": _("what you do"), "organisation": _("organisation"), "comment": _("why you sign"),
    }  # fmt: skip


def grounds() -> dict[str, str]:
    """Legal grounds in plain words."""
    return {
        "consent": _("your consent, which you can withdraw at any time"),
        "legitimate interest": _("the legitimate interest of those responsible in handing over this appeal"),
        "public task": _("a task in the public interest"),
    }


def picture_view(reading: Reading, language: str) -> PictureView | None:
    """The picture of a campaign, if it has one."""
    found = pictures.of_campaign(reading.id)
    if found is None:
        return None
    one, alt = found
    spoken = next((code for code in (language, reading.first_language, *alt) if code in alt), "")
    return PictureView(
        urls.picture(one.name, *urls.picture_sizes(one.width, one.height)[-1]),
        urls.picture_set(one.name, one.width, one.height), one.width, one.height, alt[spoken], spoken,
    )  # fmt: skip


def card(reading: Reading, total: int, language: str, at: datetime) -> Card:
    """A campaign for a list."""
    wording = reading.wording(language)
    return Card(
        urls.campaign(language, reading.slug), wording.title, wording.language, wording.addressee,
        wording.standfirst, total, reading.next_goal(total), campaigns.phase(reading, at).value, reading.colour,
    )  # fmt: skip


def campaign_cards(language: str, at: datetime, ids: Collection[int] | None = None) -> tuple[list[Card], list[Card]]:
    """The public campaigns (or those of these ids): the ones to sign now, most signed first, then those to come or
    paused; and the ones that have closed. With a handful of queries for all of them."""
    known = [one for one in campaigns.all_public(at) if ids is None or one.id in ids]
    totals = register.totals(one.id for one in known)
    cards = [card(one, totals[one.id], language, at) for one in known]
    running = [one for one in cards if one.phase in (Phase.OPEN, Phase.PAUSED, Phase.SCHEDULED)]
    running.sort(key=lambda one: (one.phase != Phase.OPEN, -one.total))
    return running, [one for one in cards if one not in running]


def article_cards(found: list[articles.Reading], language: str) -> list[ArticleCard]:
    """Articles for a list."""
    return [
        ArticleCard(
            urls.article(language, one.slug), one.text.title, one.text.language, one.text.standfirst, one.published_at
        )
        for one in found
    ]


def country_lists() -> dict[str, list[tuple[str, str]]]:
    """Every country by name in the reader's language, and the likely ones first."""
    spoken = i18n.spoken()
    return {
        "likely": [(code, countries.name(code, spoken)) for code in countries.likely(spoken)],
        "countries": countries.names(spoken),
    }


def form_token(reading: Reading, language: str, partner: str = "") -> str:
    """The token of a campaign's form in a language: nobody's own, so that pages can be kept."""
    consent = reading.consent.version if reading.consent else 0
    return tokens.form(reading.id, reading.wording(language).id, consent, partner, db.now())


def share_view(title: str, path: str) -> ShareView:
    """The page at a path as its readers hand it on. Every way adds its own word to the link (`?source=share-…`), so
    that the tallies show what brings signers; the word says nothing of who shared it. Plain links: nothing is loaded
    from those places. Signal has no address for this: its app knows no link that begins a message."""
    links = {name: quote(urls.absolute(f"{path}?source=share-{name}"), safe="") for name in _PLACES}
    text = quote(title, safe="")
    return ShareView(
        title, urls.absolute(path), urls.absolute(f"{path}?source=share-phone"),
        urls.absolute(f"{path}?source=share-copy"),
        [(_("E-mail") if name == "mail" else label, form.format(text=text, link=links[name]))
         for name, (label, form) in _PLACES.items()],
    )  # fmt: skip


#: Where people tell others: name in the source, name on the page, the place's own form of a link.
_PLACES = {
    "whatsapp": ("WhatsApp", "https://wa.me/?text={text}%0A{link}"),
    "telegram": ("Telegram", "https://t.me/share/url?url={link}&text={text}"),
    "mastodon": ("Mastodon", "https://share.joinmastodon.org/#text={text}%0A{link}"),
    "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={link}"),
    "x": ("X", "https://x.com/intent/post?text={text}&url={link}"),
    "mail": ("", "mailto:?subject={text}&body={text}%0D%0A%0D%0A{link}"),
}


def share_picture(reading: Reading, language: str) -> str:
    """The public address of the picture of a campaign's page in a language; "" where there is none. The query makes
    those ask again who have kept an older one; it changes no answer."""
    shown = reading.wording(language).language
    version = share_pictures.version(reading.id, shown)
    return f"{urls.absolute(urls.share_picture(shown, reading.slug))}?v={version}" if version else ""
