"""The site that carries the demo's large campaign under its name, with a box of its own, and whom it brought."""

from random import Random
from typing import NamedTuple

from petition.partners import Draft, Terms

KEY = "portchaplains"
PARTNER = Draft(
    "Round of Port Chaplains",
    "https://portchaplains.example/",
    ("https://portchaplains.example",),
    shown=True,
    terms=Terms(
        "Round of Port Chaplains",
        "letters@portchaplains.example",
        {
            "en": "The Round of Port Chaplains may write to me about crews left on their ships.",
            "es": "La Ronda de Capellanes de Puerto puede escribirme sobre tripulaciones abandonadas en sus barcos.",
            "ar": "يمكن لحلقة قساوسة الموانئ أن تكتب إليّ عن الطواقم المتروكة على سفنها.",
        },
        {
            "en": "Four letters a year, and one when a crew goes home.",
            "es": "Cuatro cartas al año, y una más cuando una tripulación vuelve a casa.",
            "ar": "أربع رسائل في السنة، ورسالة أخرى حين يعود طاقم إلى بلاده.",
        },
    ),
)
#: So many days after the opening its pages carry the form; for the first days its own letter leads there.
AFTER, LETTER = 4, 3
#: The share of those whom nothing else brought: in the days of the letter, later; and of them who tick its box.
_BY_LETTER, _BROUGHT, _TICKED = 0.6, 0.06, 0.4


class Way(NamedTuple):
    """How somebody came: the page, the partner, and the version of the partner's words where its box was ticked."""

    source: str
    partner: str = ""
    version: int | None = None


def way(source: str, day_offset: int, dice: Random) -> Way:
    """How somebody came to whose campaign the partner carries."""
    share = _BY_LETTER if day_offset < AFTER + LETTER else _BROUGHT
    brought, ticked = dice.random() < share, dice.random() < _TICKED
    if source or day_offset < AFTER or not brought:
        return Way(source)
    # What a frame stores where its address names no page.
    return Way("embed", KEY, 1 if ticked else None)
