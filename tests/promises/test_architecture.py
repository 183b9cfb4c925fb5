"""The floors and rules of the house, held over the source itself."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "petition"

LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
MOST_BRANCHES = 8
#: What a thing is called must say what it is.
NAMELESS = {"util", "utils", "helper", "helpers", "common", "manager", "service", "handler", "misc"}

BASE, DOMAIN, WEB, TOP = range(4)
TOPS = {"app", "worker", "cli", "__main__"}

#: Who may end a transaction besides the web, the commands and the worker, and why.
COMMITS = {
    "petition.base.delivery": "the loop of the outbox: every step of a letter is a transaction of its own",
    "petition.base.jobs": "the loop of the jobs: every step of one is a transaction of its own",
    "petition.base.together": "a commit that several requests share, each at its view's hand",
    "petition.migrating": "the steps run on a connection of their own, one transaction each",
}
#: Who may name a database besides base/db.py, and why.
DIALECTS = {
    "petition.base.settings": "the form of an address is what DATABASE_URL refuses or takes",
    "petition.cli.setup": "asks which database a new site shall have, and writes its address",
    "petition.cli.site": "the folder of SQLite's file is made on the first start",
}
#: Options of an index, which SQLAlchemy wants named by dialect; both are always given, and equal.
INDEX_OPTIONS = re.compile(r"(postgresql|sqlite)_where")


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text())


def floor(name: str) -> int:
    parts = name.split(".")
    if len(parts) == 1:
        return BASE
    if parts[1] == "base":
        return BASE
    if parts[1] == "web":
        return WEB
    return TOP if parts[1] in TOPS else DOMAIN


def imports(name: str) -> Iterator[str]:
    """The modules of ours that a module imports, each by the name of the module itself."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if below in modules() else str(node.module)


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def strings(name: str) -> Iterator[ast.Constant]:
    """String constants that the program uses: without its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree(name))
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


def names(name: str) -> set[str]:
    """Every name and attribute that a module mentions, and every module it imports from anywhere."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_the_package_has_all_four_floors() -> None:
    """Else the rules below would hold for nothing."""
    assert {floor(name) for name in modules()} == {BASE, DOMAIN, WEB, TOP}


