"""The real site as it is served: granian, a worker, SQLite, letters in a folder; with something in every state.

Run `python -m tests.browser.site` to look at it: it prints the address of every page. The tests read the same list.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select, update

from petition import (
    articles,
    breakdowns,
    decisions,
    demo,
    endorsement_decisions,
    events,
    migrating,
    running,
    signatories,
)
from petition.app import create_app
from petition.base import crypto, db, images, maildir, settings, tokens
from petition.base.settings import Settings
from petition.contacts import Contact
from petition.drafts import Text
from petition.fields import Field
from petition.pictures import Chosen
from petition.signatures import PendingSignature, Signature
from petition.web import kept
from petition.web.public import news
from tests.cast import Cast, free_port, link_in
from tests.domain.test_images import picture
from tests.signers import enter, signer
from tests.web import asking, endorsing
from tests.web.asking import page_in

ROOT = Path(__file__).resolve().parents[2]
#: Of the demo: in English, Spanish and Arabic, asks for everything, has an article.
CREW = "bring-the-corvane-crew-home"
GARDEN = "reinstate-the-ondavelle-workers"
ENDED = "keep-the-vellmarch-clinic"
ARTICLE = "eleven-months-at-anchor"
DETAILS = {"place": "Nairobi", "role": "Crane driver", "organisation": "محمد الأمين & Sons <b>Ltd</b>",
           "comment": "First line.\nSecond line with averyveryveryveryveryverylongwordthatneverends."}  # fmt: skip
COUNTRIES = ("KE", "TN", "")
#: Of each kind one; not all of them in Spanish.
ASKED = (
    Field("trade", "choice", True, {"en": "What do you work as?", "es": "¿En qué trabajas?"},
          (("dock", {"en": "On the docks", "es": "En el muelle"}), ("ship", {"en": "On board"}))),
    Field("born", "date", False, {"en": "Date of birth", "es": "Fecha de nacimiento"}),
    Field("code", "postcode", False, {"en": "Postcode"}),
    Field("berth", "text", True, {"en": "Your berth, and how long you have been waiting there for your wages"}),
)  # fmt: skip
REWORDED = {
    "en": Text("Take all canteen workers back", "the Port Authority", "Forty were dismissed in one week.",
                      "Take *every one* of them back.\n\nAnd pay them what they are owed."),
    "ar": Text("أعيدوا العاملات", "سلطة الميناء", "فُصلت أربعون.", "أعيدوهن."),
}  # fmt: skip
BACKING = tuple(f"backing, {state}" for state in ("asked", "confirmed", "accepted", "refused in Arabic", "quiet"))
STARTING, READING = 60, 30


@dataclass
class Site:
    """A site being served, and what a test needs of it. `links` are the own pages' paths by state."""

    settings: Settings
    app: Flask
    cast: Cast
    links: dict[str, str] = field(default_factory=dict)
    kept: str = ""

    @property
    def url(self) -> str:
        """The site's address without a slash at its end."""
        return self.settings.base_url

    def letter(self, to: str) -> maildir.Kept:
        """The newest letter to an address, once the worker has put one into the folder."""
        patience = time.monotonic() + READING
        while time.monotonic() < patience:
            for letter in maildir.Maildir(self.settings).kept(500):
                if letter.to == to:
                    return letter
            time.sleep(0.05)
        raise AssertionError(f"no letter within {READING} s")

    def total(self, slug: str = CREW) -> int:
        """The total of a campaign."""
        with self.app.app_context():
            return self.cast.total(slug)

    def stamp(self, purpose: str, said: str = "", slug: str = CREW) -> str:
        """A stamp for the inbox page (with the address typed) or the thanks page."""
        with self.app.app_context():
            return tokens.stamp(purpose, str(self.cast.reading(slug).id), said)


def _settings(folder: Path) -> Settings:
    given = {
        "PORT": str(free_port()), "DATABASE_URL": f"sqlite:///{folder / 'petition.db'}", "SOFT_LIMIT": "100000",
        "KEYS_FILE": str(folder / "keys.json"), "LETTERS_DIR": str(folder / "letters"), "HARD_LIMIT": "100000",
        "ERASURES_FILE": str(folder / "erasures"),
    }  # fmt: skip
    return settings.read(given)


