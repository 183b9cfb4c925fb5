"""`python -m petition.translations`: update and compile the catalogues; fails while sentences want a translation.

What the demo brings of its own words, for a language without a catalogue, is brought up to date with them.
`… --check` only looks. `… pt-BR` begins a catalogue for a language.
"""

import sys
from collections.abc import Mapping

import click
from babel import Locale, UnknownLocaleError

from petition import demo, phrases, translations


def _begin(_ctx: click.Context, _param: click.Parameter, language: str | None) -> str | None:
    if language is None:
        return None
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise click.BadParameter("must be a language, such as pt or pt-BR") from None
    if language in ("en", *translations.languages()):
        raise click.BadParameter(f"{language} is there already")
    return language


@click.command()
@click.argument("language", required=False, callback=_begin)
@click.option("--check", is_flag=True, help="Change nothing; say what each catalogue lacks.")
def main(language: str | None, check: bool) -> None:
    """Bring every catalogue up to date with the sources and compile it, or begin one for a LANGUAGE.

    Ends with 1 while a catalogue lacks a translation, holds a guess, or one without its sentence's placeholders.
    """
    if language is not None:
        translations.begin(language)
    sources = translations.extract()
    if check:
        wrong = {one: translations.trouble(one, sources) for one in translations.languages()}
        wrong["campaign.pot"] = [] if translations.is_template_current() else ["not up to date with the sources"]
    else:
        translations.template().write_bytes(translations.as_po(translations.extract_met()))
        wrong = {one: translations.update(one, sources) for one in translations.languages()}
        wrong |= _demo()
    sys.exit(_said(wrong))


def _demo() -> dict[str, list[str]]:
    """The demo's own words, up to date with the list; what is missing in them, by file."""
    wrong = {}
    for path in sorted(file for folder in demo.campaign_folders() for file in folder.glob("*.po")):
        said = phrases.from_po(path.stem, path.read_bytes())
        data = phrases.as_po(path.stem, said)
        if path.read_bytes() != data:
            path.write_bytes(data)
        wrong[f"{path.parent.name}/{path.name}"] = phrases.missing(path.stem, said)
    return wrong


def _said(wrong: Mapping[str, list[str]]) -> int:
    for what, sentences in wrong.items():
        click.echo(f"{what}: {f'{len(sentences)} to mend' if sentences else 'complete'}")
        for sentence in sentences:
            click.echo(f"  {sentence}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    main()
