"""Answers on which people corrected the judge, as examples that a new version of the rubric may show.

An example is never shown for the very answer that it came from (`judge.prompting`), and what a version with new
examples is worth is seen by judging again and comparing on the other answers (`app.services.rejudging`).
"""

from dataclasses import dataclass
from typing import Literal

from app.services import policy
from app.services.context import Actor, Context
from app.services.judge_scores import scored_criteria
from db.engine import reading
from db.store import annotations, disputes, human_scores

__all__ = ["Correction", "corrections"]

_LONGEST = 1_200
"""Characters of an answer that still serves as an example in every prompt. By judgement."""


@dataclass(frozen=True, slots=True)
class Correction:
    criterion: str
    level: int
    """What people say it deserves."""
    judged: float | None
    text: str
    source: Literal["dispute", "people"]
    """An upheld dispute, or blind scores where a QA lead noted that the judge is wrong."""


def corrections(ctx: Context, actor: Actor, project_id: int) -> list[Correction]:
    """Upheld disputes first, then mismatches whose cause is that the judge is wrong; without overlong answers."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "read_all")
        found = []
        for row in disputes.disputes_of_project(session, project_id):
            dispute = row["dispute"]
            if dispute.state == "upheld" and dispute.level is not None:
                found.append(
                    Correction(
                        dispute.criterion, dispute.level, row["judge_level"], str(row["text"]), "dispute"
                    )
                )
        causes = human_scores.mismatch_causes(session, project_id)
        for one in scored_criteria(session, project):
            if one.rubric_version_id is None or not one.newest:
                continue
            for _, group in one.rows.dropna(subset=["human", "score"]).groupby("answer", sort=False):
                answer_id = int(group["answer_id"].iloc[0])
                if causes.get((answer_id, one.rubric_version_id, one.criterion)) != "judge_wrong":
                    continue
                answer = annotations.answer_by_id(session, answer_id)
                if answer is not None:
                    level = round(float(group["human"].mean()))
                    judged = float(group["score"].iloc[0])
                    found.append(Correction(one.criterion, level, judged, str(answer.value[0]), "people"))
        return [one for one in found if len(one.text) <= _LONGEST]
