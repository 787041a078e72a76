"""The house: its rooms are there, imports look down, and neighbours come in by the front door."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PACKAGES = ("scoring", "workflows", "config", "sync", "sandbox")
PURE = ("scoring", "workflows")
FRONT_DOORS = {
    "scoring": {"Contact", "Engagement", "Rubric", "Score", "score_contact"},
    "workflows": {"Standing", "Policy", "Decision", "Move", "Hold", "Stay", "LeaveAlone", "decide"},
    "config": {"Settings", "Rulebook", "ConfigError", "load_settings", "load_rulebook"},
    "sandbox": {"Portal", "SandboxServer"},
}
LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def modules(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    """The full names of the modules that a module imports from."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_every_room_is_a_package_that_says_what_it_is_for(package: str) -> None:
    source = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), package


@pytest.mark.parametrize("name", ["pyproject.toml", "Procfile", "README.md", "Makefile", "CHANGELOG.md", ".ci/run"])
def test_what_a_newcomer_looks_for_is_at_the_top(name: str) -> None:
    assert (ROOT / name).exists()


def test_imports_look_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_every_module_of_sync_has_its_place_in_the_drawing() -> None:
    drawing = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in drawing["contracts"] if "sync.cli" in c.get("layers", ()))
    drawn = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    there = {f"sync.{path.stem}" for path in (ROOT / "sync").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there - {"sync.__init__", "sync.__main__", "sync.__pycache__"} <= drawn


@pytest.mark.parametrize("package", FRONT_DOORS)
def test_neighbours_come_in_by_the_front_door(package: str) -> None:
    inside = [
        f"{module.relative_to(ROOT)} imports {name}"
        for other in PACKAGES
        if other != package
        for module in modules(other)
        for name in imported(module)
        if name.startswith(f"{package}.")
    ]
    assert inside == []


@pytest.mark.parametrize("package", FRONT_DOORS)
def test_a_front_door_shows_what_the_house_promises(package: str) -> None:
    shown = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    names = {a.asname or a.name for n in ast.walk(shown) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert FRONT_DOORS[package] <= names


def test_sync_shows_nothing() -> None:
    shown = ast.parse((ROOT / "sync" / "__init__.py").read_text(encoding="utf-8"))
    assert all(isinstance(node, ast.Expr) for node in shown.body)


@pytest.mark.parametrize("package", PURE)
def test_a_reader_of_the_pure_packages_never_meets_hubspot(package: str) -> None:
    met = [path.name for path in modules(package) if "hubspot" in path.read_text(encoding="utf-8").lower()]
    assert met == []


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_never_ask_what_time_it_is(package: str) -> None:
    asks = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time)\b")
    assert [path.name for path in modules(package) if asks.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_can_be_read_in_one_sitting(package: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_function_can_be_seen_at_once(package: str) -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    silent = [p.name for p in modules(package) if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert silent == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_named_for_what_does_not_fit_elsewhere(package: str) -> None:
    attracts_everything = re.compile(r"manager|helper|utils?$|common|misc")
    assert [path.name for path in modules(package) if attracts_everything.search(path.stem)] == []
