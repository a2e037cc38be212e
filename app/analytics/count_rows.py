"""Items as rows of counts, of which nearly all are 0 where there are many values: kept sparse, and equal ones once.

A coefficient of agreement depends on an item only through its row. Where few different rows occur, they and how often
each does are all that is needed; where nearly every row differs from all others, only what is not 0 is looked at.
"""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from app.analytics.coding import Codes, Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["MOST_DRAWN", "Rows", "different_rows", "products_within", "table_of", "widened"]

Rows: TypeAlias = "Floats | csr_array"
"""One row an item, or a different item, one column a value."""

MOST_DRAWN = 5_000
"""Different items up to which they are drawn again; by judgement. Of more, derivatives say the same at once."""
_MOST_CELLS = 5_000_000
"""Rows x values up to which they come dense: 40 MB."""
_AT_ONCE = 2_000_000
"""Rows x values that are held dense at once: 16 MB."""


def table_of(item: Codes, value: Codes, items: int, values: int) -> "csr_array":
    """Items x values: how often each item got each value."""
    from scipy.sparse import csr_array  # slow to import, and most pages do not need it

    cells, n = np.unique(item * max(values, 1) + value, return_counts=True)
    rows, columns = np.divmod(cells, max(values, 1))
    begun = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=items))])
    return csr_array((n.astype(float), columns, begun), shape=(items, values))


def widened(table: "csr_array", columns: Codes, values: int) -> "csr_array":
    """The table with `values` columns, of which these (ascending) are the ones it has; nobody gave the others."""
    from scipy.sparse import csr_array

    return csr_array((table.data, columns[table.indices], table.indptr), shape=(table.shape[0], values))


def different_rows(table: Rows) -> tuple[Rows, Floats]:
    """(different rows of counts, how often each occurs): dense and in ascending order where they are few, so that
    they can be drawn again; else sparse, in no order, some of them perhaps more than once.
    """
    from scipy.sparse import csr_array

    table = csr_array(table)
    codes, first = _codes_of(table)
    often = np.bincount(codes, minlength=len(first)).astype(float)
    rows = table[first]
    if len(first) < len(codes) and (rows[codes] != table).nnz:  # two different rows under one number
        rows, often = table, np.ones(table.shape[0])
    if len(often) > MOST_DRAWN or len(often) * table.shape[1] > _MOST_CELLS:
        return rows, often
    dense = np.asarray(rows.toarray(), float)
    order = np.lexsort(dense.T[::-1]) if table.shape[1] else np.arange(len(dense))
    return dense[order], often[order]


def _codes_of(table: "csr_array") -> tuple[Codes, Codes]:
    """(which of the different rows each one is, where each of them is first): rows are told apart by a number each."""
    factors = np.random.default_rng(7).integers(1, 2**62, table.shape[1], dtype=np.uint64) | np.uint64(1)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(table.data.astype(np.uint64) * factors[table.indices])])
    codes, different = pd.factorize(sums[table.indptr[1:]] - sums[table.indptr[:-1]])
    first = np.full(len(different), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    return codes, first


def products_within(rows: Rows, matrix: Floats) -> Floats:
    """Of each row the sum over pairs of values of their counts' product times the entry of `matrix` (values x values)."""
    step = max(1, _AT_ONCE // max(rows.shape[1], 1))
    parts = [
        ((part @ matrix) * part).sum(axis=1)
        for part in (rows[start : start + step] for start in range(0, rows.shape[0], step))
    ]
    return np.asarray(np.concatenate([np.zeros(0), *parts]), float)
