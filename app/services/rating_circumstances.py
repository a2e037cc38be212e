"""The ratings of one question with when and under what they were given, for figures of a part of them."""

import pandas as pd

from app.services.all_ratings import COMPARABLE, off_scale
from app.services.context import Context
from app.services.projects import schema_of
from db import question_frames, rating_frames
from db.engine import Session
from db.records import ProjectRecord
from db.store import projects

__all__ = ["rated"]


def rated(ctx: Context, session: Session, project: ProjectRecord, question: str) -> pd.DataFrame:
    """Ratings on the scale: first answers given here, then imported ones in their order.

    One row per rating: item, rater, rater_kind, value, at (UTC moment or NaT), shown_first (what stood first of the
    options of an answer given here; None for imported ones), meta (JSON text of an imported rating's further columns;
    None for answers given here). A rater's second rating of an item comes after the first.
    """
    state = rating_frames.ratings_state(session, project.id)
    schemas = [(record.id, schema_of(record)) for record in projects.list_schemas(session, project.id)]
    imported = rating_frames.imported_values(session, project.id, state)
    mine = (imported["question"] == question).to_numpy()
    parts = []
    asked = [(number, one) for number, schema in schemas for one in schema.questions if one.id == question]
    if asked and asked[0][1].type in COMPARABLE:
        given = question_frames.answers_in_full(
            session, project.id, question, [number for number, _ in asked]
        )
        given = given[given["value"].notna()]
        parts.append(
            pd.DataFrame(
                {
                    "item": given["item"],
                    "rater": given["rater"],
                    "rater_kind": "human",
                    "value": given["value"],
                    "at": given["at"],
                    "shown_first": [order[0] if order else "left" for order in given["shown_order"]],
                    "meta": None,
                }
            )
        )
    if mine.any():
        more = rating_frames.imported_circumstances(session, project.id, state)
        rows = imported[["item", "rater", "rater_kind", "value"]].astype(object)
        rows = rows.assign(
            at=more["at"].to_numpy(), meta=more["meta"].astype(object).to_numpy(), shown_first=None
        )
        rows["at"] = pd.to_datetime(rows["at"], utc=True)
        kept = mine & ~off_scale(imported, [one for _, one in asked]).to_numpy()
        parts.append(rows[kept])
    columns = ["item", "rater", "rater_kind", "value", "at", "shown_first", "meta"]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    return pd.concat([part[columns] for part in parts], ignore_index=True)
