"""Every page of `templates/` with made-up contents, on loopback: to look at, and for test_look.py to hold.

Run `python -m tests.browser.gallery` and open the address it prints. Nothing here touches a database.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import SimpleNamespace as Thing
from typing import Any

from flask import Flask, Response, abort, render_template, request
from flask_babel import Babel, format_date, format_datetime, format_decimal
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.serving import WSGIRequestHandler, make_server
from wtforms import BooleanField, Form, SelectChoice, SelectField, StringField

from petition.base import countries
from petition.web import style

ROOT = Path(__file__).resolve().parents[2]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'"
)
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
MOMENT = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
SITE = Thing(name="Dockside News", base_url="https://example.org")
OTHERS = [("en", "English", "#en"), ("es", "Español", "#es"), ("ar", "العربية", "#ar")]


class SignForm(Form):
    """The fields that the real form has."""

    name = StringField()
    email = StringField()
    country = StringField()
    place = StringField()
    role = StringField()
    organisation = StringField()
    comment = StringField()
    short = StringField()
    campaign = StringField()
    on_behalf = BooleanField()
    with_role = BooleanField()
    news = BooleanField()
    appear = SelectField(choices=[SelectChoice(way, way) for way in ("hidden", "short", "full")], default="hidden")
    token = StringField()
    asks: set[str]
    requires: set[str]


def form(asks: str = "country", errors: dict[str, list[str]] | None = None, **typed: str) -> SignForm:
    """A form that asks for these, with what was typed and what is wrong with it."""
    made = SignForm(MultiDict(typed)) if typed else SignForm()
    made.asks, made.requires = set(asks.split()), {"country"}
    made.token.data = "aa14.Zk0hPCx2VtW9b3Q1uS7dLg"
    for name, sentences in (errors or {}).items():
        made[name].errors = tuple(sentences)
    return made


EVERYTHING = "country place role organisation comment"
PARAGRAPHS = [
    (
        "The canteen of the northern quay has fed three shifts a day for thirty-one years. When its workers asked "
        "for the meal breaks that their own contract names, the operator answered with forty letters of dismissal, "
        "delivered to their homes on a Monday morning."
    ),
    (
        "The Port Authority owns the building, awards the concession and signs its conditions. It can put this right "
        "with one letter, and it should."
    ),
    "We sign as dockers and nurses, as students and pensioners, in our own countries and in our own names.",
]
ARABIC = [
    (
        "أطعم مقصف الرصيف الشمالي ثلاث نوبات في اليوم طوال إحدى وثلاثين سنة. وعندما طالب عماله باستراحات الطعام التي "
        "ينص عليها عقدهم، جاء الرد أربعين رسالة فصل وصلت إلى بيوتهم صباح يوم الاثنين."
    ),
    "سلطة الميناء تملك المبنى وتمنح الامتياز وتوقع شروطه. يمكنها أن تصلح هذا برسالة واحدة، وعليها أن تفعل.",
]


def markup(paragraphs: list[str]) -> Markup:
    """Paragraphs as the sanitised HTML of a wording."""
    return Markup("").join(Markup("<p>{}</p>").format(text) for text in paragraphs)


def wording(lang: str = "en", foreign: bool = False) -> Thing:
    """The appeal of the gallery, in English or Arabic."""
    if lang == "ar":
        return Thing(
            title="أعيدوا عمال المقصف الأربعين إلى عملهم", lang="ar", foreign=foreign, version=1,
            addressee="سلطة ميناء سانتا مارينا", opening=markup(ARABIC), rest=markup(ARABIC),
            standfirst="في الثالث من آذار فُصل أربعون شخصاً لأنهم طالبوا باحترام عقودهم. نطالب بإعادتهم إلى عملهم.",
        )  # fmt: skip
    table = "<table><thead><tr><th>Year</th><th>Meals</th></tr></thead><tbody><tr><td>2024</td><td>310,000</td></tr>"
    more = Markup('<h2>What we ask</h2><ul><li>Forty contracts, as they were.</li><li>Talks within two weeks, <a '
                  'href="https://example.org/a-rather-long-address/of-the-agreement">as agreed</a>.</li></ul>'
                  "<blockquote><p>They counted the minutes of our lunch.</p></blockquote>")  # fmt: skip
    return Thing(
        title="Take the forty canteen workers back", lang="en", foreign=foreign, version=2,
        addressee="the Port Authority of Santa Marina", opening=markup(PARAGRAPHS),
        rest=more + Markup(table + "</tbody></table>") + markup(PARAGRAPHS),
        standfirst="On 3 March forty people were dismissed for asking that their contracts be honoured. We ask the "
        "Port Authority to reinstate them and to reopen the talks.",
    )  # fmt: skip


def campaign(phase: str = "open") -> Thing:
    """A campaign in a phase."""
    return Thing(
        slug="canteen", phase=phase, opens_at=MOMENT, closes_at=MOMENT, colour="b3201b", goal=15000,
        outcome="The Port Authority took the list on 1 May." if phase == "final" else "",
        final_at=MOMENT if phase in ("closed", "final") else None,
    )  # fmt: skip


CONSENT = Thing(
    responsible="Dockside News", responsible_address="4 Quay Street, Santa Marina, list@example.org", version=1,
    handed_to="the Port Authority of Santa Marina", fields=["name", "country"], months=6,
    ground="your consent, which you can withdraw at any time",
)  # fmt: skip


def campaign_card(title: str, lang: str, colour: str, total: int, phase: str = "open") -> Thing:
    """A campaign as lists show it."""
    return Thing(
        href="#campaign", title=title, lang=lang, addressee="the Port Authority of Santa Marina", goal=15000,
        standfirst=wording(lang if lang == "ar" else "en").standfirst, total=total, phase=phase, colour=colour,
    )  # fmt: skip


CARDS = [
    campaign_card("Take the forty canteen workers back", "en", "b3201b", 12481),
    campaign_card("Keep the night ferry running", "en", "1f4f7a", 862),
    campaign_card("أعيدوا عمال المقصف الأربعين إلى عملهم", "ar", "2c6e49", 1, "paused"),
]
ARTICLES = [
    Thing(href="#1", title="“They counted the minutes of our lunch”", lang="en", date=MOMENT,
          standfirst="A shift with the women of the northern quay, three weeks after the letters."),
    Thing(href="#2", title="Rotterdam’s crane drivers collect on paper too", lang="en", date=MOMENT,
          standfirst="Two hundred names in a lunch break, and a song."),
    Thing(href="#3", title="رسالة من تونس", lang="ar", date=MOMENT, standfirst="كتب إلينا عمال الميناء في رادس."),
]  # fmt: skip
FACTS = [
    ("What a signature is", ["It counts once its button has been pressed.", "We count mailboxes."]),
    ("How long we keep details", ["Pending ones go after 14 days.", "Signatures go with the campaign."]),
]
DETAILS = [("Name", "Ngũgĩ wa Kamau"), ("Country", "Kenya"), ("Organisation", "محمد الأمين & Sons <b>Ltd</b>"),
           ("Comment", "First line.\nSecond line with averyveryveryveryveryverylongwordthatneverends.")]  # fmt: skip


def reading(lang: str = "en", phase: str = "open", **more: Any) -> dict[str, Any]:
    """The context of a campaign's page."""
    code = request.args.get("lang", "en")
    ground = {
        "campaign": campaign(phase), "wording": wording(lang), "total": 12481, "counted_at": MOMENT,
        "form": form() if phase == "open" else None, "consent": CONSENT, "countries": countries.names(code),
        "likely": [(one, countries.name(one, code)) for one in countries.likely(code)], "link_href": "#link",
        "privacy_href": "#privacy", "how_href": "#how", "articles": ARTICLES, "languages": OTHERS,
    }  # fmt: skip
    return ground | more


