"""Errors of rubrics.

RubricError    a rubric cannot be used; carries every problem with file and line where known
"""

from collections.abc import Sequence

__all__ = ["RubricError"]


class RubricError(Exception):
    """A rubric that cannot be used. `problems` holds one sentence each."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))