def environment(read: Settings) -> dict[str, str]:
    """The environment that gives a process these settings, and nothing of the machine's own."""
    names = {name for name, _, _ in settings.table()}
    given = {name: str(getattr(read, name.lower())) for name in ("PORT", "DATABASE_URL", "KEYS_FILE", "LETTERS_DIR",
             "ERASURES_FILE", "SOFT_LIMIT", "HARD_LIMIT")}  # fmt: skip
    ours = {name: value for name, value in os.environ.items() if name not in names}
    return ours | given | {"PYTHONPATH": str(ROOT)}


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Serve the site from an empty folder until the block ends."""
    read = _settings(folder)
    crypto.write(read.keys_file, crypto.with_new_key(None))
    # The tests' own application keeps no page: it arranges what the served one shows.
    app = create_app(replace(read, page_cache=0.0))
    with app.app_context():
        migrating.migrate()
        site = Site(read, app, Cast(app))
        _arrange(site)
        db.session.remove()
    with _served(read, folder):
        yield site
    with app.app_context():
        db.session.remove()
        db.database().dispose()


@contextmanager
def _served(read: Settings, folder: Path) -> Iterator[None]:
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "petition", "run"], env=environment(read), cwd=folder, stdout=said,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, read, folder / "said")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", read: Settings, said: Path) -> None:
    patience = time.monotonic() + STARTING
    while time.monotonic() < patience and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{read.base_url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the site does not start:\n" + said.read_text())


def _arrange(site: Site) -> None:
    """The demo's campaigns and articles, one campaign in each phase, one signature in each state."""
    cast, now = site.cast, db.now()
    demo.write("a test", now)
    db.session.commit()
    cast.campaign("soon", opens_at=now + timedelta(days=2))
    shown = Chosen(images.scaled(picture(size=(1800, 1000))), {"en": "A crane at night", "es": "Una grúa de noche"})
    cast.campaign("asking", fields=ASKED, picture=shown)
    cast.campaign("reworded")
    cast.sign("reworded@example.org", slug="reworded")
    cast.campaign("reworded", publish=False, texts=REWORDED)
    for slug in ("withdrawn", "paused", "closed", "late"):
        cast.campaign(slug)
    _meet(cast)
    _show(cast)
    _write(cast)
    _sign_everywhere(cast, site.links)
    _ask_everywhere(cast, site.links)
    _back(cast, site.links)
    running.withdraw(cast.row("withdrawn"), "a test")
    running.pause(cast.row("paused"), "a test")
    running.close(cast.row("closed"), "a test", now - timedelta(hours=1))
    running.close(cast.row("late"), "a test", now - timedelta(days=3))
    site.kept = kept.address() or ""
    first = cast.sink.letters[0]
    for number, letter in enumerate((first, replace(first, to="a" * 64 + "@example.org"))):
        maildir.Maildir(site.settings).offer(letter, f"<{number}@localhost>")()
    site.links["news"] = news.address(db.session.scalars(select(Contact)).first())
    db.session.commit()


def _meet(cast: Cast) -> None:
    """An event of each kind; the first one with all that can be said of one."""
    at = db.now().replace(hour=17, minute=0, second=0, microsecond=0) + timedelta(days=9)
    online = "https://meet.example/open-house?room=" + "4" * 40
    campaign_id = cast.reading(CREW).id
    cast.event("open-house", campaign_id=campaign_id, online=online, starts_at=at, ends_at=at + timedelta(hours=2))
    cast.event("cancelled", cancelled=True)
    cast.event("camp", ends_at=at + timedelta(days=20), time_zone="Asia/Kolkata")
    cast.event("over", starts_at=at - timedelta(days=30), ends_at=None)
    arabic = events.Text("اجتماع مفتوح في قاعة الميناء", "تعالوا واسألوا.", "قاعة الميناء", "أحضروا *حساء*.")
    cast.event("arabic", texts={"ar": arabic}, first_language="ar", time_zone="Africa/Nairobi")


