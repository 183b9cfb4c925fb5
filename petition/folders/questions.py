"""The fields of a campaign's own in its folder."""

from petition import fields
from petition.base import text
from petition.fields import Field, FieldsRefused
from petition.folders.files import File, Folder

#: Keys of each language's file, and the one that stands in the first language's.
OWN = ("labels", "options")
SHARED = ("fields",)


def read(folder: Folder) -> tuple[Field, ...]:
    """The fields, in the order in which they stand. Raises FolderRefused."""
    written = _mapping(folder.first, "fields")
    _refuse_strange(folder, written)
    found = tuple(_field(folder, key, said) for key, said in written.items())
    try:
        fields.check(found, folder.first.language)
    except FieldsRefused as error:
        raise folder.refuse("fields", str(error)) from None
    return found


def _field(folder: Folder, key: str, said: object) -> Field:
    kind, _, need = said.partition(",") if isinstance(said, str) else ("", "", "")
    if kind.strip() not in fields.KINDS or need.strip() not in ("required", "optional"):
        kinds = ", ".join(fields.KINDS)
        raise folder.refuse("fields", f"must say of “{key}” its kind ({kinds}), and “required” or “optional” after it")
    labels = {
        language: _words(file, "labels", key, _mapping(file, "labels").get(key))
        for language, file in folder.files.items()
    }
    return Field(key, kind.strip(), need.strip() == "required", labels, _options(folder, key))


def _options(folder: Folder, key: str) -> tuple[tuple[str, dict[str, str]], ...]:
    written = {language: _options_in(file, key) for language, file in folder.files.items()}
    first = written[folder.first.language]
    for language, options in written.items():
        if options.keys() != first.keys():
            raise folder.files[language].refuse(
                "options", f"must give “{key}” the options that the first file gives it"
            )
    return tuple((one, {language: written[language][one] for language in written}) for one in first)


def _options_in(file: File, key: str) -> dict[str, str]:
    options = _mapping(file, "options").get(key, {})
    if not isinstance(options, dict):
        raise file.refuse("options", f"must hold keys and words for “{key}”")
    return {one: _words(file, "options", f"{key}: {one}", words) for one, words in options.items()}


def _mapping(file: File, key: str) -> dict[str, object]:
    value = file.keys.get(key, {})
    if not isinstance(value, dict):
        raise file.refuse(key, "must hold keys and words")
    return value


def _words(file: File, what: str, key: str, words: object) -> str:
    if not isinstance(words, str):
        raise file.refuse(what, f"must have words for “{key}”")
    return file.clean(f"{what}: {key}", words, text.line, most=fields.LONGEST_LABEL, needed=True)


def _refuse_strange(folder: Folder, written: dict[str, object]) -> None:
    for file in folder.files.values():
        for what in OWN:
            for key in _mapping(file, what):
                if key not in written:
                    raise file.refuse(what, f"names “{key}”, which “fields” does not ask for")
