"""Organisers' pictures: of a campaign and in texts, at addresses that never change, and gone when nothing uses them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from petition import articles, endorsements, folders, pictures, retention
from petition import endorsement_decisions as decisions
from petition.base import db, images, markdown
from petition.base.files import File
from petition.drafts import Text
from petition.endorsements import Organisation, Person
from petition.folders import FolderRefused
from petition.journal import Entry
from petition.pictures import Chosen, Picture
from petition.web import style
from tests.cast import Cast
from tests.domain.test_images import SVG, opened, picture

PATH = "/en/campaigns/canteen"
ALT = {"en": 'A crane <&" at night', "es": "Una grúa"}


@pytest.fixture(scope="module")
def scaled() -> images.Scaled:
    return images.scaled(picture(size=(1800, 1000)))


def rows(model: type[db.Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def swept(days: int) -> None:
    for _ in retention.steps(db.now() + timedelta(days=days)):
        db.session.commit()
    db.session.remove()


def test_a_campaigns_picture_stands_under_its_title_and_says_in_each_language_what_it_shows(
    cast: Cast, scaled: images.Scaled
) -> None:
    cast.campaign(picture=Chosen(scaled, ALT))
    page = cast.browser().get(PATH).text
    (tag,) = re.findall(r"<img[^>]*>", page)
    assert 'alt="A crane &lt;&amp;&#34; at night"' in tag
    assert 'width="1440" height="800"' in tag
    assert 'loading="lazy"' in tag
    places = re.findall(r"/pictures/[0-9a-f]{32}/\d+x\d+\.jpg", tag)
    assert [place.rpartition("/")[2] for place in places] == ["720x400.jpg", "1440x800.jpg", "720x400.jpg"]
    for place in places:
        answer = cast.browser().get(place)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == style.KEPT
        assert "Set-Cookie" not in answer.headers
        width, height = place.rpartition("/")[2].removesuffix(".jpg").split("x")
        assert opened(answer.data).size == (int(width), int(height))
    assert 'alt="Una grúa"' in cast.browser().get("/es/campaigns/canteen").text
    assert "<img" not in cast.browser().get(PATH.replace("canteen", "none")).text


@pytest.mark.parametrize(
    "path",
    ["{name}/1440x801.jpg", "{name}/0x0.jpg", "{name}/720x400.png", "{upper}/720x400.jpg", "../{name}/720x400.jpg",
     "{name}/99999999999x1.jpg", "%F0%9F%90%8B/720x400.jpg", "{name}%00/720x400.jpg"],
)  # fmt: skip
def test_no_other_address_leads_to_a_picture(cast: Cast, scaled: images.Scaled, path: str) -> None:
    cast.campaign(picture=Chosen(scaled, ALT))
    asked = path.format(name=scaled.name, upper=scaled.name.upper())
    assert cast.browser().get(f"/pictures/{asked}").status_code == 404


def test_a_picture_is_kept_once_and_the_campaign_may_change_it_or_do_without(cast: Cast, scaled: images.Scaled) -> None:
    cast.campaign(picture=Chosen(scaled, ALT))
    cast.campaign("library", picture=Chosen(scaled, {"en": "Another view"}))
    cast.campaign(picture=Chosen(scaled, ALT), publish=False)
    assert (rows(Picture), rows(File)) == (1, 2)
    assert "Another view" in cast.browser().get("/es/campaigns/library").text, "in its own words"
    cast.campaign(publish=False)
    assert "<img" not in cast.browser().get(PATH).text
    told = db.session.scalars(select(Entry.deed).where(Entry.deed.startswith("picture")).order_by(Entry.id)).all()
    assert told == ["picture added", "picture chosen", "picture chosen", "picture taken away"]


@pytest.mark.parametrize("alt", [{}, {"en": "A crane", "es": ""}])
def test_a_picture_without_words_is_refused(cast: Cast, scaled: images.Scaled, alt: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="in words"):
        cast.campaign(picture=Chosen(scaled, alt))


def test_a_picture_in_a_text_says_how_large_it_is_and_only_ours_do() -> None:
    name = "0" * 32
    html = markdown.to_html(f'![A <crane>](/pictures/{name}/1440x800.jpg "At night")')
    assert 'alt="A &lt;crane&gt;"' in html or 'alt="A <crane>"' in html
    for said in ('width="1440"', 'height="800"', 'loading="lazy"', f"/pictures/{name}/720x400.jpg 720w"):
        assert said in html
    for other in (
        "/elsewhere.jpg",
        f"/pictures/{name}/0x9.jpg",
        f"/pictures/{name}/1440x800.jpg?x=1",
        "/pictures/x/1x1.jpg",
    ):
        assert "srcset" not in markdown.to_html(f"![x]({other})")
    for foreign in (f"https://evil.example/pictures/{name}/1440x800.jpg", f"//evil.example/pictures/{name}/1x1.jpg"):
        assert "<img" not in markdown.to_html(f"![x]({foreign})")


def _article(source: str, **changes: object) -> None:
    given = {
        "slug": "news",
        "first_language": "en",
        "texts": {"en": articles.Text("News", "Some.", source)},
        "published_at": db.now(),
    }
    articles.save(articles.Draft(**(given | changes)), "a test")  # type: ignore[arg-type]
    db.session.commit()


def test_a_picture_that_nothing_uses_goes_after_thirty_days_and_none_that_something_uses(
    cast: Cast, scaled: images.Scaled
) -> None:
    others = [images.scaled(picture(size=(400 + number, 300))) for number in range(3)]
    cast.campaign(picture=Chosen(scaled, ALT))
    for one in others:
        pictures.add(one, "a test")
    _article(f"![x]({others[0].path})")
    swept(29)
    assert rows(Picture) == 4
    swept(31)
    swept(60)
    assert rows(Picture) == 4, "it was noted as unused on day 31"
    _article(f"![x]({others[0].path}) ![y]({others[1].path})")
    swept(61)
    assert {one.name for one in db.session.scalars(select(Picture))} == {scaled.name, others[0].name, others[1].name}
    assert rows(File) == 4, "the large one has two sizes"
    _article("none")
    swept(62)
    pictures.add(others[1], "a test")
    db.session.commit()
    swept(93)
    assert {one.name for one in db.session.scalars(select(Picture))} == {scaled.name, others[1].name}
    assert cast.browser().get(scaled.path).status_code == 200


def test_a_logo_stays_as_long_as_its_organisation(cast: Cast) -> None:
    said = Organisation("Dockers", "local", "IE", "the assembly")
    backing = decisions.enter(
        cast.campaign(), said, Person(), show_name=False, language="en", actor="a test", reason=""
    )  # fmt: skip
    row = decisions.lock(cast.reading().id, backing)
    assert row is not None
    decisions.put_logo(row, images.logo(picture(size=(400, 200))), "a test")
    db.session.commit()
    swept(31)
    swept(62)
    assert (rows(Picture), rows(File)) == (1, 1)
    row = decisions.lock(cast.reading().id, backing)
    assert row is not None
    endorsements.withdraw(row, "a test")
    db.session.commit()
    swept(93)
    swept(124)
    assert (rows(Picture), rows(File)) == (0, 0)


def test_a_picture_in_an_older_version_of_a_signed_text_stays(cast: Cast, scaled: images.Scaled) -> None:
    """S42."""
    pictures.add(scaled, "a test")
    english = cast.campaign().wording("en")
    written = english.title, english.addressee, english.standfirst
    texts = {"en": Text(*written, f"![x]({scaled.path})")}
    cast.campaign(publish=False, texts=texts)
    cast.signed()
    cast.campaign(publish=False, texts={"en": Text(*written, "Without.")})
    swept(40)
    swept(80)
    assert rows(Picture) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "news"
    path.mkdir()
    (path / "crane.jpg").write_bytes(picture(size=(800, 500)))
    (path / "en.md").write_text(
        "---\ntitle: News\nstandfirst: Some.\ndate: 2020-01-01\npicture: crane.jpg\nalt: A [crane] *x*\n---\nText.\n"
    )
    return path


def test_a_folders_picture_stands_above_its_article_and_comes_in_once(cast: Cast, folder: Path) -> None:
    for _ in range(2):
        articles.save(folders.article(folder, db.now()), "a test")
        db.session.commit()
    page = cast.browser().get("/en/articles/news").text
    (tag,) = re.findall(r"<img[^>]*>", page)
    assert 'alt="A [crane] *x*"' in tag
    (place,) = set(re.findall(r'src="([^"]+)"', tag))
    assert cast.browser().get(place).status_code == 200
    assert (rows(Picture), rows(File)) == (1, 2)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("alt: A [crane] *x*\n", ""), "“alt” is missing"),
        (("crane.jpg", "../crane.jpg"), "“picture” must name a file beside it"),
        (("crane.jpg", "none.jpg"), "“picture” must name a file beside it"),
        (("crane.jpg", "crane.svg"), "“picture” must be a JPEG, PNG or WebP picture"),
        (("picture: crane.jpg\n", ""), "“alt” says what a picture shows, but “picture” names none"),
    ],
)  # fmt: skip
def test_a_folders_picture_that_cannot_be_shown_is_refused(folder: Path, change: tuple[str, str], why: str) -> None:
    (folder / "crane.svg").write_bytes(SVG)
    (folder.parent / "crane.jpg").write_bytes(picture())
    (folder / "en.md").write_text((folder / "en.md").read_text().replace(*change))
    with pytest.raises(FolderRefused, match=re.escape(why)):
        folders.article(folder, db.now())


def test_a_campaigns_folder_brings_its_picture(cast: Cast, folder: Path) -> None:
    said = (folder / "en.md").read_text().replace("date: 2020-01-01", "to: the council")
    (folder / "en.md").write_text(said)
    draft = folders.campaign(folder, db.now())
    assert draft.picture is not None
    assert draft.picture.alt == {"en": "A [crane] *x*"}
    assert draft.picture.scaled == images.scaled((folder / "crane.jpg").read_bytes())