def _show(cast: Cast) -> None:
    """People shown in every way, published divisions, and a campaign whose text runs from right to left."""
    reading = cast.reading(CREW)
    organisation = "محمد الأمين & Sons <b>Ltd</b>"
    rows = [
        signer(reading, "Ngũgĩ wa Thiong’o", "KE", f"Crane driver, {organisation}*"),
        signer(reading, "محمد الأمين", "TN", organisation, on_behalf=True),
        signer(reading, "A" * 60 + " " + "B" * 59, "", "C" * 100),
    ]
    rows += [signer(reading, f"Ana {place}", COUNTRIES[place % 3]) for place in range(36)]
    for place, row in enumerate(rows):
        row["day"] -= timedelta(days=1 + place % 3)
    enter(*rows)
    signatories.put_first(reading.id, [row["mailbox"] for row in rows[:2]], actor="a test")
    cast.number()
    assert breakdowns.publish(reading.id, db.now())
    arabic = Text("أعيدوا عمّال المطعم إلى عملهم", "سلطة الميناء", "فُصل أربعون عاملًا.", "أعيدوهم *الآن*.")
    cast.campaign("arabic", texts={"ar": arabic}, first_language="ar", outcome={"ar": "لا شيء بعد."})


def _write(cast: Cast) -> None:
    """A topic with an article of each kind, and more than fit on its page; another one without any."""
    topic_id = cast.topic().id
    cast.topic("empty", position=1)
    placed = articles.Text("The greenhouse at four in the morning", "They hired forty of us for one winter.",
                           "Nobody sleeps.\n\n[campaign]\n\nIt goes on until dawn.")  # fmt: skip
    letter = "نحن هنا منذ أحد عشر شهرا.\n\n> لم يدفع أحد لنا شيئا.\n\n## ما نطلبه\n\n- أجورنا\n- أن نعود إلى بيوتنا"
    mixed = articles.Text("A letter from the ship, as it reached us", "Eleven months without pay.", letter, "ar")
    long = articles.Text("Electroencefalografistas y otorrinolaringólogas, despedidas", "Desproporcionadamente.",
                         "Anticonstitucionalmente, dicen las electroencefalografistas.")  # fmt: skip
    arabic = articles.Text("رسالة من السفينة", "أحد عشر شهرا بلا أجر.", letter)
    for number in range(22):
        cast.article(f"short-{number}", topic_id=topic_id, published_at=db.now() - timedelta(days=9, hours=number))
    about = {"placed": GARDEN, "of-the-ended": ENDED}
    ended = articles.Text("What became of the clinic", "It stays open.", "*All* of it.")
    texts = {"placed": {"en": placed}, "mixed": {"en": mixed, "ar": arabic}, "long": {"es": long},
             "of-the-ended": {"en": ended}}  # fmt: skip
    for slug, said in texts.items():
        campaign_id = cast.reading(about[slug]).id if slug in about else None
        cast.article(slug, topic_id=topic_id, campaign_id=campaign_id, texts=said, first_language=next(iter(said)),
                     authors="Ngũgĩ wa Thiong’o, Ana Beltrán")  # fmt: skip


def _sign_everywhere(cast: Cast, links: dict[str, str]) -> None:
    answers = {"own:trade": "ship", "own:born": "1990-05-03", "own:code": "D02", "own:berth": "No. 4"}
    links["asked for more"] = counted(cast, "more@example.org", "asking", **answers)
    links["one"] = waiting(cast, "one@example.org")
    for name in ("محمد الأمين", "Somebody With An Insulting Name"):
        cast.sign("several@example.org", slug=CREW, name=name, **DETAILS)
    links["several"] = waiting(cast, "several@example.org")
    links["old"] = waiting(cast, "old@example.org")
    newest = select(PendingSignature.id).order_by(PendingSignature.created_at.desc()).limit(1).scalar_subquery()
    db.session.execute(
        update(PendingSignature).where(PendingSignature.id == newest).values(asked_at=db.now() - timedelta(days=8))
    )
    db.session.commit()
    links["counted"] = counted(cast, "counted@example.org", name="Ngũgĩ wa Thiong’o", news="y", appear="short",
                               with_role="y", **DETAILS)  # fmt: skip
    cast.sign("counted@example.org", slug=CREW, name="Somebody else")
    for state, verb in (("held", "hold"), ("removed", "remove")):
        links[state] = counted(cast, f"{state}@example.org", **DETAILS)
        last = db.session.scalars(select(Signature.id).order_by(Signature.entered_at.desc())).first()
        assert last is not None
        decisions.decide(last, verb, actor="a test", reason="a test", at=db.now())
        db.session.commit()
    for state, verbs in (("quiet", ["not-me"]), ("silent", ["no-letters"]), ("nothing", ["not-me", "allow"])):
        links[state] = waiting(cast, f"{state}@example.org")
        for verb in verbs:
            cast.browser().post(f"{links[state]}/{verb}")
    for state in ("arabic", "leaving"):
        links[state] = counted(cast, f"{state}@example.org", language="ar", name="محمد الأمين", **DETAILS)
    links["waiting in Arabic"] = waiting(cast, "waiting@example.org", language="ar", name="سارة الحسن", **DETAILS)
    for slug in ("paused", "closed", "late"):
        links[slug] = waiting(cast, f"{slug}@example.org", slug)
    links["pausing"] = counted(cast, "pausing@example.org", "paused")


