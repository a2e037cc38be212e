"""Several replies, probabilities of tokens, a panel, kinds and points: what counts in the end, by hand."""

import asyncio
import math
from typing import Any

import pytest
from pydantic import ValidationError

from judge import Judge, JudgeError, Panel, Scored, Unscored
from judge.llm import Answered, Attempt, Failed, ScriptedGateway, Token, Usage
from judge.token_levels import expected_levels
from rubrics import Rubric, rubric_hash
from tests.judge.making import answer, criterion, rubric, said


def score(judge: Judge | Panel, text: str = "Boots can be returned.") -> Any:
    return asyncio.run(judge.score(answer(text)))


def test_the_mean_of_three_replies_counts_and_the_nearest_one_speaks() -> None:
    # Levels 1, 3, 3: mean 7/3. Scaled from 1..3: (7/3 - 1) / 2 = 2/3. The nearest reply is a 3.
    replies: list[Any] = [{"a": said(1)}, {"a": said(3) | {"rationale": "good"}}, {"a": said(3)}]
    verdict = score(Judge(rubric(criterion("a")), ScriptedGateway(replies), samples=3))
    (one,) = verdict.criteria
    assert (one.level, one.samples, one.method) == (3, (1, 3, 3), "mean_of_samples")
    assert one.value == pytest.approx(7 / 3)
    assert one.rationale == "good"
    assert verdict.total == pytest.approx(2 / 3)
    assert verdict.flags == ("replies_apart:a",)
    assert verdict.usage == Usage(30, 15)


def test_replies_come_in_other_orders_and_the_same_ones_each_time() -> None:
    gateway = ScriptedGateway(lambda request: {f"c{n}": said(3) for n in range(6)})
    judge = Judge(rubric(*[criterion(f"c{n}") for n in range(6)]), gateway, samples=3)
    score(judge), score(judge)
    asked = [request.messages[0].text for request in gateway.requests]
    assert len(set(asked[:3])) > 1
    assert asked[:3] == asked[3:]


def test_answers_share_a_few_prompts_so_that_a_provider_can_keep_them() -> None:
    gateway = ScriptedGateway(lambda request: {f"c{n}": said(3) for n in range(6)})
    judge = Judge(rubric(*[criterion(f"c{n}") for n in range(6)]), gateway)
    for number in range(40):
        score(judge, f"Answer {number}")
    assert 2 <= len({request.messages[0].text for request in gateway.requests}) <= 4


def test_a_reply_that_fails_leaves_the_others_to_count() -> None:
    replies: list[Any] = [{"a": said(2)}, Failed("refused", "no", "m", None, ()), {"a": said(2)}]
    verdict = score(Judge(rubric(criterion("a")), ScriptedGateway(replies), samples=3))
    assert verdict.criteria[0].samples == (2, None, 2)
    assert verdict.total == 0.5


def test_one_request_for_each_criterion_when_asked_for() -> None:
    gateway = ScriptedGateway([{"a": said(3)}, {"b": said(1)}])
    verdict = score(Judge(rubric(criterion("a"), criterion("b")), gateway, together="one"))
    assert len(gateway.requests) == 2
    assert verdict.total == 0.5


RAW = '{"a":{"evidence":[],"rationale":"says \\"level\\": 1","level":2,"suggestion":""}}'
HEAD, TAIL = RAW.rsplit("2", 1)


def test_the_mean_over_the_tokens_of_the_level() -> None:
    # p(2) = .6, p(3) = .3, p(9) = .1, which is no level: (2 * .6 + 3 * .3) / .9 = 7/3
    level = Token("2", math.log(0.6), (("2", math.log(0.6)), ("3", math.log(0.3)), ("9", math.log(0.1))))
    tokens = [Token(HEAD, 0.0), level, Token(TAIL, 0.0)]
    assert expected_levels(RAW, tokens, {"a": [1, 2, 3]}) == {"a": pytest.approx(7 / 3)}


def test_tokens_that_are_not_the_reply_or_no_levels_tell_nothing() -> None:
    level = Token("2", math.log(0.3), (("x", math.log(0.7)),))
    tokens = [Token(HEAD, 0.0), level, Token(TAIL, 0.0)]
    assert expected_levels(RAW, tokens, {"a": [1, 2, 3]}) == {}  # most of the probability is elsewhere
    assert expected_levels(RAW + " ", tokens, {"a": [1, 2, 3]}) == {}
    assert (
        expected_levels(
            RAW, [Token(HEAD[:-1], 0.0), Token(HEAD[-1] + "2", 0.0), Token(TAIL, 0.0)], {"a": [1, 2, 3]}
        )
        == {}
    )


class Probable(ScriptedGateway):
    """Answers with tokens, or without them."""

    tokens: tuple[Token, ...] | None = (
        Token(HEAD, 0.0),
        Token("2", math.log(0.5), (("2", math.log(0.5)), ("3", math.log(0.5)))),
        Token(TAIL, 0.0),
    )

    async def structured(self, messages: Any, reply: Any, *, parameters: Any) -> Any:
        assert parameters.token_probabilities
        value = reply.model_validate_json(RAW)
        return Answered(value, "m", None, (Attempt("ok", 0.0, None),), RAW, self.tokens)