@pytest.mark.parametrize("name", sorted(modules()))
def test_each_floor_imports_only_from_its_own_and_those_below(name: str) -> None:
    """Base < domain < web < top."""
    assert [other for other in imports(name) if floor(other) > floor(name)] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: set(imports(name)) - {name} for name in modules()}
    while leaves := [name for name, others in graph.items() if not others & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert sorted(graph) == []


def test_nothing_is_imported_inside_a_function() -> None:
    """Rule 4."""
    inside = [
        f"{name}:{node.lineno}"
        for name in modules()
        for function in functions(name)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_function_is_longer_than_fifty_lines_and_no_module_than_four_hundred() -> None:
    """Rule 4: these bound the tail, the aim is far below."""
    functions_too_long = [
        f"{name}.{function.name}"
        for name in modules()
        for function in functions(name)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ]
    modules_too_long = [name for name, path in modules().items() if len(path.read_text().splitlines()) > LONGEST_MODULE]
    assert (functions_too_long, modules_too_long) == ([], [])


def _branches(node: ast.AST) -> int:
    """McCabe's count less one; functions inside count for themselves."""
    own = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(child, ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.IfExp):
            own += 1
        elif isinstance(child, ast.comprehension):
            own += 1 + len(child.ifs)
        elif isinstance(child, ast.BoolOp):
            own += len(child.values) - 1
        own += _branches(child)
    return own


def _ruffs_branches(node: ast.AST) -> int:
    """What the linter counts: statements alone."""
    return 1 + sum(
        isinstance(child, ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler) for child in ast.walk(node)
    )


def test_no_function_has_more_than_eight_ways_through_it() -> None:
    """Rule 4, counted like the linter does, so that a `noqa` in the source does not lift it."""
    tangled = [
        f"{name}.{function.name}: {_ruffs_branches(function)}"
        for name in modules()
        for function in functions(name)
        if _ruffs_branches(function) > MOST_BRANCHES
    ]
    assert tangled == []


def test_no_function_is_a_thicket_of_conditions() -> None:
    """With every `and`, `or` and `x if y else z` counted: twice as many at most."""
    thickets = [
        f"{name}.{function.name}: {_branches(function) + 1}"
        for name in modules()
        for function in functions(name)
        if _branches(function) + 1 > 2 * MOST_BRANCHES
    ]
    assert thickets == []


def test_base_and_domain_know_no_request() -> None:
    """Rule 2: they live in an application context; who acts is an argument."""
    ofarequest = {"request", "g", "current_user", "has_request_context", "copy_current_request_context"}
    wrong = {
        name: found
        for name in modules()
        if floor(name) <= DOMAIN and (found := _from_flask(name) & (ofarequest | {"session"}))
    }
    assert wrong == {}


def _from_flask(name: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("flask", "flask_login")
        for alias in node.names
    }


def _calls(name: str, method: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


def test_a_transaction_is_ended_only_where_a_whole_deed_ends() -> None:
    """Rule 3: a verb of the domain never commits."""
    ending = {name for name in modules() if floor(name) < WEB and _calls(name, "commit")}
    assert ending == COMMITS.keys()


def test_only_who_may_commit_shares_a_commit() -> None:
    """Rule 3 again: `together` commits, so it is handed to a verb by the web alone."""
    sharing = {name for name in modules() if "petition.base.together" in imports(name)}
    assert {floor(name) for name in sharing - COMMITS.keys()} == {WEB}


def test_only_the_database_module_names_a_dialect() -> None:
    naming = {
        name
        for name in modules()
        if name != "petition.base.db"
        and any(re.search("postgres|sqlite|psycopg", _bare(node.value)) for node in strings(name))
    }
    assert naming == DIALECTS.keys()
    drivers = {"sqlite3", "psycopg", "sqlalchemy.dialects", "sqlalchemy.dialects.postgresql"}
    assert [name for name in modules() if names(name) & drivers] == ["petition.base.db"]


def _bare(value: object) -> str:
    return INDEX_OPTIONS.sub("", str(value))


def test_options_of_an_index_are_the_same_on_both_databases() -> None:
    """What is named by dialect all the same never differs by it."""
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call):
                given = {word.arg: ast.dump(word.value) for word in node.keywords if word.arg}
                assert given.get("postgresql_where") == given.get("sqlite_where"), f"{name}:{node.lineno}"


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ({"smtplib"}, {"petition.base.smtp"}),
        ({"AESGCM", "HKDF", "Fernet"}, {"petition.base.crypto"}),
        ({"markdown_it", "nh3"}, {"petition.base.markdown"}),
    ],
)
def test_what_one_module_alone_may_touch_is_touched_nowhere_else(what: set[str], where: set[str]) -> None:
    """Crypto touches keys, smtp speaks SMTP, markdown makes HTML of what people wrote."""
    touching = {name for name in modules() if names(name) & what}
    assert touching == where


def test_only_the_settings_read_the_environment() -> None:
    """`environ` elsewhere is a request's, or a mapping that is handed on."""
    reading = {
        name
        for name in modules()
        for node in ast.walk(tree(name))
        if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
            and node.attr in ("environ", "environb", "getenv"))
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and "environ" in [one.name for one in node.names])
    }  # fmt: skip
    assert reading == {"petition.base.settings"}


def test_itsdangerous_is_imported_by_tokens_alone() -> None:
    importing = {name for name in modules() for found in names(name) if found.startswith("itsdangerous")}
    assert importing == {"petition.base.tokens"}


def test_the_moment_is_asked_of_one_clock() -> None:
    """`db.now()`: else a test, or a machine whose clock is wrong, would see two."""
    asking = {
        name
        for name in modules()
        if name != "petition.base.db"
        and any(_calls(name, method) for method in ("now", "utcnow", "today"))
        and _own_clock(name)
    }
    assert asking == set()


def _own_clock(name: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date")
        for node in ast.walk(tree(name))
    )


def test_no_module_class_or_function_has_a_name_that_says_nothing() -> None:
    defined = {(name, part) for name in modules() for part in name.split(".")}
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower().split("_")
                defined |= {(name, word) for word in words}
    assert {(name, word) for name, word in defined if word in NAMELESS} == set()


def test_nothing_runs_what_somebody_typed() -> None:
    """No eval, no templates from strings, no unpickling, no shell."""
    dangerous = {"eval", "exec", "render_template_string", "pickle", "marshal", "shelve"}
    assert {name: found for name in modules() if (found := names(name) & dangerous)} == {}
    shells = [
        f"{name}:{node.lineno}"
        for name in modules()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]
    assert shells == []


def test_every_public_function_says_what_a_caller_needs() -> None:
    silent = [
        f"{name}.{node.name}"
        for name in modules()
        for node in tree(name).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
