"""user: accounts and roles."""

from typing import Annotated, Any

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import accounts, cohorts
from app.services.projects import find_project, list_projects

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
        names = {project.id: project.name for project, _ in list_projects(ctx, OPERATOR)}
        grouped = cohorts.all_cohorts(ctx, OPERATOR)
    rows: list[dict[str, Any]] = [
        {
            "login": u.login,
            "name": u.name,
            "admin": u.is_admin,
            "simulated": u.simulated,
            "disabled": u.disabled_at is not None,
            "cohorts": {names[id_]: cohort for id_, cohort in grouped.get(u.login, {}).items()},
        }
        for u in users
    ]
    if json:
        print_json(rows)
        return
    for row in rows:
        notes = [word for word in ("admin", "simulated", "disabled") if row[word]]
        notes += [f"in {cohort} of {project}" for project, cohort in row["cohorts"].items()]
        print(f"{row['login']:<20} {row['name']}{' (' + ', '.join(notes) + ')' if notes else ''}")


@app.command()
def role(login: str, project: str, role: str, data_dir: DataDir = None) -> None:
    """Give a role in a project: annotator, qa_lead or manager."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        accounts.give_role(ctx, OPERATOR, project_id=found.id, login=login, role=role)
    print(f"{login} is {role} in {project}")


@app.command()
def cohort(
    login: str,
    project: str,
    name: Annotated[str, typer.Argument(help="Such as experts; '' takes the person out of any.")],
    data_dir: DataDir = None,
) -> None:
    """Put somebody into a cohort of a project: a group of people that figures are split by. One at most."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        cohorts.set_cohort(ctx, OPERATOR, found.id, logins=[login], cohort=name)
    print(f"{login} is in {f'cohort {name.strip()}' if name.strip() else 'no cohort'} of {project}")


@app.command()
def disable(login: str, data_dir: DataDir = None) -> None:
    """End an account with its logins and tokens; what the person did stays."""
    with opened(data_dir) as ctx:
        accounts.disable_user(ctx, OPERATOR, login=login)
    print(f"disabled {login}")
