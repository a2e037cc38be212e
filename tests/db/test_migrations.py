from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Engine, open_engine, transaction
from db.errors import SchemaOutdated
from db.migrate import downgrade, drift, require_current, revision, upgrade

_NOW = "2026-11-21 12:00:00+00:00"
_PROJECT = (
    "INSERT INTO projects (name, kind, problem, aggregation, overlap, baseline, preannotation_on, assistant_on,"
    " judge_on, control_share, idle_seconds, lease_seconds, workplace, simulated, created_at)"
    " VALUES ('P', 'work', '', 'majority', 1, '', true, true, true, 0, 120, 60, '{}', false, :now)"
)


def test_migrations_and_models_say_the_same(engine: Engine) -> None:
    assert drift(engine) == []


def test_every_migration_goes_down_and_up_again_twice(engine: Engine) -> None:
    for _ in range(2):
        downgrade(engine, "base")
        assert revision(engine) is None
        upgrade(engine)
        assert drift(engine) == []


def test_jobs_of_programs_come_and_go_with_their_tables(engine: Engine) -> None:
    downgrade(engine, "0007")
    with engine.begin() as connection:
        connection.execute(text(_PROJECT), {"now": _NOW})
        connection.execute(
            text(
                "INSERT INTO jobs (project_id, kind, spec, started_by, spent_usd, created_at)"
                " VALUES ((SELECT max(id) FROM projects), 'preannotate', '{}', 'ann', 0, :now)"
            ),
            {"now": _NOW},
        )
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO jobs (kind, spec, started_by, idempotency_key, spent_usd, created_at)"
                " VALUES ('judge_remote', '{}', 'ann', 'k', 0, :now)"
            ),
            {"now": _NOW},
        )
        connection.execute(
            text(
                "INSERT INTO calls (id, job_id, queue, kind, spec, status, generation, starts, created_at)"
                " VALUES ('c', (SELECT max(id) FROM jobs), 'models', 'judge_remote', '{}', 'done', 0, 1, :now)"
            ),
            {"now": _NOW},
        )
        connection.execute(
            text(
                "INSERT INTO remote_submissions (job_id, position, name, document, call_id)"
                " VALUES ((SELECT max(id) FROM jobs), 0, '\"a\"', '{}', 'c')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO remote_verdicts (call_id, document, prompt_version, parameters, seconds, created_at)"
                " VALUES ('c', '{}', 'v', '{}', 0, :now)"
            ),
            {"now": _NOW},
        )
    downgrade(engine, "0007")
    upgrade(engine)
    with engine.connect() as connection:
        assert list(connection.execute(text("SELECT kind, project_id IS NULL FROM jobs"))) == [
            ("preannotate", False)
        ]
        assert connection.execute(text("SELECT count(*) FROM calls")).scalar_one() == 0


def test_ratings_of_a_person_and_of_a_judge_of_one_name_are_both_first_ones(engine: Engine) -> None:
    downgrade(engine, "0013")
    # As an import numbered them when it looked at names alone, in the order of the file: item 2 was rated by the judge
    # first, and twice by it.
    given = [
        ("1", "human", 0), ("1", "judge", 1), ("1", "judge", 2),
        ("2", "judge", 0), ("2", "human", 1), ("2", "judge", 2), ("2", "human", 3),
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text(_PROJECT), {"now": _NOW})
        for number, (item, kind, repeat) in enumerate(given, 1):
            connection.execute(
                text(
                    "INSERT INTO ratings (id, project_id, item, rater, rater_kind, question, value, repeat, meta)"
                    " VALUES (:id, (SELECT max(id) FROM projects), :item, 'ann', :kind, 'q', 'x', :repeat, '{}')"
                ),
                {"id": number, "item": item, "kind": kind, "repeat": repeat},
            )
    upgrade(engine)
    assert drift(engine) == []
    repeats = text("SELECT repeat FROM ratings ORDER BY id")
    with engine.connect() as connection:
        assert list(connection.execute(repeats).scalars()) == [0, 0, 1, 0, 0, 1, 1]
    downgrade(engine, "0013")
    with engine.connect() as connection:
        assert list(connection.execute(repeats).scalars()) == [repeat for *_, repeat in given]
    upgrade(engine)


def test_a_missing_sqlite_file_is_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new' / 'milo.db'}")
    require_current(engine)
    assert revision(engine) == "0018"
    engine.dispose()


def test_an_empty_postgresql_is_refused_naming_the_command(postgresql_server: str) -> None:
    engine = open_engine(f"{postgresql_server}/postgres")
    with pytest.raises(SchemaOutdated, match="milo db upgrade"):
        require_current(engine)
    engine.dispose()


def test_rebuilding_a_parent_table_with_foreign_keys_on_would_empty_its_children(tmp_path: Path) -> None:
    # Why `db.migrate` switches them off: SQLite rebuilds a table by copy, drop, rename.
    engine = open_engine(f"sqlite:///{tmp_path / 'trap.db'}")
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (parent_id INTEGER REFERENCES parent(id) ON DELETE CASCADE)",
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO child VALUES (1)",
            "DROP TABLE parent",
        ):
            connection.exec_driver_sql(statement)
        assert connection.execute(text("SELECT count(*) FROM child")).scalar_one() == 0
    engine.dispose()


def test_a_transaction_on_sqlite_holds_the_write_lock_from_its_start(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with transaction(engine), engine.connect() as other:
        other.exec_driver_sql("PRAGMA busy_timeout=0")
        with pytest.raises(Exception, match="locked"):
            other.exec_driver_sql("BEGIN IMMEDIATE")
    engine.dispose()
