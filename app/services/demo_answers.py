"""One answer of a simulated person, stored with hold, visit and verification as a real one is."""

import secrets
from datetime import timedelta

from app.samples.history import SimulatedAnnotation
from app.services.study_arms import Drawn
from db.engine import Session
from db.records import ProjectRecord, UserRecord
from db.store import annotations, items, leases, projects, visits

__all__ = ["store_simulated"]


def store_simulated(
    session: Session,
    project: ProjectRecord,
    schema_version_id: int,
    user: UserRecord,
    item_id: int,
    row: SimulatedAnnotation,
    question: str,
    *,
    drawn: Drawn | None = None,
) -> list[tuple[int, int]]:
    """Store one simulated answer as a real one would be; returns (answer id, item id) of its texts.

    `drawn`: how a study came to the row's arm.
    """
    item = items.item_by_id(session, item_id)
    guidelines = projects.latest_guidelines(session, project.id)
    assert item is not None, "just imported"
    assert guidelines is not None, "a sample project has guidelines"
    suggestion = items.latest_suggestions(session, item_id).get(question)
    shown = {question: suggestion.id} if suggestion and row.arm == "suggestion" else {}
    wall = row.reading_seconds + row.working_seconds + row.idle_seconds
    opened = row.submitted_at - timedelta(seconds=wall)
    lease = leases.grant_lease(
        session,
        item=item,
        user_id=user.id,
        arm=row.arm,
        shown=shown,
        shown_at=opened if shown else None,
        orders={},
        visit_key=secrets.token_urlsafe(16),
        form_token=secrets.token_urlsafe(16),
        now=opened,
        expires_at=row.submitted_at,
        study_id=drawn.study_id if drawn else None,
        study_position=drawn.position if drawn else None,
        help=drawn.help if drawn else None,
    )
    leases.close_lease(session, lease, state="done")
    annotation, answers = annotations.add_annotation(
        session,
        project_id=project.id,
        item_id=item_id,
        user_id=user.id,
        revision=1,
        state="submitted",
        skip_reason="",
        arm=row.arm,
        late=False,
        schema_version_id=schema_version_id,
        guideline_version_id=guidelines.id,
        form_token=lease.form_token,
        position=row.position,
        study_id=lease.study_id,
        study_position=lease.study_position,
        simulated=True,
        submitted_at=row.submitted_at,
        answers={
            name: {
                "value": value,
                "suggestion_id": shown.get(name),
                "shown_at": opened if name in shown else None,
            }
            for name, value in row.answers.items()
        },
    )
    if suggestion and shown:
        outcome = "confirms" if row.answers[question] == suggestion.value[0] else "corrects"
        annotations.add_verifications(
            session,
            [{"annotation_id": annotation.id, "suggestion_id": suggestion.id, "user_id": user.id,
              "outcome": outcome, "created_at": row.submitted_at}],
        )  # fmt: skip
    visit_id = visits.add_simulated(
        session,
        project_id=project.id,
        item_id=item_id,
        user_id=user.id,
        opened_at=opened,
        closed_at=row.submitted_at,
        idle_rule_seconds=project.idle_seconds,
        reading=row.reading_seconds,
        working=row.working_seconds,
        idle=row.idle_seconds,
    )
    if suggestion and shown and row.answers[question] == suggestion.value[0]:
        # Taken when most of the reading was done.
        taken = opened + timedelta(seconds=0.8 * row.reading_seconds)
        visits.add_events(
            session,
            visit_id,
            [
                {"tab": "simulated", "seq": 1, "kind": "suggestion_shown", "at": opened, "data": {}},
                {"tab": "simulated", "seq": 2, "kind": "suggestion_accepted", "at": taken, "data": {"question": question}},
            ],
        )  # fmt: skip
    return [(answer.id, item_id) for answer in answers if answer.question == "answer"]
