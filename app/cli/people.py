"""user: accounts and roles."""

from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import accounts
from app.services.projects import find_project

__all__ = ["app"]

app = typer.Typer(help="Accounts, roles and tokens.", no_args_is_help=True)


@app.command()
def add(
    login: str,
    name: Annotated[str, typer.Option(help="Name that others see; the login when left out.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May do everything, in every project.")] = False,
    password: Annotated[
        str,
        typer.Option(
            help="At least 8 characters; asked for when left out.",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
        ),
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Make an account."""
    with opened(data_dir) as ctx:
        user = accounts.add_user(ctx, OPERATOR, login=login, name=name, password=password, is_admin=admin)
    print(f"added {user.login}")


@app.command("list")
def list_(data_dir: DataDir = None, json: Json = False) -> None:
    """List the accounts."""
    with opened(data_dir) as ctx:
        users = accounts.list_users(ctx, OPERATOR)
    rows = [
        {
            "login": u.login,
            "name": u.name,
            "admin": u.is_admin,
            "simulated": u.simulated,
            "disabled": u.disabled_at is not None,
        }
        for u in users
    ]
    if json:
        print_json(rows)
        return
    for row in rows:
        notes = [word for word in ("admin", "simulated", "disabled") if row[word]]
        print(f"{row['login']:<20} {row['name']}{' (' + ', '.join(notes) + ')' if notes else ''}")


@app.command()
def role(login: str, project: str, role: str, data_dir: DataDir = None) -> None:
    """Give a role in a project: annotator, qa_lead or manager."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        accounts.give_role(ctx, OPERATOR, project_id=found.id, login=login, role=role)
    print(f"{login} is {role} in {project}")


@app.command()
def disable(login: str, data_dir: DataDir = None) -> None:
    """End an account with its logins and tokens; what the person did stays."""
    with opened(data_dir) as ctx:
        accounts.disable_user(ctx, OPERATOR, login=login)
    print(f"disabled {login}")
