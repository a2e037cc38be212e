"""What an export asks about a thousand answers at once fits a database that takes 999 parameters, as an old SQLite does."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from app.services.appeals import appeal
from app.services.context import Context
from db.engine import reading
from db.store import appeals, reviews
from tests.app.services.reviewing import cases_of, review_up_to_date
from tests.app.services.test_adjudication import Desk
from tests.app.services.world import World

EVERYTHING = {"disagreement": 0, "judge_doubt": 0, "new_person": 0, "floor": 1, "second_look": 0}


@contextmanager
def few_parameters(ctx: Context) -> Iterator[Session]:
    """A transaction in which SQLite takes no more than it once did."""
    with reading(ctx.engine) as session:
        connection = session.connection().connection.driver_connection
        if not isinstance(connection, sqlite3.Connection):
            yield session
            return
        before = connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        try:
            yield session
        finally:
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


def test_reviews_and_appeals_of_very_many_answers_are_found_in_parts(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path, workplace={"review": EVERYTHING})
    desk.say("ann", "good", "bad")
    ids = sorted(case.annotation.id for case in cases_of(desk.ctx, desk.lead, desk.project.id))
    for number, annotation in enumerate(ids):
        for actor in (desk.lead, desk.second):
            review_up_to_date(
                desk.ctx, actor, desk.project.id, annotation, outcome="rejected", requeue="same",
                comment="No.", form_token=f"{actor.login}-{number}",
            )  # fmt: skip
    # The two that exist are asked for in different parts: between them stand 1,998 that do not.
    asked = [ids[0], *range(10_000, 11_998), ids[1]]
    with few_parameters(desk.ctx) as session:
        found = reviews.reviews_of(session, asked)
    assert list(found) == asked
    assert [login for annotation in ids for _, login in found[annotation]] == ["lead", "second"] * 2
    standing = [found[annotation][-1][0].id for annotation in ids]
    for review in standing:
        assert appeal(desk.ctx, desk.people["ann"], desk.project.id, review, "The guide says so.")
    with few_parameters(desk.ctx) as session:
        contested = appeals.appeals_of(session, [standing[0], *range(10_000, 11_998), standing[1]])
    assert {review: found.reason for review, found in contested.items()} == dict.fromkeys(
        standing, "The guide says so."
    )
