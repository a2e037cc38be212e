import asyncio
import json
from typing import Any

import pytest

from judge import Judge, JudgeError, Scored, Submission, Unscored, score_many
from judge.llm import Failed, Parameters, ScriptedGateway, Usage
from rubrics import rubric_hash
from tests.judge.making import answer, criterion, rubric, said


def score(judge: Judge, text: str = "Boots can be returned.") -> Any:
    return asyncio.run(judge.score(answer(text)))


def test_the_total_is_the_weighted_mean_of_scaled_levels() -> None:
    # a: level 3 of 1..3 is 1.0, weight 1; b: level 2 is 0.5, weight 3. (1 + 1.5) / 4 = 0.625
    judge = Judge(
        rubric(criterion("a"), criterion("b", weight=3)), ScriptedGateway([{"a": said(3), "b": said(2)}])
    )
    verdict = score(judge)
    assert (verdict.total, verdict.passed) == (pytest.approx(0.625), True)


def test_below_the_pass_mark_is_not_passed() -> None:
    verdict = score(Judge(rubric(criterion("a")), ScriptedGateway([{"a": said(2)}])))
    assert (verdict.total, verdict.passed) == (0.5, False)


def test_a_rubric_without_a_pass_mark_passes_nobody() -> None:
    verdict = score(Judge(rubric(criterion("a"), pass_mark=None), ScriptedGateway([{"a": said(3)}])))
    assert (verdict.total, verdict.passed) == (1.0, None)


def test_an_unscored_required_criterion_leaves_the_total_open() -> None:
    checked = criterion("short", check={"kind": "length", "min_words": 1})
    verdict = score(Judge(rubric(checked, criterion("tone")), None))
    assert (verdict.total, verdict.passed, verdict.reason) == (None, None, "needs_language_model")
    assert verdict.model == "built-in checks"


def test_an_unscored_optional_criterion_is_left_out_and_not_counted_as_zero() -> None:
    checked = criterion("short", check={"kind": "length", "min_words": 1})
    assert score(Judge(rubric(checked, criterion("tone", required=False)), None)).total == 1.0


def test_a_level_off_the_scale_leaves_its_criterion_unscored() -> None:
    verdict = score(
        Judge(rubric(criterion("a"), criterion("b")), ScriptedGateway([{"a": said(7), "b": said(3)}]))
    )
    first, second = verdict.criteria
    assert isinstance(first, Unscored) and first.reason == "off_scale"
    assert isinstance(second, Scored) and second.level == 3


@pytest.mark.parametrize("kind", ["refused", "filtered", "truncated", "invalid", "unavailable"])
def test_a_failed_call_is_no_zero(kind: Any) -> None:
    gateway = ScriptedGateway([Failed(kind, "why", "m", None, ())])
    verdict = score(Judge(rubric(criterion("a")), gateway))
    assert (verdict.total, verdict.reason, verdict.criteria[0].reason) == (None, kind, kind)


def test_an_empty_answer_is_not_sent_to_a_model() -> None:
    gateway = ScriptedGateway([])
    assert score(Judge(rubric(criterion("a")), gateway), "  ").reason == "empty_response"
    assert gateway.requests == []


def test_a_bad_quote_is_marked_and_never_drops_the_level() -> None:
    verdict = score(Judge(rubric(criterion("a")), ScriptedGateway([{"a": said(3, "not there", "Boots")}])))
    assert [evidence.verified for evidence in verdict.criteria[0].evidence] == [False, True]
    assert verdict.total == 1.0


def test_one_call_asks_for_all_criteria_and_more_than_ten_are_split() -> None:
    many = [criterion(f"c{n}") for n in range(12)]
    gateway = ScriptedGateway(lambda request: {name: said(3) for name in request.reply.model_fields})  # type: ignore[union-attr]
    score(Judge(rubric(*many), gateway))
    assert len(gateway.requests) == 2


def test_many_verdicts_come_in_the_order_of_the_submissions() -> None:
    judge = Judge(rubric(criterion("short", check={"kind": "length", "min_words": 1})), None)

    async def ids() -> list[str]:
        rows = [Submission(str(n), "q", "a b") for n in range(30)]
        return [verdict.id async for verdict in score_many(judge, rows, in_flight=7)]

    assert asyncio.run(ids()) == [str(n) for n in range(30)]


