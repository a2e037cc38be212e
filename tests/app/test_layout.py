"""Rules of the house that no linter knows."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pages_define_no_classes() -> None:
    # A page runs anew at each click: a class in it would no longer match the instances made by the last run.
    for path in (ROOT / "app" / "views").glob("*.py"):
        assert not [
            node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
        ], path.name


def test_no_module_of_the_application_hides_another_package() -> None:
    # The folder of the entry script comes first on the path: `app/judge.py` would replace the package `judge`.
    names = {path.stem for path in (ROOT / "app").iterdir() if not path.name.startswith("_")}
    taken = set(sys.stdlib_module_names) | {
        "judge",
        "rubrics",
        "db",
        "streamlit",
        "pandas",
        "plotly",
        "openai",
    }
    assert not names & taken


def test_every_setting_is_in_the_documentation() -> None:
    from app.settings import Settings

    page = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"MILO_{name.upper()}")
        assert variable in page, variable


def test_every_command_has_help_that_says_something() -> None:
    from typer.main import get_command

    from app.cli import app

    commands = get_command(app)
    for name, command in commands.commands.items():  # type: ignore[attr-defined]
        assert command.help and len(command.help) > 10, name


def test_files_stay_small() -> None:
    for package in ("app", "db", "judge", "rubrics"):
        for path in (ROOT / package).rglob("*.py"):
            if "versions" not in path.parts:
                assert len(path.read_text().splitlines()) <= 400, path