def pending(state: str, name: str, details: list[tuple[str, str]]) -> Thing:
    """A pending signature in a state."""
    return Thing(row="r1", name=name, at=MOMENT, state=state, details=details)


def own(**more: Any) -> dict[str, Any]:
    """The context of the page behind a link."""
    code = request.args.get("lang", "en")
    ground = {
        "address_root": "/t/abc", "wording": wording(), "campaign": campaign(), "consent": CONSENT, "pending": [],
        "signature": None, "correct": None, "contacts": [], "quiet": None, "quiet_until": MOMENT, "notice": None,
        "more_href": None, "paused": False, "countries": countries.names(code), "likely": [],
    }  # fmt: skip
    return ground | more


def counted(state: str) -> Thing:
    """A signature in a state."""
    return Thing(state=state, name="Ngũgĩ wa Kamau", since=MOMENT, details=DETAILS, appears_as="Ngũgĩ K.")


WRONG = {"name": ["Type your name."], "email": ["Did you mean ana@gmail.com?"], "country": ["Choose your country."]}
PLACES = ["WhatsApp", "Telegram", "Signal", "E-mail", "Mastodon", "X", "Facebook"]
SHARE = [(name, "https://example.org/share") for name in PLACES]
ARTICLE = Thing(
    title="“They counted the minutes of our lunch”", lang="en", authors="Łucja Brzęczyszczykiewicz", date=MOMENT,
    standfirst="A shift with the women of the northern quay.", html=markup(PARAGRAPHS * 2), foreign=False,
    languages=OTHERS,
)  # fmt: skip
LETTERS = [Thing(to="ana@example.org", subject="Please confirm your signature", at=MOMENT, href="#l",
                 html_href="/letter", text="Press the button:\nhttps://example.org/t/abc\n\nGoodbye")]  # fmt: skip