def test_a_slow_reply_holds_nobody_up_and_no_more_are_under_way_than_wanted() -> None:
    answered: list[str] = []
    under_way: list[int] = []

    class Held(ScriptedGateway):
        async def structured(self, *args: Any, **options: Any) -> Any:
            first = not under_way
            under_way.append((under_way[-1] if under_way else 0) + 1)
            await (others.wait() if first else asyncio.sleep(0))
            under_way.append(under_way[-1] - 1)
            answered.append("")
            if len(answered) == 9:
                others.set()
            return await super().structured(*args, **options)

    async def ids() -> list[str]:
        judge = Judge(rubric(criterion("a")), Held(lambda _: {"a": said(3)}))
        rows = [Submission(str(n), "q", "a b") for n in range(10)]
        return [verdict.id async for verdict in score_many(judge, rows, in_flight=2)]

    others = asyncio.Event()
    assert asyncio.run(asyncio.wait_for(ids(), 10)) == [str(n) for n in range(10)]
    assert max(under_way) == 2


def test_a_submission_without_text_is_refused_by_field() -> None:
    with pytest.raises(JudgeError, match="response"):
        Submission.from_json({"id": 1, "prompt": "q"})


def test_scales_of_other_lengths_and_offsets_weigh_the_same() -> None:
    # a: 0 of 0..1 is 0; b: 4 of 1..5 is 3/4; (0 + 0.75) / 2 = 0.375
    two = [{"value": n, "label": str(n), "description": str(n)} for n in (0, 1)]
    five = [{"value": n, "label": str(n), "description": str(n)} for n in (1, 2, 3, 4, 5)]
    judged = rubric(criterion("a", levels=two, scale="binary"), criterion("b", levels=five))
    assert score(Judge(judged, ScriptedGateway([{"a": said(0), "b": said(4)}]))).total == pytest.approx(0.375)


def test_a_total_on_the_pass_mark_passes() -> None:
    judged = rubric(criterion("a"), pass_mark=0.5)
    verdict = score(Judge(judged, ScriptedGateway([{"a": said(2)}])))
    assert (verdict.total, verdict.passed) == (0.5, True)


def test_the_worst_level_is_a_zero_and_has_no_reason() -> None:
    verdict = score(Judge(rubric(criterion("a")), ScriptedGateway([{"a": said(1)}])))
    assert (verdict.total, verdict.passed, verdict.reason) == (0.0, False, None)


def test_one_failed_call_of_two_leaves_the_criteria_of_the_other_scored() -> None:
    judged = rubric(*[criterion(f"c{n}") for n in range(11)])  # ten in one request, one in the next
    gateway = ScriptedGateway(
        [{f"c{n}": said(3) for n in range(10)}, Failed("unavailable", "down", "m", Usage(7, 1), ())]
    )
    verdict = score(Judge(judged, gateway))
    assert [isinstance(result, Scored) for result in verdict.criteria] == [True] * 10 + [False]
    assert (verdict.total, verdict.reason) == (None, "unavailable")
    assert verdict.usage == Usage(17, 6)  # 10 + 7 and 5 + 1: what failed was paid for too


def test_nothing_scored_at_all_has_a_reason_of_its_own() -> None:
    verdict = score(Judge(rubric(criterion("a", required=False)), None))
    assert (verdict.total, verdict.reason) == (None, "needs_language_model")


def test_criteria_keep_the_rubrics_order_whoever_scored_them() -> None:
    checked = criterion("short", check={"kind": "length", "min_words": 1})
    judged = rubric(criterion("z"), checked, criterion("a"))
    verdict = score(Judge(judged, ScriptedGateway([{"z": said(1), "a": said(3)}])))
    assert [(result.id, result.level) for result in verdict.criteria] == [("z", 1), ("short", 3), ("a", 3)]


@pytest.mark.parametrize("name", ["copy", "json", "schema", "model_dump", "model_config", "two-words"])
def test_a_criterion_may_be_called_like_something_of_the_reply_model(name: str) -> None:
    gateway = ScriptedGateway(lambda request: {field: said(3) for field in fields(request)})
    verdict = score(Judge(rubric(criterion(name)), gateway))
    assert (verdict.criteria[0].id, verdict.criteria[0].level) == (name, 3)


def fields(request: Any) -> list[str]:
    return list(request.reply.model_fields)


def test_the_verdict_names_what_it_rests_on() -> None:
    judged = rubric(criterion("a"))
    judge = Judge(judged, ScriptedGateway([{"a": said(3)}], model="m-1"), parameters=Parameters(seed=4))
    verdict = score(judge)
    assert (verdict.model, verdict.rubric_hash) == ("m-1", rubric_hash(judged))
    assert verdict.parameters["seed"] == 4
    assert json.loads(verdict.raw or "")["a"]["level"] == 3


