"""The layout of the code: imports run one way, and each library is known in one place."""

import ast
import re
from collections.abc import Iterator
from configparser import ConfigParser
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "enrollment"
# From the top down: a room may import the rooms on the lines below its own.
ROOMS = (
    ("__main__",),
    ("cli",),
    ("server",),
    ("app",),
    ("api", "web"),
    ("openapi", "metrics", "log"),
    ("http", "exchange", "maintenance"),
    ("data",),
    ("storage",),
    ("config",),
    ("problems",),
    ("model", "output"),
)
FLOORS = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}
# Which rooms and modules may import a library.
KNOWN_BY = {
    "sqlite3": ("enrollment.storage",),
    "aiosql": ("enrollment.storage",),
    "psycopg": ("enrollment.storage",),
    "yoyo": ("enrollment.maintenance",),
    "bottle": ("enrollment.http", "enrollment.app", "enrollment.openapi.pages", "enrollment.web"),
    "granian": ("enrollment.server",),
    "uvloop": ("enrollment.server",),
    "asyncio": ("enrollment.server",),
    "openpyxl": ("enrollment.exchange",),
    "prometheus_client": ("enrollment.metrics", "enrollment.api.service"),
}
TOP = {
    *("enrollment", "sql", "migrations", "tests", "docs", "deploy"),
    *("README.md", "CHANGELOG.md", "LICENSE", "MANIFEST.in", "setup.cfg", "pyproject.toml"),
}
# How many modules may stand beside the rooms.
MOST_BESIDE_ROOMS = 6
MOST_LINES = 250
# Tables and nothing else: a row more is no reason to split them.
TABLES = {"enrollment.problems.families.enrollment", "enrollment.problems.families.record"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its name."""
    files = {path.relative_to(ROOT).with_suffix(""): path for path in PACKAGE.rglob("*.py")}
    return {
        ".".join(name.parts).removesuffix(".__init__"): ast.parse(path.read_text())
        for name, path in files.items()
    }


def imports(tree: ast.AST) -> Iterator[str]:
    """The full names that a module imports, wherever in it; not those for type checks alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        yield from imports(node)


def imported(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    found = {
        name if name in modules() else name.rpartition(".")[0]
        for name in imports(modules()[module])
        if name.startswith("enrollment.")
    }
    return found - {module}


def room(module: str) -> str:
    return module.split(".")[1]


def is_within(module: str, place: str) -> bool:
    return f"{module}.".startswith(f"{place}.")


def test_the_top_of_the_repository_is_small():
    ignored = [pattern.rstrip("/") for pattern in (ROOT / ".gitignore").read_text().split()]
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert [
        name for name in found - TOP if not any(fnmatch(name, pattern) for pattern in ignored)
    ] == []


def test_imports_run_one_way():
    wrong = [
        f"{module} imports {name}"
        for module in modules()
        if module != "enrollment"
        for name in imported(module)
        if room(module) != room(name) and FLOORS[room(module)] >= FLOORS[room(name)]
    ]

    assert wrong == []


def test_no_imports_run_in_a_circle():
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            pytest.fail(" imports ".join([*path[path.index(module) :], module]))
        if module not in done:
            for name in sorted(imported(module)):
                visit(name, [*path, module])
            done.add(module)

    for module in modules():
        visit(module, [])


@pytest.mark.parametrize("library", KNOWN_BY)
def test_a_library_is_known_in_one_place(library: str):
    users = [module for module, tree in modules().items() if library in roots(tree)]

    assert users
    assert [
        module
        for module in users
        if not any(is_within(module, place) for place in KNOWN_BY[library])
    ] == []


def roots(tree: ast.Module) -> set[str]:
    return {name.partition(".")[0] for name in imports(tree)}


def test_only_storage_and_the_migrations_of_sqlite_have_a_pragma():
    found = {
        module
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).startswith("PRAGMA ")
    }

    others = {module for module in found if not module.startswith("enrollment.storage.")}
    assert others == {"enrollment.maintenance.sqlite_schema"}


def test_few_modules_stand_beside_the_rooms():
    beside = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}

    assert len(beside) <= MOST_BESIDE_ROOMS, sorted(beside)


def test_no_module_is_long():
    lengths = {
        module: len((ROOT / tree_path(module)).read_text().splitlines()) for module in modules()
    }

    assert {module for module, lines in lengths.items() if lines > MOST_LINES} - TABLES == set()
    # A table that has become short is no exception any more.
    assert [table for table in TABLES if lengths.get(table, 0) <= MOST_LINES] == []


def tree_path(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def test_a_table_is_nothing_but_a_table():
    for module in TABLES:
        kinds = {type(node) for node in modules()[module].body}
        assert kinds <= {ast.Expr, ast.ImportFrom, ast.Assign, ast.AnnAssign}, module


def encodes(call: ast.Call) -> bool:
    """Whether a call names the encoding of the text that it reads or writes, if it does that."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    places = {"read_text": 0, "write_text": 1, "TextIOWrapper": 1}
    return (
        name not in places
        or len(call.args) > places[name]
        or any(keyword.arg == "encoding" for keyword in call.keywords)
    )


def opens_text(call: ast.Call) -> bool:
    """Whether a call of the function `open` opens a file as text, which no module needs."""
    modes = [node.value for node in call.args[1:] if isinstance(node, ast.Constant)]
    return getattr(call.func, "id", "") == "open" and not any("b" in mode for mode in modes)


def test_text_never_has_the_encoding_of_the_locale():
    wrong = [
        f"{module}, line {node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (opens_text(node) or not encodes(node))
    ]

    assert wrong == []


def test_no_error_is_made_once_and_raised_again():
    """Its traceback would grow with each time, and keep all that the requests have used."""
    wrong = [
        f"{module}, line {node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id.isupper()
    ]

    assert wrong == []


def test_every_package_is_installed():
    """The packages are listed in setup.cfg, where a new one is easily forgotten."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    resources = {"enrollment.migrations", "enrollment.migrations.postgresql", "enrollment.sql"}

    packages = {tree_name(path.parent) for path in PACKAGE.rglob("__init__.py")}
    assert set(config["options"]["packages"].split()) == packages | resources


def tree_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parts)


def test_the_direction_is_documented():
    page = (ROOT / "docs/contributing.md").read_text()
    chain = page.partition("Imports run one way")[2].split("\n\n")[1]

    rooms = [room for floor in ROOMS for room in floor if exists(room)]
    assert re.findall(r"`(\w+)`", chain) == [
        room for room in rooms if room not in ("__main__", "output")
    ]


def exists(room: str) -> bool:
    return f"enrollment.{room}" in modules()
