"""The style sheets hold to what Safari 12.1 and Chrome 70 can do (look.md, "Budgets").

Both browsers drop a declaration or a rule they do not understand. So what they lack may stand here where it only
improves the page (TASTE), where an older way stands before it in the same rule (FALLBACK), and nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tinycss2
from flask.testing import FlaskClient

from petition.app import create_app
from petition.base import settings
from petition.web import style


@pytest.fixture
def client(keys_file: Path) -> FlaskClient:
    """Asks the site for its files, which no database knows."""
    return create_app(replace(settings.read({}), keys_file=keys_file)).test_client()


SHEETS = ["public.css", "frame.css", "desk.css"]

# Properties that neither browser knows, or only one; without them the page is as usable.
TASTE = {
    "text-wrap", "text-size-adjust", "accent-color", "color-scheme", "text-decoration-thickness",
    "text-underline-offset", "hyphens", "print-color-adjust", "break-after", "break-inside", "scroll-padding-bottom",
    "scroll-behavior", "page", "content-visibility",
}  # fmt: skip
# Properties that both browsers know; what is in neither table is looked up before it is added to one.
KNOWN = {
    "-webkit-hyphens", "-webkit-print-color-adjust", "-webkit-text-size-adjust", "align-items", "align-self",
    "background", "border", "border-bottom", "border-collapse", "border-color", "border-inline-start",
    "border-inline-start-color", "border-radius",
    "border-top", "border-width", "bottom", "box-shadow", "box-sizing", "clip", "color", "column-gap", "columns",
    "content", "cursor", "display", "fill", "flex", "flex-direction", "flex-wrap", "font", "font-family", "font-size",
    "font-style", "font-variant-numeric", "font-weight", "grid-column", "grid-column-gap", "grid-gap", "grid-row",
    "grid-template-columns", "grid-template-rows", "height", "justify-content", "letter-spacing", "line-height",
    "list-style", "margin", "margin-bottom", "margin-inline-end", "margin-inline-start", "margin-top", "max-height",
    "max-width", "min-height", "min-width", "opacity", "outline", "outline-offset", "overflow", "overflow-wrap",
    "overflow-x",
    "padding", "padding-bottom", "padding-inline-start", "padding-left", "padding-right", "padding-top", "position",
    "stroke", "stroke-width", "text-align", "text-decoration", "text-decoration-color", "text-transform", "top",
    "transform", "unicode-bidi", "vector-effect", "vertical-align", "white-space", "width", "word-break", "z-index",
}  # fmt: skip
# Values and selectors that either lacks.
REFUSED_FUNCTIONS = {
    "clamp", "min", "max", "color-mix", "light-dark", "oklch", "oklab", "lab", "lch", "hwb", "color", "round",
    "fit-content",
}  # fmt: skip
REFUSED_SELECTORS = re.compile(r":(is|where|has|focus-within\()|:not\([^)]*,")
REFUSED_UNITS = {"dvh", "svh", "lvh", "dvw", "svw", "lvw", "cqw", "cqi", "lh", "rlh"}
# A value that needs an older one before it in the same rule: (property, value) → the older value.
FALLBACK = {("position", "sticky"): "-webkit-sticky"}


def rules(nodes: list[tinycss2.ast.Node]) -> Iterator[tinycss2.ast.QualifiedRule]:
    """Every rule of a sheet, those inside @media too."""
    for node in nodes:
        if node.type == "qualified-rule":
            yield node
        elif node.type == "at-rule" and node.content is not None:
            yield from rules(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True))


def declarations(rule: tinycss2.ast.QualifiedRule) -> list[tinycss2.ast.Declaration]:
    """The declarations of a rule; a piece that is none is an error of ours."""
    found = tinycss2.parse_declaration_list(rule.content, skip_comments=True, skip_whitespace=True)
    assert all(one.type == "declaration" for one in found), [getattr(one, "message", one) for one in found]
    return found


def pieces(nodes: list[tinycss2.ast.Node]) -> Iterator[tinycss2.ast.Node]:
    """Every token of a value, those inside functions too."""
    for node in nodes:
        yield node
        yield from pieces(getattr(node, "arguments", []))


def faults(sheet: str) -> list[str]:
    """What in a sheet an old browser would stumble over."""
    found = []
    for rule in rules(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)):
        selector = tinycss2.serialize(rule.prelude).strip()
        if REFUSED_SELECTORS.search(selector):
            found.append(f"selector {selector}")
        before: list[tuple[str, str]] = []
        for one in declarations(rule):
            value = tinycss2.serialize(one.value).strip()
            found += [f"{selector}: {fault}" for fault in declaration_faults(one, value, before)]
            before.append((one.name, value))
    return found


def declaration_faults(one: tinycss2.ast.Declaration, value: str, before: list[tuple[str, str]]) -> Iterator[str]:
    """What is wrong with one declaration, given those before it in its rule."""
    if not one.name.startswith("--") and one.name not in KNOWN | TASTE:
        yield f"property {one.name}"
    older = FALLBACK.get((one.name, value))
    if older and (one.name, older) not in before:
        yield f"{one.name}: {value} without {older} before it"
    for piece in pieces(one.value):
        if piece.type == "function" and piece.lower_name in REFUSED_FUNCTIONS:
            yield f"{piece.lower_name}()"
        if piece.type == "dimension" and piece.lower_unit in REFUSED_UNITS:
            yield f"unit {piece.lower_unit}"


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_has_nothing_that_breaks_in_safari_12_or_chrome_70(name: str) -> None:
    sheet = (style.FOLDER / name).read_text()
    assert faults(sheet) == []
    assert faults(style.lean(sheet)) == []


@pytest.mark.parametrize(
    "sheet",
    [
        "a { gap: 1rem }",
        "a { inset: 0 }",
        "a { margin-inline: auto }",
        "a { width: min(10rem, 100%) }",
        "a { width: calc(1px + max(1px, 2px)) }",
        "a:is(b, c) { color: red }",
        "a:not(b, c) { color: red }",
        "@media (min-width: 1rem) { a { position: sticky } }",
        "a { position: sticky; position: -webkit-sticky }",
        "a { height: 100dvh }",
    ],
)
def test_the_lint_finds_what_it_is_there_for(sheet: str) -> None:
    assert faults(sheet) != []


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_loads_nothing_and_a_focus_is_seen_without_focus_visible(name: str) -> None:
    sheet = style.lean((style.FOLDER / name).read_text())
    assert [word for word in ("url(", "@import", "@font-face") if word in sheet] == []
    assert ":focus{outline:3px" in sheet or name == "frame.css", "which stands behind the public sheet"


def test_making_a_sheet_lean_changes_no_rule() -> None:
    def said(sheet: str) -> list[tuple[str, list[tuple[str, str]]]]:
        parsed = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
        return [
            (flat(rule.prelude), [(one.name, flat(one.value)) for one in declarations(rule)]) for rule in rules(parsed)
        ]

    def flat(nodes: list[tinycss2.ast.Node]) -> str:
        return re.sub(r"\s*([,:])\s*|\s+", lambda found: found[1] or " ", tinycss2.serialize(nodes)).strip()

    sheet = (style.FOLDER / "public.css").read_text()
    assert said(style.lean(sheet)) == said(sheet)


def test_the_sheet_in_a_colour_is_kept_for_ever_and_holds_that_colour(client: FlaskClient) -> None:
    answer = client.get(style.sheet_href("1F4F7A"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "--accent:#1f4f7a" in answer.text.lower()


@pytest.mark.parametrize("rgb", ["b3201", "b3201bb", "b3201g", "red", "ffffff", "b3201b%0a", "１２３４５６"])
def test_a_colour_that_is_none_or_cannot_be_read_has_no_sheet(rgb: str, client: FlaskClient) -> None:
    assert client.get(f"/style/{style.build()}/{rgb}.css").status_code == 404


def test_an_address_of_another_build_is_answered_and_not_kept(client: FlaskClient) -> None:
    for address in ("/style/0000000000/b3201b.css", "/static/0000000000/sign.js"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["sign.js", "share.js", "mark.svg", "desk.css"])
def test_a_static_file_is_served_under_its_build(name: str, client: FlaskClient) -> None:
    answer = client.get(style.asset(name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_file_that_is_not_there_is_404_and_its_name_a_mistake(client: FlaskClient) -> None:
    assert client.get(f"/static/{style.build()}/..%2f..%2fapp.py").status_code == 404
    assert client.get(f"/static/{style.build()}/missing.js").status_code == 404
    with pytest.raises(KeyError):
        style.asset("missing.js")
