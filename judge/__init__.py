"""The judge: one rubric and one answer in, one verdict out. A library, a command and an HTTP service."""

from judge.contradiction import Contradiction, ContradictionJudge, TwoAnswers
from judge.errors import BadSubmission, JudgeError
from judge.pairwise import Pair, PairJudge, Preference
from judge.panel import Panel
from judge.scorer import Judge, score_many
from judge.types import Evidence, Scored, Submission, Unscored, Verdict

__all__ = [
    "BadSubmission",
    "Contradiction",
    "ContradictionJudge",
    "Evidence",
    "Judge",
    "JudgeError",
    "Pair",
    "PairJudge",
    "Panel",
    "Preference",
    "Scored",
    "Submission",
    "TwoAnswers",
    "Unscored",
    "Verdict",
    "score_many",
]
