"""How far a project is."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import utc_now
from app.errors import NotAllowed
from app.services import answering
from app.services.progress import project_progress
from tests.app.services.world import OPERATOR, World


def test_counts_and_the_day_when_it_will_be_done(world: World, tmp_path: Path) -> None:
    project = world.project(overlap=2)
    world.fill(project, [{"id": f"i{n}", "text": f"t{n}"} for n in range(6)], tmp_path)
    empty = project_progress(world.ctx, OPERATOR, project.id)
    assert (empty.overlap, empty.expected, empty.counts.wanted) == (None, None, 12)
    ann, bob = world.member(project, "ann"), world.member(project, "bob")
    for _ in range(3):
        world.submit(ann, world.next(ann, project), verdict="good")
    world.submit(bob, world.next(bob, project), verdict="bad")
    task = world.next(bob, project)
    answering.skip(
        world.ctx, bob, item_id=task.item.id, form_token=task.lease.form_token, reason="not in my language"
    )
    found = project_progress(world.ctx, OPERATOR, project.id)
    assert (found.counts.answers, found.counts.answered_items, found.counts.skipped) == (4, 3, 1)
    assert found.overlap == pytest.approx(4 / 3) and found.counts.wanted == 8
    assert found.per_day == pytest.approx(4 / 7)
    # Eight answers at four a week: two weeks.
    assert found.expected is not None
    assert abs(found.expected - utc_now() - timedelta(days=14)) < timedelta(minutes=1)
    with pytest.raises(NotAllowed):
        project_progress(world.ctx, ann, project.id)
