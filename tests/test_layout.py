"""The walls of the house: who may import whom, how long a module is, what is documented."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("rolecast", "connectors", "flows")


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Top names of everything that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_the_core_knows_no_connector_no_flow_and_no_prefect():
    for path in modules("rolecast"):
        outward = top(imports(path)) & {"connectors", "flows", "prefect"}
        if path.parent.name == "cli":
            outward -= {"connectors", "flows"}  # the command line composes
        assert not outward, f"{path} imports {outward}"


def test_a_connector_never_imports_its_neighbour():
    for path in modules("connectors"):
        names = imports(path)
        assert not top(names) & {"flows", "prefect"}, path
        if path.name != "__init__.py":
            # Renewing tokens is a way of many networks, as HTTP is.
            shared = {"connectors.oauth", "connectors.oauth.Renewable"}
            neighbours = {name for name in names if name.startswith("connectors")} - shared
            assert not neighbours, f"{path} imports {neighbours}"


def test_web_apps_import_the_core_only():
    for path in modules("rolecast/web"):
        assert not top(imports(path)) & {"connectors", "flows", "prefect"}, path


def test_sql_stands_in_the_ledger_only():
    for package in PACKAGES:
        for path in modules(package):
            if "ledger" not in path.parts:
                assert "sqlalchemy" not in top(imports(path)), path


@pytest.mark.parametrize("command", ["--help", "check", "plan", "preview pilot", "status"])
def test_light_commands_never_import_prefect(command, tmp_path):
    from tests.house import make, spec

    make(tmp_path, pilot=spec())
    code = (
        "import sys\nfrom rolecast.cli import main\n"
        f"sys.argv = ['rolecast', '--root', {str(tmp_path)!r}, *{command.split()!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'prefect']"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_modules_stay_readable():
    long = {
        str(path.relative_to(ROOT)): count
        for package in PACKAGES
        for path in modules(package)
        if (count := path.read_text("utf-8").count("\n")) > 480
    }
    assert not long


def test_every_module_and_public_function_says_what_it_is_for():
    silent = []
    for package in PACKAGES:
        for path in modules(package):
            tree = ast.parse(path.read_text("utf-8"))
            if ast.get_docstring(tree) is None:
                silent.append(str(path))
            silent += [
                f"{path}:{node.name}"
                for node in tree.body
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node) is None
            ]
    silent = [name for name in silent if "migrations/versions" not in name]
    assert not silent


def test_every_command_is_in_the_readme():
    from rolecast.cli import COMMANDS

    readme = (ROOT / "README.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"rolecast {name}" not in readme]


def test_every_connector_and_setting_is_described():
    from connectors import TABLE
    from rolecast import settings

    models = [*TABLE.values(), settings.Company, settings.Policy]
    silent = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert not silent
    for name, connector in TABLE.items():
        assert connector.name == name
        assert all(connector.secrets().values())


def test_the_project_speaks_of_the_project():
    """No address of a package index, no absolute path of somebody's machine."""
    odd = re.compile(r"/(home|Users|work)/\w")
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".md", ".toml", ".j2", ".sh") and not (
            {".venv", ".servers", ".tools", "node_modules"} & set(path.parts)
        ):
            text = path.read_text("utf-8")
            assert not odd.search(text) or path.name == "test_layout.py", path
