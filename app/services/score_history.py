"""How the judge's scores move: by criterion and week."""

import pandas as pd

from app.services import policy
from app.services.context import Actor, Context
from db import judge_frames
from db.engine import reading

__all__ = ["score_history"]


def score_history(ctx: Context, actor: Actor, project_id: int, *, rater: str | None = None) -> pd.DataFrame:
    """Week (its Monday), criterion, mean, n of the newest verdict of each answer; of one person where `rater` is given."""
    with reading(ctx.engine) as session:
        policy.require(session, actor, project_id, "see_quality")
        frame = judge_frames.level_history(session, project_id)
    if rater is not None:
        frame = frame[frame["rater"] == rater]
    if frame.empty:
        return pd.DataFrame(columns=["week", "criterion", "mean", "n"])
    at = pd.to_datetime(frame["day"])
    week = at - pd.to_timedelta(at.dt.day_of_week, unit="D")
    found = (
        frame.assign(week=week).groupby(["week", "criterion"])["score"].agg(["mean", "count"]).reset_index()
    )
    return found.rename(columns={"count": "n"})