Page = tuple[str, Callable[[], dict[str, Any]]]
PAGES: dict[str, Page] = {
    "front": ("public/front.html", lambda: {"lead": CARDS[0], "campaigns": CARDS[1:], "closed": CARDS[:2],
                                            "articles": ARTICLES}),
    "front-empty": ("public/front.html", lambda: {"lead": None, "campaigns": [], "closed": [], "articles": []}),
    "article": ("public/article.html", lambda: {"article": ARTICLE, "card": CARDS[0], "more": ARTICLES}),
    "campaign": ("public/campaign.html", reading),
    "campaign-all": ("public/campaign.html", lambda: reading(form=form(EVERYTHING))),
    "campaign-wrong": ("public/campaign.html", lambda: reading(
        form=form(EVERYTHING, WRONG, email="ana@gmial.com", country="IE", place="Cork <b>"))),
    "campaign-foreign": ("public/campaign.html", lambda: reading(wording=wording("ar", foreign=True))),
    "campaign-ar": ("public/campaign.html", lambda: reading("ar")),
    "campaign-paused": ("public/campaign.html", lambda: reading(phase="paused")),
    "campaign-scheduled": ("public/campaign.html", lambda: reading(phase="scheduled", total=0)),
    "campaign-closed": ("public/campaign.html", lambda: reading(phase="closed")),
    "campaign-final": ("public/campaign.html", lambda: reading(phase="final")),
    "not-open": ("public/not_open.html", lambda: {"campaign": campaign("closed"), "wording": wording(), "total": 9,
                                                  "phase": "closed", "final_at": MOMENT}),
    "resend": ("public/resend.html", lambda: {
        "fields": [("name", "Your name", "O’Brien"), ("email", "E-mail address", "o@example.org"),
                   ("country", "Country", "IE"), ("appear", "How to appear in the public list", "full"),
                   ("news", "Send me news of this campaign", "y"), ("comment", "Why you sign", "Because.\nSo.")],
        "token": "t", "reason": "unavailable", "retry_after": 30}),
    "inbox": ("public/inbox.html", lambda: {
        "wording": wording(), "campaign_href": "#c", "address": "ana@gmail.com", "sender": "News <a@b.example>",
        "provider": Thing(name="Gmail", href="https://mail.example"), "slow": True, "link_href": "#l",
        "kept_href": "#k"}),
    "inbox-bare": ("public/inbox.html", lambda: {
        "wording": wording(), "campaign_href": "#c", "address": None, "sender": "a@b.example", "provider": None,
        "slow": False, "link_href": "#l", "kept_href": None}),
    "own-one": ("public/own.html", lambda: own(pending=[pending("ready", "Ana Müller", [])])),
    "own-several": ("public/own.html", lambda: own(more_href="#more", pending=[
        pending("ready", "محمد الأمين", DETAILS), pending("old", "Ana", DETAILS), pending("late", "A", [])])),
    "own-counted": ("public/own.html", lambda: own(
        signature=counted("counted"), notice="corrected", contacts=[("c1", "Canteen news")],
        pending=[pending("ready", "Somebody else", [])],
        correct=form(EVERYTHING, name="Ngũgĩ wa Kamau", short="Ngũgĩ K.", country="KE", appear="short"))),
    "own-held": ("public/own.html", lambda: own(signature=counted("held"), paused=True)),
    "own-removed": ("public/own.html", lambda: own(signature=counted("removed"))),
    "own-quiet": ("public/own.html", lambda: own(quiet="campaign", notice="wiped")),
    "own-nothing": ("public/own.html", own),
    "gone": ("public/gone.html", lambda: {"wording": wording(), "campaign_href": "#c"}),
    "thanks": ("public/thanks.html", lambda: {
        "wording": wording(), "campaign_href": "#c", "total": 12482, "already": False, "share": SHARE,
        "share_url": "https://example.org/en/campaigns/take-the-forty-canteen-workers-back", "articles": ARTICLES,
        "privacy": "#p"}),
    "link": ("public/link.html", lambda: {"wording": wording(), "campaigns": None, "form": form()}),
    "find-link": ("public/find_link.html", lambda: {
        "wording": None, "campaigns": [("canteen", wording().title)], "form": form(errors={"email": ["No."]})}),
    "link-sent": ("public/link_sent.html", dict),
    "privacy": ("public/privacy.html", lambda: {"facts": FACTS}),
    "campaign-privacy": ("public/campaign_privacy.html", lambda: {
        "consent": CONSENT, "wording": wording("ar"), "campaign": campaign(), "link_href": "#l"}),
    "how": ("public/how.html", lambda: {"facts": FACTS, "moves": Thing(
        caption="Moves", columns=["Number", "What", "Amount"], rows=[[1, "entered", 1], [2, "withdrawn", -1]],
        figures=(0, 2))}),
    "error": ("error.html", lambda: {"status": 404, "title": "There is nothing here", "text": "It may be cut off.",
                                     "links": [("Have your link sent again", "#l"), ("Front page", "#")]}),
    "kept": ("kept.html", lambda: {"letters": LETTERS}),
    "kept-letter": ("kept_letter.html", lambda: {"letter": LETTERS[0]}),
}  # fmt: skip