def _ask_everywhere(cast: Cast, links: dict[str, str]) -> None:
    """A wish in each state, behind its letter's link."""
    typed = {"name": "Ngũgĩ wa Thiong’o", "country": "KE", "place": "Nairobi", "note": DETAILS["comment"]}
    links["joined"] = page_in(asking.listed(cast, "join", "joined@example.org", **typed))
    asking.ask(cast, "join", "joined@example.org", **(typed | {"place": "Mombasa"}))
    asking.ask(cast, "join", "twice@example.org", name="Somebody With An Insulting Name")
    links["asked twice"] = page_in(asking.asked(cast, "join", "twice@example.org", **typed))
    links["asked"] = page_in(asking.asked(cast, "meetings", "asked@example.org", path="/es/events/tell-me"))
    links["news in Arabic"] = page_in(asking.asked(cast, "news", "news@example.org", path=f"/ar/campaigns/{CREW}/news"))
    links["refused"] = page_in(asking.asked(cast, "join", "refused@example.org")).partition("?")[0]
    cast.browser().post(links["refused"] + "/not-me")


def _back(cast: Cast, links: dict[str, str]) -> None:
    """Organisations in every state, one with a logo and with names that try the page."""
    demo.back(cast.reading(CREW), "a test")
    db.session.commit()
    path = f"/en/campaigns/{CREW}/endorse"
    long = {"organisation": "Asociación de electroencefalografistas y otorrinolaringólogas " + "W" * 50,
            "body": DETAILS["organisation"], "office": "B" * 100, "show_name": "y",
            "name": "Ngũgĩ wa Thiong’o"}  # fmt: skip
    letter = endorsing.accepted(cast, "long@example.org", path=path, **long)
    links["backing, accepted"] = endorsing.page_in(letter)
    row = endorsement_decisions.lock(cast.reading(CREW).id, int(links["backing, accepted"].partition("=")[2]))
    assert row is not None
    endorsement_decisions.put_logo(row, images.logo(picture("PNG", (640, 300))), "a test")
    db.session.commit()
    links["backing, confirmed"] = endorsing.page_in(endorsing.confirmed(cast, "waits@example.org", path=path))
    endorsing.ask(cast, "asked@backing.example", path=path, organisation="Boilermakers")
    links["backing, asked"] = endorsing.page_in(endorsing.asked(cast, "asked@backing.example", path=path))
    refused = endorsing.accepted(cast, "refused@backing.example", path=f"/ar/campaigns/{CREW}/endorse")
    links["backing, refused in Arabic"] = endorsing.page_in(refused)
    row = endorsement_decisions.lock(cast.reading(CREW).id, int(endorsing.page_in(refused).partition("=")[2]))
    assert row is not None
    endorsement_decisions.refuse(row, row.version, "a test", "a test")
    db.session.commit()
    quiet = endorsing.asked(cast, "quiet@backing.example", path=path)
    endorsing.press(cast, quiet, "not-me")
    links["backing, quiet"] = endorsing.page_in(quiet)


def waiting(cast: Cast, email: str, slug: str = CREW, language: str = "en", **typed: str) -> str:
    """Sign and read the letter; the path of the own page."""
    cast.sign(email, slug=slug, language=language, **typed)
    letter = next(one for one in cast.deliver() if one.to == email)
    return link_in(letter).partition("?")[0]


