"""A share with its interval over people."""

from dataclasses import dataclass

import pandas as pd

from app.analytics.intervals import clustered_wilson

__all__ = ["PeopleShare", "share_of"]


@dataclass(frozen=True, slots=True)
class PeopleShare:
    """`count` of `n`, with a 95 % interval that allows for people who differ; None without any."""

    count: int
    n: int
    n_raters: int
    value: float | None
    low: float | None
    high: float | None


def share_of(rater: pd.Series, hit: pd.Series) -> PeopleShare:
    """How often `hit` (bool) is so, for rows that share an index with `rater`."""
    people = hit.groupby(rater).agg(["sum", "size"]).to_numpy(dtype=float).reshape(-1, 2)
    count, n = int(hit.sum()), len(hit)
    low, high = clustered_wilson(people[:, 0], people[:, 1]) or (None, None)
    return PeopleShare(count, n, len(people), count / n if n else None, low, high)
