"""The demo's people: invented, the same for a seed, from everywhere, arriving as people do."""

import statistics
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import petition.demo
from petition.demo.homes import HOMES
from petition.demo.people import ARTICLE_SOURCE, Person, people

RESERVED = ("example.org", "example.net", "example.com")


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(1500, seed=7))


def per_day(crowd: list[Person]) -> list[int]:
    counts = Counter(person.day_offset for person in crowd)
    return [counts[day] for day in range(60)]


def scripts(name: str) -> set[str]:
    return {unicodedata.name(char).split()[0] for char in name if char.isalpha()}


@pytest.mark.parametrize("count", [0, 1, 64, 65, 200])
def test_as_many_people_come_as_are_asked_for(count: int) -> None:
    assert len(list(people(count, seed=1))) == count


def test_the_same_seed_makes_the_same_people_and_another_seed_others(crowd: list[Person]) -> None:
    assert list(people(1500, seed=7)) == crowd
    assert list(people(1500, seed=8)) != crowd


def test_people_come_from_65_countries(crowd: list[Person]) -> None:
    assert len({person.country for person in crowd}) == 65


def test_every_country_is_there_as_soon_as_there_is_one_person_for_each() -> None:
    assert len({person.country for person in people(65, seed=3)}) == 65


def test_names_are_written_in_many_languages_and_scripts(crowd: list[Person]) -> None:
    countries = {person.country for person in crowd}
    languages = {home.names.partition("_")[0] for home in HOMES if home.country in countries}
    assert len(languages) >= 40
    assert len(set[str]().union(*(scripts(person.name) for person in crowd))) >= 16


def test_names_are_what_the_form_takes(crowd: list[Person]) -> None:
    for person in crowd:
        assert person.name == unicodedata.normalize("NFC", " ".join(person.name.split()))
        assert 1 < len(person.name) <= 120
        assert not {"Cc", "Cf"} & {unicodedata.category(c) for c in person.name if c not in "\u200c\u200d"}
        assert "." not in person.name
        assert "(" not in person.name


def test_every_address_is_under_a_domain_reserved_for_examples(crowd: list[Person]) -> None:
    for person in crowd:
        local, _, domain = person.email.partition("@")
        assert ".".join(domain.split(".")[-2:]) in RESERVED
        assert local.isascii()
        assert not local.startswith(".")
        assert ".." not in local
        assert len(local) <= 64


def test_no_two_people_share_a_mailbox_however_it_is_folded(crowd: list[Person]) -> None:
    folded = {person.email.partition("@")[0].partition("+")[0].casefold() for person in crowd}
    assert len(folded) == len(crowd)


def test_signing_starts_with_a_burst_and_rises_again_with_the_article(crowd: list[Person]) -> None:
    days = per_day(crowd)
    weeks = [sum(days[start : start + 7]) for start in range(0, 56, 7)]
    assert weeks[0] > 3 * statistics.median(weeks)
    assert sum(days[25:32]) > 2 * sum(days[18:25])
    assert sum(days[53:]) < sum(days[25:32]) / 2


def test_people_sign_in_order_and_sleep_at_night(crowd: list[Person]) -> None:
    moments = [(person.day_offset, person.second) for person in crowd]
    assert moments == sorted(moments)
    assert all(0 <= day < 60 and 0 <= second < 86400 for day, second in moments)
    night = sum(2 * 3600 <= second < 5 * 3600 for _, second in moments)
    evening = sum(18 * 3600 <= second < 21 * 3600 for _, second in moments)
    assert night * 5 < evening


@pytest.mark.parametrize("weekday", [0, 3, 6])
def test_weekends_are_quieter_wherever_the_first_day_falls(weekday: int) -> None:
    two_weeks = [p.day_offset for p in people(6000, seed=2, weekday=weekday) if 10 <= p.day_offset < 24]
    weekend = sum((weekday + day) % 7 in (5, 6) for day in two_weeks)
    assert weekend / 2 < 0.8 * (len(two_weeks) - weekend) / 5


def test_no_two_people_write_the_same_comment(crowd: list[Person]) -> None:
    comments = [person.comment for person in crowd if person.comment]
    assert len(comments) > 20
    assert len(set(comments)) == len(comments)


def test_nobody_hidden_shows_a_role_and_nobody_shows_a_role_they_lack(crowd: list[Person]) -> None:
    shown = [person for person in crowd if person.with_role]
    assert shown
    assert all(person.appear != "hidden" and (person.role or person.organisation) for person in shown)


def test_the_article_brings_people_only_after_it_has_appeared(crowd: list[Person]) -> None:
    brought = [person for person in crowd if person.source == ARTICLE_SOURCE]
    assert len(brought) > 100
    assert min(person.day_offset for person in brought) == 25


def test_the_article_that_brings_people_is_among_the_demo_texts() -> None:
    demo = Path(petition.demo.__file__).parent
    assert (demo / ARTICLE_SOURCE / "en.md").is_file()
