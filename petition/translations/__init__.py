"""The catalogues of the interface: what the sources say in English, and what other languages say for it.

`python -m petition.translations` brings every messages.po up to date with the sources and compiles it. A catalogue
holds exactly the sentences of the sources, in an order of its own and without dates, so that it changes only where
a sentence does. The command line stays English and calls no gettext.
"""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).resolve().parent
#: Where sentences stand and how they are read there; the templates lie beside the package in a checkout.
_SOURCES = (
    (HERE.parent, [("**.py", "python")]),
    (HERE.parents[1] / "templates", [("**.html", "jinja2.ext.babel_extract"), ("**.txt", "jinja2.ext.babel_extract")]),
)  # fmt: skip
#: What the application's own environment is set to, and that a template which cannot be read is an error.
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}
_COMMENT = "# What the interface says in this language. `python -m petition.translations` keeps it in step."


class Catalogue(Catalog):
    """A catalogue whose header says only what readers of it need: no dates, no versions of tools."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Encoding, language and plurals."""
        return [
            ("Language", str(self.locale)), ("Plural-Forms", self.plural_forms), ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit\n"),
        ]  # fmt: skip


def languages() -> list[str]:
    """The languages that have a catalogue; English, the sources' own, has none."""
    return sorted(path.parents[1].name for path in HERE.glob("*/LC_MESSAGES/messages.po"))


def path(language: str) -> Path:
    """The catalogue that people edit; the compiled one lies beside it as messages.mo."""
    return HERE / language / "LC_MESSAGES" / "messages.po"


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


def read(language: str) -> Catalog:
    """A language's catalogue as it lies there."""
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str, known: Catalog, sources: Catalog) -> Catalogue:
    """The sources' sentences with the translations that are known. Nothing is guessed for a new or changed one."""
    made = Catalogue(language, header_comment=_COMMENT, fuzzy=False)
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
    """Write a language's two files anew; the sentences that still want a translation."""
    made = updated(language, read(language), sources)
    path(language).write_bytes(as_po(made))
    path(language).with_suffix(".mo").write_bytes(as_mo(made))
    return missing(made)


def _sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(words: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """The words of one side of a message: one form, or one for each plural; an empty one where there is none."""
    return (words or "",) if words is None or isinstance(words, str) else tuple(words)
