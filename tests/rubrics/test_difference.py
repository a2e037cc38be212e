from rubrics import catalog
from rubrics.difference import Change, compare_rubrics
from tests.rubrics.making import criterion, rubric


def test_criteria_that_came_went_and_changed_are_told_apart() -> None:
    before = rubric(criterion("a"), criterion("b"), criterion("c", weight=2))
    after = rubric(
        criterion("a", question="How is it now?", labels=("low", "middle", "high", "top")),
        criterion("c", weight=3),
        criterion("d"),
        version=2,
    )
    found = compare_rubrics(before, after)
    assert found.rubric == ("version: 1 → 2",)
    assert found.criteria == (
        Change(
            "changed",
            "a",
            (
                "question: How is a? → How is it now?",
                "level 2, label: mid → middle",
                "level 2, description: It is mid by 2 steps. → It is middle by 2 steps.",
                "level 4 is new",
            ),
        ),
        Change("changed", "c", ("weight: 2 → 3",)),
        Change("added", "d", ()),
        Change("removed", "b", ()),
    )
    assert "-    question: How is a?" in found.lines and "+    question: How is it now?" in found.lines


def test_a_level_that_is_gone_and_another_order_are_said() -> None:
    before = rubric(criterion("a"), criterion("b"))
    after = rubric(criterion("b"), criterion("a", labels=("low", "mid")))
    found = compare_rubrics(before, after)
    assert found.rubric == ("the criteria stand in another order",)
    assert found.criteria == (Change("changed", "a", ("level 3 is gone",)),)


def test_the_same_rubric_differs_in_nothing() -> None:
    for known in catalog().values():
        found = compare_rubrics(known, known)
        assert (found.lines, found.rubric, found.criteria) == ((), (), ())
