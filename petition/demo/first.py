"""The first signatories of the demo's large campaign: made up by hand, in the order in which they stand."""

from typing import NamedTuple


class Signatory(NamedTuple):
    """Somebody asked to go first. `on_behalf` of the organisation, or in a personal capacity."""

    name: str
    email: str
    country: str
    place: str
    role: str
    organisation: str
    on_behalf: bool
    language: str


FIRST_SIGNATORIES = (
    Signatory(
        "Katrin Vesterholt", "k.vesterholt@example.org", "DK", "Esbjerg",
        "retired pilot, chair", "Anchor Watch Association", True, "en",
    ),
    Signatory(
        "Josefa Maranan-Pacumio", "families@post.example.net", "PH", "Iloilo City",
        "mother of the deck cadet", "Families of the Corvane", True, "en",
    ),
    Signatory(
        "هالة الدقدوقي", "h.daqdouqi@example.com", "EG", "الإسكندرية",
        "محامية", "لجنة أهالي البحّارة", True, "ar",
    ),
    Signatory(
        "Remedios Oyarbide Luengo", "r.oyarbide@example.net", "ES", "Gijón",
        "estibadora, delegada de grúas", "Colla del Muelle Norte", False, "es",
    ),
    Signatory(
        "მანანა ჯიქურაული", "second.window@example.org", "GE", "ბათუმი",
        "მასწავლებელი", "", False, "en",
    ),
    Signatory(
        "Wiebke Harmsdorff", "harmsdorff@mail.example.org", "DE", "Hamburg",
        "Dozentin für Seearbeitsrecht", "Hochschule am Sandtor", False, "en",
    ),
    Signatory(
        "Eamon Tregarrow", "e.tregarrow@example.com", "IE", "Cork",
        "port chaplain", "Round of Port Chaplains", True, "en",
    ),
    Signatory(
        "Одарка Тишківська", "sixth.lamp@example.net", "UA", "Одеса",
        "сестра третього механіка", "", False, "en",
    ),
    Signatory(
        "Ευανθία Καραβοκύρη", "coffee.first@inbox.example.com", "GR", "Πειραιάς",
        "γιατρός στο λιμάνι", "", False, "en",
    ),
)  # fmt: skip
