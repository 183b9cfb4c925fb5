"""`python -m petition.translations`: update and compile the catalogues; fails while sentences want a translation."""

import sys

import click

from petition import translations


def main() -> int:
    """Bring every catalogue up to date, and list what is to be translated in it. 0 where nothing is."""
    sources = translations.extract()
    wanting = {language: translations.update(language, sources) for language in translations.languages()}
    for language, sentences in wanting.items():
        click.echo(f"{translations.path(language)}: {len(sentences)} of {len(sources)} sentences to translate")
        for sentence in sentences:
            click.echo(f"  {sentence}")
    return int(any(wanting.values()))


if __name__ == "__main__":
    sys.exit(main())
