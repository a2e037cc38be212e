"""subsets: items by query, saved, and given to people."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.errors import Invalid
from app.formats.query import FIELDS
from app.services import metadata as computed
from app.services import subsets
from app.services.projects import find_project
from app.services.subsets import TASKS
from db.engine import reading
from db.store.subsets import external_id

__all__ = ["app", "metadata"]

_LANGUAGE = "Queries:\n\n" + "\n\n".join(f"{name}: {words}" for name, words in FIELDS.items())

app = typer.Typer(help="Subsets: items by query, saved, and given to people.", no_args_is_help=True)


@app.command(epilog=_LANGUAGE)
def find(
    project: str,
    query: Annotated[str, typer.Argument(help="What to look for; `milo subsets find --help` lists it all.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Print the external ids of the items that a query finds."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        ids = subsets.find_subset_items(ctx, OPERATOR, found.id, query)
        with reading(ctx.engine) as session:
            names = [external_id(session, item_id) for item_id in ids]
    if json:
        print_json(names)
    else:
        for name in names:
            print(name)


@app.command()
def save(project: str, name: str, query: str, data_dir: DataDir = None) -> None:
    """Freeze what a query finds now under a name."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        _, count = subsets.save_subset(ctx, OPERATOR, found.id, name=name, query=query)
    print(f"subset {name}: {count} items")


@app.command("list")
def list_(project: str, data_dir: DataDir = None, json: Json = False) -> None:
    """List saved subsets, and who works on them."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        work = subsets.assignments(ctx, OPERATOR, found.id)
        rows = [
            {
                "name": subset.name,
                "items": count,
                "query": subset.query,
                "created_by": subset.created_by,
                "assigned": [
                    {"login": one.login, "task": one.task, "done": one.done, "due_at": one.due_at}
                    for one in work
                    if one.subset_id == subset.id
                ],
            }
            for subset, count in subsets.list_subsets(ctx, OPERATOR, found.id)
        ]
    if json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['name']:<24} {row['items']:>8}  {row['query']}")
        for one in row["assigned"]:  # type: ignore[attr-defined]
            print(f"{'':<24} {one['login']} is to {one['task']}: {one['done']} of {row['items']}")


@app.command()
def assign(
    project: str,
    name: str,
    people: Annotated[list[str], typer.Argument(help="Logins.")],
    task: Annotated[str, typer.Option(help=f"One of {', '.join(TASKS)}.")] = "annotate",
    due: Annotated[str | None, typer.Option(help="Day, as 2026-12-31.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Give a subset to people; its items are given to them first."""
    chosen = next((known for known in TASKS if known == task), None)
    if chosen is None:
        raise Invalid(f"task {task!r}; there are {', '.join(TASKS)}")
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        count = subsets.assign_subset(
            ctx, OPERATOR, found.id, subset=name, logins=people, task=chosen, due_at=day(due) if due else None
        )
    print(f"{name}: given to {count} more")


def day(text: str) -> datetime:
    """Midnight UTC of a day as 2026-12-31."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(f"{text!r} is no day; write it as 2026-12-31") from error


def metadata(
    project: str,
    name: Annotated[
        str, typer.Argument(help="length, words, language, hashtags, embedding, or a column with --function.")
    ],
    function: Annotated[
        str, typer.Option(help="`module:function` of your own: a list of texts in, a value each out.")
    ] = "",
    subset: Annotated[str, typer.Option("--subset", help="Query of the items; all when left out.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Fill a metadata column from the items' words, as a background job."""
    with opened(data_dir) as ctx:
        found = find_project(ctx, OPERATOR, project)
        job = computed.start_metadata(ctx, OPERATOR, found.id, name=name, function=function, query=subset)
    print(f"job {job.id}: {job.spec['items']} items")
