"""Handling time by part of the data: for each value of a metadata column, or each cohort of people."""

from app.analytics.times import SMALLEST_GROUP, GroupTime, group_times
from app.errors import Invalid
from app.services import policy
from app.services.context import Actor, Context
from app.services.rating_circumstances import MOST_VALUES
from app.services.slice_groups import groups_by
from db import frames, slice_frames
from db.engine import reading

__all__ = ["times_by"]


def times_by(ctx: Context, actor: Actor, project_id: int, by: str) -> list[GroupTime]:
    """First answers, or people's imported ratings with their time, as the Handling time report has them; the largest first.

    Groups of fewer than five answers are counted and not timed, except for those who may read all answers. Raises Invalid
    for a column that no item and no rating has, and for one with too many values.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_time")
        smallest = 1 if policy.may(session, actor, project_id, "read_all") else SMALLEST_GROUP
        groups = groups_by(ctx, session, project, by)
        if project.kind == "work":
            frame, item = frames.time_rows(session, project_id), "item_id"
        else:
            frame, item = slice_frames.imported_times(session, project_id), "item"
        if frame.empty:
            raise Invalid("no answer has a time yet")
        frame = frame.assign(slice=groups.of(frame, item=item))
    values = frame["slice"].nunique()
    if values > MOST_VALUES:
        raise Invalid(f"{by!r} has {values:,} values; up to {MOST_VALUES} make groups that can be read")
    found = group_times(frame, "slice", smallest=smallest)
    return sorted(found, key=lambda one: (-one.n, one.group))