def common() -> dict[str, Any]:
    """What the real context processor gives to every page."""
    lang, page = request.args.get("lang", "en"), request.args.get("page", request.args.get("lang", "en"))
    return {
        "site": SITE, "language": lang, "page_language": page, "colour": request.args.get("colour", "b3201b"),
        "page_direction": direction(page), "style_href": style.sheet_href(request.args.get("colour", "b3201b")),
        "switch": [(code, own, href, code == page) for code, own, href in OTHERS], "asset": style.asset,
        "direction": direction, "number": format_decimal, "percent": lambda share: format_decimal(share * 100) + " %",
        "date": lambda day: format_date(day, "long"), "home": "#home", "privacy_href": "#privacy", "how_href": "#how",
        "moment": lambda at: format_datetime(at, "d MMMM y, HH:mm") + " UTC",
        "country": lambda code: countries.name(code, lang),
    }  # fmt: skip


def direction(lang: str) -> str:
    """The direction in which a language is written."""
    return "rtl" if lang in RIGHT_TO_LEFT else "ltr"


def create_gallery() -> Flask:
    """The gallery as an application: `/PAGE?lang=en&page=ar&colour=b3201b`, its list at `/`."""
    app = Flask("gallery", template_folder=str(ROOT / "templates"), static_folder=None)
    Babel(app, locale_selector=lambda: request.args.get("lang", "en"))
    app.register_blueprint(style.blueprint)
    app.context_processor(common)

    @app.get("/")
    def listing() -> str:
        links = Markup("").join(Markup('<li><a href="/{0}">{0}</a>').format(name) for name in PAGES)
        return Markup("<!doctype html><title>Gallery</title><ul>{}</ul>").format(links)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    @app.get("/letter")
    def letter() -> str:
        return render_template("letters/base.html", **LETTER)

    @app.route("/<name>", methods=["GET", "POST"])
    def page(name: str) -> Response:
        if name not in PAGES:
            abort(404)
        template, context = PAGES[name]
        return Response(render_template(template, **context()), headers={"Content-Security-Policy": CSP})

    return app


LETTER = {
    "title": "Please confirm your signature", "greeting": "Hello,", "lang": "en", "dir": "ltr",
    "paragraphs": ["somebody typed this address under an appeal.", "The name typed: “Ana Müller”"],
    "button": ("See and confirm", "https://example.org/t/abcdefghijklmnopqrstuvwxyz0123456789"),
    "after": ["If it was not you, open the same page and say so."],
    "footer": ["Dockside News, 4 Quay Street, Santa Marina"],
}  # fmt: skip


class Quiet(WSGIRequestHandler):
    """Requests without a line for each."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[str]:
    """Serve the gallery on a free port of loopback; gives its address."""
    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with running() as address:
        input(f"{address} – press Return to stop\n")
