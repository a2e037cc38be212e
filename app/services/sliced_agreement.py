"""Quality and acceptance by part of the data: for each value of a metadata column, or each cohort of people."""

from app.services import policy
from app.services.agreement_report import agreement
from app.services.context import Actor, Context
from app.services.criterion_ratings import criterion_ratings
from app.services.parts_agreement import part_version, parts_agreement
from app.services.rating_circumstances import SliceKey, slice_keys
from app.services.slice_groups import COHORT, cohort_keys, groups_by
from app.services.sliced_answers import answer_tables, has_answers
from app.services.sliced_criteria import criterion_tables
from app.services.sliced_questions import question_tables
from app.services.slices import Sliced, Subject, cut
from db import judge_frames, question_frames
from db.engine import Session, reading
from db.store import board, cohorts

__all__ = ["ANSWERS", "COHORT", "keys_of", "sliced_agreement", "subjects_of"]

ANSWERS = Subject("answers", "", "Answers as judged and reviewed", "human")


def keys_of(ctx: Context, actor: Actor, project_id: int) -> list[SliceKey]:
    """Metadata columns, and cohorts where there are any, with the reason where one makes no groups."""
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        version = part_version(session, project_id), question_frames.metadata_state(session, project_id)
        keys = ctx.figures.of(("slice_keys", project_id), version, lambda: slice_keys(session, project))
        return [*keys, *cohort_keys(session, project)]


def subjects_of(ctx: Context, actor: Actor, project_id: int) -> list[Subject]:
    """Questions by kind of raters, criteria of rubrics, and answers where any was judged or reviewed."""
    parts = parts_agreement(ctx, actor, project_id)
    single = agreement(ctx, actor, project_id).questions
    found = [Subject("question", one.question, one.title, one.rater_kind) for one in single]
    found += [Subject("question", sets.question, sets.title, sets.rater_kind) for sets in parts.label_sets]
    found += [Subject("question", spans.question, spans.title, spans.rater_kind) for spans in parts.spans]
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")
        criteria = criterion_ratings(ctx, session, project).questions
        found += [Subject("criterion", name, one.title, "human") for name, one in criteria.items()]
        if has_answers(session, project):
            found.append(ANSWERS)
    return list(dict.fromkeys(found))  # a question may have answers given here and imported ones


def sliced_agreement(ctx: Context, actor: Actor, project_id: int, *, subject: Subject, by: str) -> Sliced:
    """The figures of the subject for each value of the metadata column `by`, or each cohort where it is COHORT.

    Raises Invalid where nothing of the subject has the column, where it has too many values to be groups, and where
    nothing is known of the subject.
    """
    with reading(ctx.engine) as session:
        project = policy.require(session, actor, project_id, "see_quality")

        def figures() -> Sliced:
            make = {"question": question_tables, "criterion": criterion_tables, "answers": answer_tables}[
                subject.what
            ]
            groups = groups_by(ctx, session, project, by)
            return cut(subject, by, make(ctx, session, project, subject, groups))

        return ctx.figures.of(("slices", project_id, subject, by), _version(session, project_id, by), figures)


def _version(session: Session, project_id: int, by: str) -> tuple[object, ...]:
    """Equal as long as nothing changed of which a figure by slice is made: answers, ratings and what is known of them,
    reviews, verdicts and scores, metadata of items, and cohorts where it is by them.
    """
    return (
        part_version(session, project_id),
        question_frames.known_state(session, project_id),
        question_frames.metadata_state(session, project_id),
        board.marks_of(session, project_id),
        judge_frames.score_stamp(session, project_id),
        tuple(cohorts.cohorts_of_project(session, project_id).items()) if by == COHORT else (),
    )
