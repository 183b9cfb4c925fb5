"""Articles and topics by commands, from folders. (How articles come in all or none: test_campaign_command.py.)"""

from pathlib import Path

from petition import articles, topics
from petition.base import db
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.cli.test_commands import one_sentence

TOPIC = """---
title: The harbour
standfirst: Who works there.
position: 1
---
"""
ARTICLE = """---
title: At the gate
standfirst: They stood there.
date: 2026-01-02
topic: harbour
---
All night.
"""


def folder(parent: Path, slug: str, text: str) -> Path:
    path = parent / slug
    path.mkdir()
    (path / "en.md").write_text(text)
    return path


def test_topics_come_in_all_or_none_and_articles_are_filed_under_them(
    petition: Petition, cast: Cast, tmp_path: Path
) -> None:
    harbour, article = folder(tmp_path, "harbour", TOPIC), folder(tmp_path, "at-the-gate", ARTICLE)
    bad = folder(tmp_path, "bad", TOPIC.replace("position: 1", "position: one"))
    result = petition("topic", "import", harbour, bad)
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert "no topic of this site" in petition("article", "import", article).stderr
    assert petition("topic", "import", harbour).stdout == "harbour (en)\n"
    assert petition("topic", "import", harbour).stdout == "harbour (en, nothing changed)\n"
    assert petition("article", "import", article).stdout == "at-the-gate (en)\n"
    assert petition("article", "import", article).stdout == "at-the-gate (en, nothing changed)\n"
    (topic,) = topics.all_public("en")
    assert [one.topic_id for one in articles.newest("en", db.now(), 9)] == [topic.id]


def test_topics_and_articles_get_another_address_and_their_old_folders_are_refused(
    petition: Petition, cast: Cast, tmp_path: Path
) -> None:
    cases = (("topic", "harbour", TOPIC, topics), ("article", "at-the-gate", ARTICLE, articles))
    for noun, slug, text, subject in cases:
        path = folder(tmp_path, slug, text)
        petition(noun, "import", path)
        assert petition(noun, "rename", slug, "new-name").stdout == f"“{slug}” is called “new-name” now.\n"
        db.session.remove()
        found = subject.by_slug(slug)
        assert found is not None
        assert found.slug == "new-name"
        for words in (("import", path), ("rename", "none", "other"), ("rename", "new-name", "before"),
                      ("rename", "new-name", "New Name")):  # fmt: skip
            result = petition(noun, *words)
            assert (result.exit_code, one_sentence(result.stderr)) == (2, True), words