def test_the_method_says_whether_probabilities_were_really_used() -> None:
    judge = Judge(rubric(criterion("a")), Probable(), scoring="probabilities")
    verdict = score(judge)
    assert (verdict.criteria[0].method, verdict.criteria[0].value) == (
        "token_probabilities",
        pytest.approx(2.5),
    )
    without = Probable()
    without.tokens = None
    verdict = score(Judge(rubric(criterion("a")), without, scoring="probabilities"))
    assert (verdict.criteria[0].method, verdict.criteria[0].value) == ("single", 2.0)


def test_a_panel_counts_its_mean_and_flags_what_lies_apart() -> None:
    judged = rubric(criterion("a"), criterion("b"))
    members = [
        Judge(judged, ScriptedGateway([{"a": said(level), "b": said(2)}], model=f"m{level}"))
        for level in (1, 3, 3)
    ]
    verdict = score(Panel(members))
    assert (verdict.criteria[0].value, verdict.criteria[0].method) == (pytest.approx(7 / 3), "panel")
    assert verdict.criteria[1].value == 2.0
    assert verdict.model == "m1, m3"
    assert verdict.flags == ("replies_apart:a",)
    assert verdict.usage == Usage(30, 15)


def test_a_panel_judges_on_rubrics_with_rules_too() -> None:
    from rubrics import catalog

    members = [Judge(catalog()["customer-answer"], None) for _ in range(2)]
    verdict = score(Panel(members))
    alone = score(members[0])
    assert [(one.id, getattr(one, "level", None)) for one in verdict.criteria] == [
        (one.id, getattr(one, "level", None)) for one in alone.criteria
    ]


def test_a_panel_of_one_or_of_two_rubrics_is_refused() -> None:
    one = Judge(rubric(criterion("a")), None)
    with pytest.raises(JudgeError, match="two judges"):
        Panel([one])
    with pytest.raises(JudgeError, match="same rubric"):
        Panel([one, Judge(rubric(criterion("b")), None)])


def test_what_does_not_apply_opens_no_total_and_counts_as_no_zero() -> None:
    judged = rubric(criterion("a"), criterion("code", applies_when="the answer holds code"))
    reply: Any = {"a": said(3), "code": {"applicable": False, **said(1)}}
    verdict = score(Judge(judged, ScriptedGateway([reply])))
    assert isinstance(verdict.criteria[1], Unscored) and verdict.criteria[1].reason == "not_applicable"
    assert (verdict.total, verdict.passed) == (1.0, True)


def test_kinds_have_no_order_and_stay_out_of_the_total() -> None:
    judged = rubric(criterion("a"), criterion("tone", scale="nominal"))
    replies: list[Any] = [{"a": said(3), "tone": said(level)} for level in (1, 3, 1)]
    verdict = score(Judge(judged, ScriptedGateway(replies), samples=3))
    assert verdict.total == 1.0
    assert isinstance(verdict.criteria[1], Scored)
    assert verdict.criteria[1].level == 1  # the most frequent, not the mean


MET = [
    {"value": 0, "label": "no", "description": "not met"},
    {"value": 1, "label": "yes", "description": "met"},
]


def points(name: str, value: float) -> Any:
    return criterion(name, scale="points", points=value, levels=MET)


@pytest.mark.parametrize(
    ("met", "total"),
    [((1, 1, 0), 1.0), ((1, 0, 0), 5 / 8), ((1, 0, 1), 1 / 8), ((0, 0, 1), 0.0)],
    ids=["all of 8", "5 of 8", "5 - 4 of 8", "below zero is zero"],
)
def test_points_met_over_the_points_there_are_to_gain(met: tuple[int, int, int], total: float) -> None:
    judged = Rubric(
        name="r", title="R", aggregation="points", criteria=(points("a", 5), points("b", 3), points("c", -4))
    )
    reply: Any = dict(zip("abc", map(said, met), strict=True))
    assert score(Judge(judged, ScriptedGateway([reply]))).total == pytest.approx(total)


def test_the_worst_criterion_alone_where_the_rubric_says_so() -> None:
    judged = Rubric(name="r", title="R", aggregation="worst", criteria=(criterion("a"), criterion("b")))
    assert score(Judge(judged, ScriptedGateway([{"a": said(3), "b": said(2)}]))).total == 0.5


def test_rubrics_whose_scales_contradict_their_aggregation_are_refused() -> None:
    for fields, said_ in (
        ({"aggregation": "points", "criteria": (criterion("a"),)}, "points only"),
        ({"criteria": (points("a", 1),)}, "need `aggregation: points`"),
        ({"aggregation": "points", "criteria": (points("a", -1),)}, "gains some"),
        ({"criteria": (criterion("a", scale="nominal"),)}, "no total"),
    ):
        with pytest.raises(ValidationError, match=said_):
            Rubric.model_validate({"name": "r", "title": "R", **fields})
    with pytest.raises(ValidationError, match="other than zero"):
        points("a", 0)


def test_a_rubric_keeps_its_identity_when_the_schema_grows() -> None:
    # As computed before levels had examples, criteria points and conditions, rubrics an aggregation.
    from rubrics import catalog

    assert rubric_hash(catalog()["clarity"]).startswith("sha256:670b973594f51099")
    assert rubric_hash(catalog()["helpfulness"]).startswith("sha256:d827b68056a59682")
    changed = rubric(criterion("a", applies_when="x"))
    assert rubric_hash(changed) != rubric_hash(rubric(criterion("a")))