def counted(cast: Cast, email: str, slug: str = CREW, language: str = "en", **typed: str) -> str:
    """Sign, read the letter, press the button; the path of the own page."""
    cast.sign(email, slug=slug, language=language, **typed)
    letter = next(one for one in cast.deliver() if one.to == email)
    assert cast.press(letter).status_code == 303
    return link_in(letter).partition("?")[0]


def pages() -> dict[str, Callable[[Site], str]]:
    """Every page that is opened by its address alone, by name: from a site to the path."""
    fixed = {
        "front": "/en/", "front, Spanish": "/es/", "article": f"/en/articles/{ARTICLE}",
        "article, Spanish": f"/es/articles/{ARTICLE}", "article, foreign": "/en/articles/quienes-prestan-la-voz",
        "article, placed": "/en/articles/placed", "article, mixed": "/en/articles/mixed",
        "article, Arabic": "/ar/articles/mixed", "article, long words": "/es/articles/long",
        "article, ended": "/es/articles/of-the-ended", "articles": "/en/articles/",
        "articles, Spanish": "/es/articles/", "topic": "/en/topics/harbour", "topic, Spanish": "/es/topics/harbour",
        "topic, empty": "/en/topics/empty",
        "campaign": f"/en/campaigns/{CREW}", "campaign, Spanish": f"/es/campaigns/{CREW}",
        "campaign, Arabic": f"/ar/campaigns/{CREW}", "campaign, short form": f"/en/campaigns/{GARDEN}",
        "campaign, soon": "/en/campaigns/soon", "campaign, paused": "/en/campaigns/paused",
        "campaign, reworded": "/en/campaigns/reworded", "wordings": "/en/campaigns/reworded/wordings",
        "wording, changed": "/en/campaigns/reworded/wordings/en/2",
        "wording, Arabic": "/ar/campaigns/reworded/wordings/en/2",
        "wording, first": "/en/campaigns/reworded/wordings/ar/1",
        "campaign, own fields": "/en/campaigns/asking", "campaign, own fields, Spanish": "/es/campaigns/asking",
        "campaign, closed": "/en/campaigns/closed", "campaign, final": f"/en/campaigns/{ENDED}",
        "campaign, withdrawn": "/en/campaigns/withdrawn", "inbox, late": f"/en/campaigns/{CREW}/inbox/none",
        "campaign, Arabic text": "/en/campaigns/arabic",
        "signatories": f"/en/campaigns/{CREW}/signatories", "signatories, Spanish": f"/es/campaigns/{CREW}/signatories",
        "signatories, Arabic": f"/ar/campaigns/{CREW}/signatories",
        "signatories, country": f"/en/campaigns/{CREW}/signatories/KE",
        "signatories, found": f"/en/campaigns/{CREW}/signatories/search?q=ana",
        "signatories, not found": f"/es/campaigns/{CREW}/signatories/search?q=%25",
        "signatories, nobody": "/en/campaigns/arabic/signatories",
        "endorsements": f"/en/campaigns/{CREW}/endorsements",
        "endorsements, Spanish": f"/es/campaigns/{CREW}/endorsements",
        "endorsements, Arabic": f"/ar/campaigns/{CREW}/endorsements",
        "endorsements, none": f"/en/campaigns/{ENDED}/endorsements",
        "endorse": f"/en/campaigns/{CREW}/endorse", "endorse, Spanish": f"/es/campaigns/{CREW}/endorse",
        "endorse, Arabic": f"/ar/campaigns/{CREW}/endorse", "endorse, over": f"/en/campaigns/{ENDED}/endorse",
        "endorse inbox, late": f"/en/campaigns/{CREW}/endorse/inbox/none",
        "poster": f"/en/campaigns/{CREW}/poster", "poster, Spanish": f"/es/campaigns/{GARDEN}/poster",
        "poster, Arabic": f"/ar/campaigns/{CREW}/poster",
        "events": "/en/events/", "events, Spanish": "/es/events/", "events, past": "/en/events/past",
        "event": "/en/events/open-house", "event, Spanish": "/es/events/open-house", "event, camp": "/en/events/camp",
        "event, cancelled": "/en/events/cancelled", "event, over": "/en/events/over",
        "event, Arabic": "/ar/events/arabic", "event, foreign": "/en/events/arabic",
        "link": f"/en/campaigns/{CREW}/link", "link, Arabic": f"/ar/campaigns/{CREW}/link", "find link": "/en/link",
        "link sent": "/en/link/sent", "privacy": "/en/privacy", "privacy, Spanish": "/es/privacy",
        "how": "/en/how-we-count", "open figures": "/en/api", "open figures, Spanish": "/es/api",
         "campaign privacy": f"/en/campaigns/{CREW}/privacy",
        "campaign privacy, Arabic": f"/ar/campaigns/{CREW}/privacy", "not found": "/en/nothing",
        "link, forged": "/t/forged", "not allowed": "/t/forged/confirm",
    }  # fmt: skip
    fixed |= {
        "frame": f"/embed/en/campaigns/{CREW}", "frame, Arabic": f"/embed/ar/campaigns/{CREW}",
        "frame, compact dark": f"/embed/es/campaigns/{CREW}/compact-dark-1f4f7a",
        "frame, light": f"/embed/en/campaigns/{GARDEN}/light-ffee00-notext",
        "frame, own fields": "/embed/en/campaigns/asking/compact", "frame, final": f"/embed/en/campaigns/{ENDED}",
        "frame, paused": "/embed/en/campaigns/paused", "frame, closed, Spanish": "/embed/es/campaigns/closed/dark",
        "frame, soon": "/embed/en/campaigns/soon", "frame, not found": "/embed/en/campaigns/none/dark",
        "frame, inbox, late": f"/embed/en/campaigns/{CREW}/dark/inbox/none", "card": f"/embed/en/campaigns/{CREW}/card",
        "card, Arabic": f"/embed/ar/campaigns/{CREW}/card", "card, final": f"/embed/es/campaigns/{ENDED}/card",
        "embedding": f"/en/campaigns/{CREW}/embed", "embedding, Spanish": f"/es/campaigns/{CREW}/embed/compact-dark",
        "embedding, Arabic": f"/ar/campaigns/{CREW}/embed",
    }  # fmt: skip
    states = ("one", "several", "old", "counted", "held", "removed", "quiet", "silent", "nothing", "arabic",
              "waiting in Arabic", "paused", "closed", "late", "pausing", "news", "asked for more")  # fmt: skip
    fixed |= {
        "join": "/en/join", "join, Spanish": "/es/join", "tell me": "/en/events/tell-me",
        "news form": f"/en/campaigns/{CREW}/news", "news form, Arabic": f"/ar/campaigns/{CREW}/news",
        "join inbox, late": "/en/join/inbox/none",
    }  # fmt: skip
    found: dict[str, Callable[[Site], str]] = {name: lambda _site, path=path: path for name, path in fixed.items()}
    found |= {f"own, {state}": lambda site, state=state: site.links[state] for state in states}
    wishes = ("joined", "asked twice", "asked", "news in Arabic", "refused")
    found |= {f"contact, {state}": lambda site, state=state: site.links[state] for state in wishes}
    found |= {name: lambda site, name=name: site.links[name] for name in BACKING}
    found |= {
        "own, several, Spanish": lambda site: site.links["several"] + "?language=es",
        "own, corrected": lambda site: site.links["counted"] + "?done=corrected",
        "inbox": lambda site: f"/en/campaigns/{CREW}/inbox/{site.stamp('inbox', 'ana@gmail.com')}",
        "inbox, Arabic": lambda site: f"/ar/campaigns/{CREW}/inbox/{site.stamp('inbox', 'ana@example.org')}",
        "thanks": lambda site: f"/en/campaigns/{CREW}/thanks/{site.stamp('thanks')}",
        "thanks, Arabic": lambda site: f"/ar/campaigns/{CREW}/thanks/{site.stamp('thanks')}",
        "kept": lambda site: site.kept,
        "kept letter": lambda site: f"{site.kept}/{letter_name(maildir.Maildir(site.settings).kept(500)[-1])}",
    }
    return found


def letter_name(letter: maildir.Kept) -> str:
    """What names a kept letter in its page's address."""
    return kept._name(letter)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as site:
        known = "\n".join(f"{name:<28}{site.url}{path(site)}" for name, path in pages().items())
        input(f"{known}\nPress Return to stop\n")
