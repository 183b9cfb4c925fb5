"""Countries: the codes that are taken, their names in a language, and which to offer first.

Codes are ISO 3166-1 alpha-2, and XK (user-assigned) for Kosovo. Names are the CLDR's, by Babel.
"""

from functools import lru_cache

from babel import Locale, UnknownLocaleError

from petition.base import text

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS
IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML
MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN
PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
CODES: frozenset[str] = frozenset(_CODES.split())

# Where a language's readers most likely live, by number of speakers; the form offers these on top.
_LIKELY = {
    "am": "ET",
    "ar": "EG DZ SD IQ MA SA YE SY TN JO AE LY LB PS OM KW QA BH MR DE FR",
    "bg": "BG",
    "bn": "BD IN",
    "ca": "ES AD FR",
    "cs": "CZ SK",
    "da": "DK GL",
    "de": "DE AT CH LU LI BE IT",
    "el": "GR CY",
    "en": "GB US IE CA AU ZA NG KE IN NZ GH PK PH",
    "es": "ES MX AR CO PE CL VE EC GT CU BO DO HN PY SV NI CR PA UY PR US",
    "et": "EE",
    "eu": "ES FR",
    "fa": "IR AF TJ DE",
    "fi": "FI SE",
    "fr": "FR BE CH CA SN CI CM CD DZ MA TN LU HT",
    "ga": "IE GB",
    "gl": "ES",
    "ha": "NG NE",
    "he": "IL",
    "hi": "IN",
    "hr": "HR BA",
    "hu": "HU RO SK",
    "hy": "AM",
    "id": "ID",
    "is": "IS",
    "it": "IT CH SM",
    "ja": "JP",
    "ka": "GE",
    "ko": "KR KP US",
    "ku": "TR IQ SY DE",
    "lt": "LT",
    "lv": "LV",
    "mk": "MK",
    "nb": "NO",
    "nl": "NL BE SR",
    "nn": "NO",
    "no": "NO",
    "pl": "PL DE GB",
    "pt": "PT BR AO MZ CV",
    "ro": "RO MD",
    "ru": "RU UA KZ BY KG DE",
    "sk": "SK CZ",
    "sl": "SI",
    "so": "SO ET KE",
    "sq": "AL XK MK",
    "sr": "RS BA ME",
    "sv": "SE FI",
    "sw": "TZ KE UG CD",
    "ta": "IN LK SG",
    "th": "TH",
    "tr": "TR DE CY",
    "uk": "UA PL DE",
    "ur": "PK IN",
    "vi": "VN",
    "zh": "CN TW HK SG MY MO",
}


def names(language: str) -> list[tuple[str, str]]:
    """All countries as (code, name) in a language, in its alphabetical order as far as folding accents goes.

    `language`: a tag such as "es" or "pt-BR"; one that the CLDR does not know is answered in English.
    """
    return list(_names(language))


@lru_cache(maxsize=64)
def _names(language: str) -> tuple[tuple[str, str], ...]:
    territories = _locale(language).territories
    listed = [(code, str(territories.get(code, code))) for code in CODES]
    return tuple(sorted(listed, key=lambda entry: (text.folded_name(entry[1]), entry[0])))


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    tag = language.replace("-", "_")
    for candidate in (tag, tag.partition("_")[0]):
        try:
            return Locale.parse(candidate)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def name(code: str, language: str) -> str:
    """The name of one country in a language; a code that is not in CODES is returned as it is."""
    if code not in CODES:
        return code
    return str(_locale(language).territories.get(code, code))


def likely(language: str) -> tuple[str, ...]:
    """The codes to offer first to a reader of a language, likeliest first; empty where nothing is known.

    A country in the tag itself ("pt-BR") comes before all.
    """
    first, *rest = language.replace("_", "-").split("-")
    said = [part.upper() for part in rest if part.upper() in CODES]
    usual = _LIKELY.get(first.lower(), "").split()
    return tuple(dict.fromkeys(said + usual))
