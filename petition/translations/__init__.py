"""The catalogues of the interface: what the sources say in English, and what other languages say for it.

`python -m petition.translations` brings every messages.po up to date with the sources and compiles it. A catalogue
holds exactly the sentences of the sources, in an order of its own and without dates, so that it changes only where
a sentence does. The command line stays English and calls no gettext.

Beside them lies campaign.pot: the sentences that a signer meets, for campaigns in a language without a catalogue
(petition.phrases).
"""

import ast
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from petition.base import settings

HERE = Path(__file__).resolve().parent
#: Where sentences stand and how they are read there; the templates lie beside the package in a checkout.
_SOURCES = (
    (HERE.parent, [("**.py", "python")]),
    (HERE.parents[1] / "templates", [("**.html", "jinja2.ext.babel_extract"), ("**.txt", "jinja2.ext.babel_extract")]),
)  # fmt: skip
#: What the application's own environment is set to, and that a template which cannot be read is an error.
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
_COMMENT = "# What the interface says in this language. `python -m petition.translations` keeps it in step."
_CAMPAIGN_COMMENT = (
    "# What a signer meets, from the form to the last letter. `python -m petition.translations` makes it."
)
#: Where what a signer meets is said: the pages of a campaign, the own page, the letters about signing. The rest
#: (sending again, "send me my link", news, errors) stays in a language of the interface.
_MET_IN_TEMPLATES = (
    "base.html", "embed/base.html", "embed/card.html", "embed/frame.html", "parts/cards.html", "parts/chart.html",
    "parts/events.html", "parts/fields.html", "parts/figures.html", "parts/own.html", "parts/people.html",
    "parts/phase.html", "parts/share.html", "parts/signing.html", "parts/words.html", "public/campaign.html",
    "public/campaign_privacy.html", "public/gone.html", "public/inbox.html", "public/not_open.html",
    "public/own.html", "public/poster.html", "public/thanks.html",
)  # fmt: skip
_MET_IN_MODULES = (
    "base/i18n.py", "letters/affairs.py", "letters/decided.py", "letters/signing.py", "letters/wording.py",
    "share_pictures.py", "web/badges.py", "web/context.py", "web/divisions.py", "web/forms.py", "web/public/own.py",
    "web/stored.py", "web/ticked.py",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
_TAG = re.compile(r"</?[a-z][^>]*>")
#: What the template says of the subjects of letters; petition.phrases looks for it.
SUBJECT = "The subject of a letter: it names no campaign."


class Catalogue(Catalog):
    """A catalogue whose header says only what readers of it need: no dates, no versions of tools."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Encoding, language and plurals."""
        return [
            ("Language", str(self.locale or "")), ("Plural-Forms", self.plural_forms), ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit\n"),
        ]  # fmt: skip


def languages() -> list[str]:
    """The languages that have a catalogue; English, the sources' own, has none."""
    return sorted(
        path.parents[1].name.replace("_", "-") for path in settings.CATALOGUES.glob("*/LC_MESSAGES/messages.po")
    )


def path(language: str) -> Path:
    """The catalogue that people edit; the compiled one lies beside it as messages.mo."""
    return settings.CATALOGUES / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"


def template() -> Path:
    """The sentences that a signer meets, without translations."""
    return settings.CATALOGUES / "campaign.pot"


def extract() -> Catalog:
    """Every sentence of the sources. Raises jinja2.TemplateSyntaxError for a template that cannot be read, and
    FileNotFoundError outside a checkout, where half of the sentences would be taken for gone."""
    found = Catalog()
    for directory, methods in _SOURCES:
        if not directory.is_dir():
            raise FileNotFoundError(f"{directory} is not there: catalogues are updated in a checkout")
        options = {pattern: _JINJA for pattern, method in methods if "jinja2" in method}
        for _file, _line, message, _comments, context in extract_from_dir(directory, methods, options):
            found.add(message, context=context)
    return found


def extract_met() -> Catalogue:
    """The sentences that a signer meets (see _MET_IN_TEMPLATES), with a note on what is the subject of a letter."""
    (package, python), (templates, jinja) = _SOURCES
    subjects = set(_subjects(package / name for name in _MET_IN_MODULES))
    found = Catalogue(header_comment=_CAMPAIGN_COMMENT, fuzzy=False)
    places = [(package / name, python[0][1]) for name in _MET_IN_MODULES]
    places += [(templates / name, jinja[0][1]) for name in _MET_IN_TEMPLATES]
    for place, method in places:
        options = _JINJA if "jinja2" in method else {}
        for _line, message, _comments, context in extract_from_file(method, str(place), options=options):
            words = forms(message)[:2]
            notes = [SUBJECT] if words[0] in subjects else []
            found.add(words if len(words) > 1 else words[0], context=context, auto_comments=notes)
    return found


def _subjects(modules: Iterable[Path]) -> Iterator[str]:
    """What is given as `subject=_("…")`."""
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "subject" and isinstance(node.value, ast.Call):
                yield from (str(given.value) for given in node.value.args if isinstance(given, ast.Constant))


def read(language: str) -> Catalog:
    """A language's catalogue as it lies there."""
    with path(language).open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def updated(language: str, known: Catalog, sources: Catalog) -> Catalogue:
    """The sources' sentences with the translations that are known. Nothing is guessed for a new or changed one."""
    made = Catalogue(language.replace("-", "_"), header_comment=_COMMENT, fuzzy=False)
    for message in _sentences(sources):
        old = known.get(message.id, message.context)
        # A sentence that got a plural, or changed its own, wants new words.
        said = old.string if old is not None and old.id == message.id and not old.fuzzy else ""
        notes = old.user_comments if old is not None else []
        made.add(message.id, said, context=message.context, user_comments=notes)
    return made


def missing(catalogue: Catalog) -> list[str]:
    """The sentences that have no translation, or not one for every plural."""
    return [forms(message.id)[0] for message in _sentences(catalogue) if not all(forms(message.string))]


def as_po(catalogue: Catalogue) -> bytes:
    """A catalogue as people edit it: sorted, a sentence to a line, without places in the sources."""
    file = BytesIO()
    write_po(file, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return file.getvalue()


def as_mo(catalogue: Catalogue) -> bytes:
    """A catalogue as the application reads it."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update(language: str, sources: Catalog) -> list[str]:
    """Write a language's two files anew; the sentences that still want a translation.

    A catalogue that was never complete is not compiled, so that no site can name it in LANGUAGES yet.
    """
    made = updated(language, read(language), sources)
    compiled = path(language).with_suffix(".mo")
    path(language).write_bytes(as_po(made))
    if compiled.exists() or not missing(made):
        compiled.write_bytes(as_mo(made))
    return missing(made)


def begin(language: str) -> None:
    """An empty catalogue for a language that has none."""
    path(language).parent.mkdir(parents=True)
    path(language).write_bytes(as_po(Catalogue(language.replace("-", "_"), header_comment=_COMMENT, fuzzy=False)))


def trouble(language: str, sources: Catalog) -> list[str]:
    """What a language's catalogue lacks before it can be called complete, a sentence each; changes nothing."""
    known = read(language)
    made = updated(language, known, sources)
    said = [f"to translate: {sentence}" for sentence in missing(made)]
    said += [f"a guess: {sentence}" for sentence in guessed(known)]
    said += [f"not like its sentence: {sentence}" for sentence in unlike(made)]
    if not said and path(language).with_suffix(".mo").read_bytes() != as_mo(made):
        said.append("not compiled: run `python -m petition.translations`")
    return said


def is_template_current() -> bool:
    """Whether campaign.pot holds the sentences that the sources say now."""
    return template().read_bytes() == as_po(extract_met())


def unlike(catalogue: Catalog) -> list[str]:
    """The sentences with a translation that has other placeholders, tags or blanks at its ends: else a page breaks in
    one language only, or a figure is missing from it."""
    return [
        words
        for message in _sentences(catalogue)
        for place, said in enumerate(forms(message.string))
        if said and shape(said) != shape(words := forms(message.id)[min(place, len(forms(message.id)) - 1)])
    ]


def shape(words: str) -> tuple[list[str], list[str], str, str]:
    """What a translation has in common with its sentence: placeholders, tags, blanks before and after."""
    before, after = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
    return placeholders(words), sorted(_TAG.findall(words)), before, after


def placeholders(words: str) -> list[str]:
    """What a sentence has filled in, and per cent signs, sorted."""
    return sorted(_PLACEHOLDER.findall(words))


def guessed(catalogue: Catalog) -> list[str]:
    """The sentences whose translation a tool has guessed ("fuzzy"): they are not used."""
    return [forms(message.id)[0] for message in _sentences(catalogue) if message.fuzzy]


def _sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(words: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """The words of one side of a message: one form, or one for each plural; an empty one where there is none."""
    return (words or "",) if words is None or isinstance(words, str) else tuple(words)