def test_the_same_submission_is_asked_in_the_same_order_each_time() -> None:
    gateway = ScriptedGateway(lambda request: {field: said(3) for field in fields(request)})
    judge = Judge(rubric(*[criterion(f"c{n}") for n in range(6)]), gateway)
    score(judge), score(judge)
    first, second = (request.messages[0].text for request in gateway.requests)
    assert first == second


def test_unscored_in_json_has_status_reason_and_no_level() -> None:
    row = score(Judge(rubric(criterion("a")), None)).to_json()
    assert (row["status"], row["reason"], row["total"]) == ("unscored", "needs_language_model", None)
    assert (row["criteria"][0]["level"], row["criteria"][0]["reason"]) == (None, "needs_language_model")
    assert json.loads(json.dumps(row)) == row


def test_a_reader_who_stops_early_leaves_nothing_running() -> None:
    started: list[str] = []

    class Slow(ScriptedGateway):
        async def structured(self, *args: Any, **options: Any) -> Any:
            started.append("")
            if len(started) > 1:
                await asyncio.Event().wait()  # never comes back
            return await super().structured(*args, **options)

    async def first() -> str:
        judge = Judge(rubric(criterion("a")), Slow(lambda _: {"a": said(3)}))
        verdicts = score_many(judge, [Submission(str(n), "q", "a b") for n in range(5)], in_flight=3)
        verdict = await anext(verdicts)
        await verdicts.aclose()  # type: ignore[attr-defined]
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=5)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return verdict.id

    assert asyncio.run(first()) == "0"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"prompt": "q", "response": "a"}, "id"),
        ({"id": 1.5, "prompt": "q", "response": "a"}, "id"),
        ({"id": 1, "response": "a"}, "prompt"),
        ({"id": 1, "prompt": "q", "response": ["a"]}, "response"),
        ({"id": 1, "prompt": "q", "response": "a", "context": 3}, "context"),
        ({"id": 1, "prompt": "q", "response": "a" * 400_001}, "response: 400,001 characters"),
        ({"id": 1, "prompt": "q", "response": "a", "images": ["x"]}, "images"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_field(row: dict[str, Any], field: str) -> None:
    with pytest.raises(JudgeError, match=f"^{field}"):
        Submission.from_json(row)


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps({"a": said(3)}),
        json.dumps({"a": said(3), "b": {"level": "three"}}),
        "Here you are:\n```json\n" + json.dumps({"a": said(3), "b": "fine"}) + "\n```",
    ],
    ids=["left out", "of another type", "in prose"],
)
def test_what_fits_of_a_broken_reply_is_kept_and_the_rest_is_unscored(raw: str) -> None:
    gateway = ScriptedGateway([Failed("invalid", "no reply of the wanted shape", "m", None, (), raw=raw)])
    verdict = score(Judge(rubric(criterion("a"), criterion("b")), gateway))
    assert [getattr(result, "level", None) for result in verdict.criteria] == [3, None]
    assert (verdict.total, verdict.reason) == (None, "invalid")


@pytest.mark.parametrize("raw", ["{", "[1, 2]", "prose", '{"a": 1'])
def test_a_reply_that_is_no_object_leaves_everything_unscored(raw: str) -> None:
    gateway = ScriptedGateway([Failed("invalid", "no reply of the wanted shape", "m", None, (), raw=raw)])
    verdict = score(Judge(rubric(criterion("a")), gateway))
    assert isinstance(verdict.criteria[0], Unscored) and verdict.criteria[0].reason == "invalid"


def test_requests_are_those_that_a_verdict_takes_but_for_their_mark() -> None:
    # Twelve criteria for a model make two requests of at most ten; the one by rule is in neither.
    many = [criterion(f"c{number}") for number in range(12)]
    checked = criterion("short", check={"kind": "length", "min_words": 1})
    gateway = ScriptedGateway(lambda request: {name: said(2) for name in request.reply.model_fields})  # type: ignore[union-attr]
    judge = Judge(rubric(*many, checked), gateway)
    shown = judge.requests(answer("Boots can be returned."))
    score(judge)
    assert len(shown) == len(gateway.requests) == 2
    for messages, sent in zip(shown, gateway.requests, strict=True):
        assert messages[0] == sent.messages[0]
        assert (
            messages[1].text.split(">", 1)[1].split("</", 1)[0]
            == sent.messages[1].text.split(">", 1)[1].split("</", 1)[0]
        )
        assert "`short`" not in messages[0].text


def test_a_rubric_of_rules_makes_no_request() -> None:
    assert Judge(rubric(criterion("short", check={"kind": "format"})), None).requests(answer("Yes.")) == []
