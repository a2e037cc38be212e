"""The judge: one rubric and one answer in, one verdict out. A library, a command and an HTTP service."""

from judge.errors import JudgeError
from judge.scorer import Judge, score_many
from judge.types import Evidence, Scored, Submission, Unscored, Verdict

__all__ = ["Evidence", "Judge", "JudgeError", "Scored", "Submission", "Unscored", "Verdict", "score_many"]
