"""The countries a form offers."""

import pytest
from babel import Locale

from petition.base import countries

# What the CLDR lists with two letters beside ISO 3166-1: exceptional reservations, groups and test codes.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


def test_the_codes_are_those_of_iso_3166_and_kosovo() -> None:
    known = {code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()}
    assert known - NOT_COUNTRIES == countries.CODES
    assert len(countries.CODES) == 250


@pytest.mark.parametrize("wrong", ["XX", "DEU", "<b>", "de", ""])
def test_what_is_no_code_is_not_among_them(wrong: str) -> None:
    assert wrong not in countries.CODES
    assert countries.name(wrong, "en") == wrong


def test_a_country_is_named_in_the_reader_s_language() -> None:
    assert countries.name("DE", "es") == "Alemania"
    assert countries.name("DE", "ar") == "ألمانيا"
    assert countries.name("XK", "en") == "Kosovo"


@pytest.mark.parametrize("language", ["en", "es", "ar", "ja", "pt-BR", "zh-Hant-TW"])
def test_every_country_is_listed_once_and_has_a_name(language: str) -> None:
    listed = countries.names(language)
    assert {code for code, _ in listed} == countries.CODES
    assert len(listed) == 250
    assert all(name and name != code for code, name in listed)


def test_accents_do_not_send_a_country_to_the_end_of_the_list() -> None:
    order = [code for code, _ in countries.names("fr")]
    assert order.index("EG") < order.index("ES") < order.index("FR")  # Égypte, Espagne, France
    order = [code for code, _ in countries.names("en")]
    assert order.index("AX") < order.index("AL")  # Åland Islands, Albania


@pytest.mark.parametrize("language", ["xx", "", "../../etc", "e" * 10_000, "en-\x00"])
def test_an_unknown_language_is_answered_in_english(language: str) -> None:
    assert countries.name("ES", language) == "Spain"


def test_an_unknown_region_falls_back_to_its_language() -> None:
    assert countries.name("ES", "es-ZZ") == "España"


def test_changing_a_list_that_was_handed_out_changes_no_other() -> None:
    countries.names("es").clear()
    assert len(countries.names("es")) == 250


def test_the_likeliest_countries_come_first() -> None:
    assert countries.likely("es")[:4] == ("ES", "MX", "AR", "CO")
    assert countries.likely("en")[:3] == ("GB", "US", "IE")
    assert countries.likely("pt-BR")[:2] == ("BR", "PT")
    assert countries.likely("xx") == ()


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr", "ru", "sw", "zh", "zh-Hant-TW"])
def test_likely_countries_exist_and_stand_once(language: str) -> None:
    offered = countries.likely(language)
    assert offered
    assert set(offered) <= countries.CODES
    assert len(set(offered)) == len(offered)
