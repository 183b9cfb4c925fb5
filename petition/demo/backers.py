"""The organisations that support the demo's large campaign: made up by hand, in the order in which they stand."""

from typing import NamedTuple

from petition.endorsements import INTERNATIONAL, LOCAL, NATIONAL, Organisation, Person


class Backer(NamedTuple):
    """An organisation and who asked for it: so many days after the opening it `decided`, and they `asked`."""

    said: Organisation
    person: Person
    show_name: bool
    language: str
    decided: int | None
    asked: int


BACKERS = (
    Backer(
        Organisation("Round of Port Chaplains", INTERNATIONAL, "", "the yearly gathering", members=640,
                     homepage="https://portchaplains.example/"),
        Person("Eamon Tregarrow", "convener", "e.tregarrow@example.com"), True, "en", None, 2,
    ),
    Backer(
        Organisation("Anchor Watch Association", NATIONAL, "DK", "the board", members=2150,
                     homepage="https://anchorwatch.example/"),
        Person("Katrin Vesterholt", "chair", "k.vesterholt@example.org"), True, "en", 1, 3,
    ),
    Backer(
        Organisation("Colla del Muelle Norte", LOCAL, "ES", "la asamblea general", members=318),
        Person("Iker Belaunde Roig", "secretario", "i.belaunde@example.net"), False, "es", 4, 5,
    ),
)  # fmt: skip
