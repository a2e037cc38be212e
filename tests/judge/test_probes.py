"""Each probe finds the bias that was built into a judge, by hand-derived numbers, and none in an honest one."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import orjson
import pytest

from judge import BadSubmission, JudgeError, Submission
from judge.llm import Failed, Parameters, ScriptedGateway
from judge.llm.scripted import Request
from judge.probes import PROBES, AuditReport, Row, audit_report, in_words, page_of, planned_requests, summary
from judge.probes.patterns import family_of
from judge.suspicion import suspicions
from tests.judge.audited import (
    AT,
    BOTH,
    NEITHER,
    RECEIPT,
    SIXTY,
    TEXTS,
    TWO,
    audit,
    content,
    found,
    honest,
    judge,
    judged_text,
    raised,
    rows,
)
from tests.judge.making import criterion, rubric, said

ONE = rubric(criterion("a"))


def test_an_honest_judge_is_found_to_be_honest() -> None:
    # People give what the judge gives; own and other family get 3, 3 and 1, 1 on either criterion alike.
    given = [
        replace(row, people=content(row.submission.response), writer=writer)
        for row, writer in zip(rows(), ("gpt-4o", "claude-3", "gpt-4o", "claude-3"), strict=True)
    ]
    report = audit(given, honest())
    assert {finding.key for finding in report.findings if finding.moved} == set()
    values = {finding.key: finding.estimate.value for finding in report.findings}
    measures = {finding.key: finding.measure for finding in report.findings}
    assert {values[key] for key, measure in measures.items() if measure == "change"} == {0.0}
    assert (values["order_levels"], values["retest_levels"], values["retest_total"]) == (0.0, 1.0, 0.0)
    # a = (3, 3, 1, 1), b = (3, 1, 3, 1): r = 0 for the judge and for people
    halo = found(report, "halo")
    assert halo.estimate.value == pytest.approx(0)
    assert halo.beside["beyond_people"].value == pytest.approx(0)
    # people's scores explain the judge's wholly, so that nothing is left for the length: no zero
    assert values["length"] is None
    assert "leave nothing to explain" in in_words(found(report, "length"))
    assert found(report, "self_preference").beside["beyond_people"].value == pytest.approx(0)
    assert all(finding.unscored == 0 for finding in report.findings)


def test_a_judge_that_adds_a_level_for_length_is_moved_by_padding() -> None:
    # A level up where there is room: BOTH 0; SIXTY and RECEIPT one criterion, .25 each; NEITHER both, .5.
    # mean (0 + .25 + .25 + .5) / 4 = .25; criterion a rises for RECEIPT and NEITHER: 2 / 4 of a level
    report = audit(rows(), raised(lambda text: len(text.split()) > 20), "verbosity", "authority")
    padded = found(report, "verbosity")
    assert padded.estimate.value == pytest.approx(0.25) and padded.estimate.n == 4
    assert padded.criteria["a"].value == pytest.approx(0.5)
    assert padded.moved and in_words(padded).startswith("moves scores by +.25 [")
    assert found(report, "expert").estimate.value == 0.0


def test_padding_is_other_sentences_that_say_nothing_and_raise_no_sign() -> None:
    gateway = honest()
    audit(rows(), gateway, "verbosity")
    padded = [judged_text(request) for request in gateway.requests][4:]
    tails = []
    for text, plain in zip(padded, TEXTS, strict=True):
        head, tail = text.split("\n\n")
        sentences = [one for one in tail.split(".") if one.strip()]
        assert head == plain and len(sentences) == len(set(sentences)) == 5
        assert suspicions(TWO, Submission("1", "", text)) == ()
        tails.append(tail)
    assert len(set(tails)) > 1


def test_a_judge_that_bows_to_experts_is_not_said_to_follow_majorities() -> None:
    report = audit(rows(), raised(lambda text: "leading expert" in text), "authority")
    assert found(report, "expert").estimate.value == pytest.approx(0.25)  # as with length, above
    assert found(report, "bandwagon").estimate.value == 0.0


def first_listed(request: Request) -> dict[str, int]:
    lines = [line.strip() for line in request.messages[0].text.splitlines()]
    return {"a": int(next(line for line in lines if line[1:4] == " (L")[0])}


def test_a_judge_that_follows_the_order_is_told_from_one_that_wavers() -> None:
    # One criterion has two orders of its levels, 1 2 3 and 3 2 1: the other one turns every level.
    gateway = judge(first_listed)
    report = audit(rows(), gateway, "order", on=ONE)
    levels = found(report, "order_levels")
    assert (levels.estimate.value, levels.beside["again"].value) == (1.0, 0.0)
    assert levels.beside["beyond_again"].value == 1.0 and levels.moved
    assert in_words(levels) == "other levels in 100 % of cases, in 0 % when merely asked again"
    # 4 as given, 4 in the one other order, 4 again; an answer dealt 1 2 3 moves by +1, one dealt 3 2 1 by -1
    assert report.requests == len(gateway.requests) == 12
    up = sum(first_listed(request)["a"] == 1 for request in gateway.requests[:4])
    assert found(report, "order_total").estimate.value == pytest.approx((up - (4 - up)) / 4)


def test_orders_are_other_ones_and_an_answer_is_asked_about_as_outside_an_audit() -> None:
    gateway = honest()
    audit(rows(BOTH), gateway, "order", on=TWO)
    plain, *others, again = [request.messages[0].text for request in gateway.requests]
    assert again == plain and len({plain, *others}) == 4
    # what is padded would be dealt an order of its own; the change would be the order's
    gateway = honest()
    audit(rows(), gateway, "verbosity", "authority")
    asked = [request.messages[0].text for request in gateway.requests]
    assert Counter(asked) == Counter({text: asked[:4].count(text) * 4 for text in set(asked[:4])})


class Wavering(ScriptedGateway):
    """A level higher on `a` every second time that it reads the answer about the receipt."""

    def __init__(self) -> None:
        super().__init__(self._levels)
        self.read: Counter[str] = Counter()

    def _levels(self, request: Request) -> Any:
        text = judged_text(request)
        self.read[text] += 1
        levels = content(text)
        if text == RECEIPT:
            levels["a"] = 2 - self.read[text] % 2
        return {name: said(level) for name, level in levels.items()}


def test_a_judge_that_wavers_gives_other_levels_when_asked_again() -> None:
    # One of 8 levels is another one: 7/8 are the same. Its total moves by .25, the others' by 0: mean .0625.
    report = audit(rows(), Wavering(), "retest")
    assert found(report, "retest_levels").estimate.value == pytest.approx(7 / 8)
    assert found(report, "retest_levels").criteria["a"].value == pytest.approx(3 / 4)
    assert found(report, "retest_total").estimate.value == pytest.approx(0.0625)
    assert in_words(found(report, "retest_levels")) == "gives another level in 12 % of cases when asked again"


def test_a_judge_whose_criteria_move_together_more_than_people_s() -> None:
    # People: a = (1, 2, 3), b = (1, 3, 2), r = 1/2. The judge lends b the level of a: r = 1. Ten times over.
    people = ({"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0})
    given = [
        Row(Submission(f"{n}", "q", f"{levels['a']:.0f} of 3, {n}"), levels)
        for n, levels in enumerate(people * 10)
    ]
    gateway = judge(lambda request: dict.fromkeys("ab", int(judged_text(request)[0])))
    halo = found(audit(given, gateway, "halo"), "halo")
    assert halo.estimate.value == pytest.approx(1.0)
    assert halo.beside["people"].value == pytest.approx(0.5)
    assert halo.beside["beyond_people"].value == pytest.approx(0.5)
    assert halo.moved and "more than people's" in in_words(halo)
    alone = found(audit([replace(row, people={}) for row in given], gateway, "halo"), "halo")
    assert alone.moved is None and "only people's scores would tell" in in_words(alone)


FOUR = rubric(
    criterion("a", levels=[{"value": n, "label": f"L{n}", "description": f"level {n}"} for n in (1, 2, 3, 4)])
)


def test_score_and_length_with_people_s_scores_held_fixed() -> None:
    # Ranks: judge x = 1 2 3 4, words y = 2 1 4 3, people z = 2 1 3 4.
    # rho = 1 - 6 sum d^2 / 60: xy .6 (d^2 = 4), xz .8 (2), yz .8 (2).
    # Partial: (.6 - .64) / sqrt(.36 * .36) = -1/9.
    texts = ("1 x", "2", "3 x x x", "4 x x")
    given = [
        Row(Submission(text[0], "q", text), {"a": level})
        for text, level in zip(texts, (2, 1, 3, 4), strict=True)
    ]
    gateway = judge(lambda request: {"a": int(judged_text(request)[0])})
    length = found(audit(given, gateway, "length", on=FOUR), "length")
    assert length.measure == "length_beyond_people"
    assert length.estimate.value == pytest.approx(-1 / 9)
    assert length.beside["plain"].value == pytest.approx(0.6)
    assert length.beside["people"].value == pytest.approx(0.8)
    alone = [replace(row, people={}) for row in given]
    plain = found(audit(alone, gateway, "length", on=FOUR), "length")
    assert plain.measure == "length" and "nothing held fixed" in plain.note
    assert plain.estimate.value == pytest.approx(0.6)


def test_preference_for_the_own_family_beyond_what_people_say() -> None:
    # Totals of the judge: own 1, 1; others 0, .5: 1 - .25 = .75. People: own 1, 0; others 0, .5: .25. Beyond: .5.
    given = [
        Row(Submission(text, "q", text), {"a": people}, writer)
        for text, people, writer in (
            ("3 own", 3, "gpt-4o"),
            ("3 own too", 1, "openai/gpt-5"),
            ("1 other", 1, "claude-3"),
            ("2 other", 2, "llama-3"),
        )
    ]
    gateway = judge(lambda request: {"a": int(judged_text(request)[0])})
    one = found(audit(given, gateway, "self_preference", on=ONE), "self_preference")
    assert one.estimate.value == pytest.approx(0.75)
    assert one.beside["people"].value == pytest.approx(0.25)
    assert one.beside["beyond_people"].value == pytest.approx(0.5)
    assert one.note == "2 by openai, 2 by others"
    only_own = found(audit(given[:2], gateway, "self_preference", on=ONE), "self_preference")
    assert only_own.not_measured == "every scored answer is by openai, the judge's own family"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gpt-5-mini", "openai/gpt-4o", True),
        ("chat_gpt", "o3-mini", True),
        ("m-2026", "m-7b", True),
        ("llama2_chat_13b", "meta-llama/Llama-3-8B", True),
        ("phi-4", "philosopher-7b", False),
        ("gpt-4", "claude-3", False),
        ("vicuna_13b", "llama-2-chat", False),
    ],
)
def test_families_of_models_by_their_names(one: str, other: str, same: bool) -> None:
    assert (family_of(one) == family_of(other)) is same


# ------------------------------------------------------------------ what is missing is said


def test_what_is_missing_is_said_and_is_no_zero() -> None:
    report = audit(rows(), honest(), "halo", "self_preference")
    assert found(report, "self_preference").not_measured == "no writer in the rows"
    report = audit(rows(), judge(lambda request: {"a": 2}), "halo", "retest", on=ONE)
    assert "two criteria or more" in found(report, "halo").not_measured
    for finding in report.findings:
        if finding.measure == "none":
            assert finding.estimate.value is None and finding.moved is None


RULED = rubric(
    criterion("said", check={"kind": "required_phrases", "groups": {"days": ["sixty days"]}}), criterion("b")
)


def test_without_a_model_rules_and_signs_are_measured_and_the_rest_says_what_to_set() -> None:
    report = audit(rows(), None, on=RULED)
    missing = {finding.key for finding in report.findings if "OPENAI_API_KEY" in finding.not_measured}
    assert missing == {"order", "halo", "retest", "self_preference", "guards"}
    assert report.criteria == ("said",) and report.requests == 0 and report.model == "built-in checks"
    assert found(report, "verbosity").estimate.value == 0.0
    # no rule can be shown where none decides: signs only
    bare = audit(rows(), None, "injection", "verbosity")
    demand = found(bare, "demand_end_given")
    assert (demand.estimate.value, demand.flagged, demand.flaggable) == (None, 4, 4)
    assert found(bare, "verbosity").measure == "none"


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(JudgeError, match=r"order, retest: needs a language model; set OPENAI_API_KEY"):
        audit(rows(), None, "order", "retest")
    with pytest.raises(JudgeError, match="no answers"):
        audit([], honest())


def test_a_model_that_does_not_answer_ends_the_audit_after_the_plain_answers() -> None:
    away = ScriptedGateway(lambda request: Failed("unavailable", "no such key", "m", None, ()))
    with pytest.raises(JudgeError, match=r"nothing was measured.*no such key"):
        audit(rows(), away)
    assert len(away.requests) == 4


def test_what_could_not_be_scored_is_counted_and_in_no_figure() -> None:
    # The padded NEITHER is refused: of (0, .25, .25, .5) the first three are left, mean 1/6.
    def levels(request: Request) -> Any:
        text = judged_text(request)
        if text.startswith(NEITHER) and len(text) > 20:
            return Failed("refused", "no", "m", None, ())
        more = len(text.split()) > 20
        return {name: said(min(3, level + more)) for name, level in content(text).items()}

    padded = found(audit(rows(), ScriptedGateway(levels), "verbosity"), "verbosity")
    assert (padded.estimate.n, padded.unscored, padded.reasons) == (3, 1, {"refused": 1})
    assert padded.estimate.value == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"human": {"c": 1}}, "no criterion 'c', only a, b"),
        ({"human": {"a": 4}}, "human.a: 4 is no level from 1 to 3"),
        ({"human": {"a": True}}, "human.a: True"),
        ({"human": [1]}, "human: is no object"),
        ({"writer": 3}, "writer: is not text"),
        ({"response": None}, "response: is missing"),
    ],
)
def test_a_row_that_cannot_be_read_names_its_field(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSubmission, match=words):
        Row.from_json({"id": "1", "prompt": "q", "response": "r"} | fields, TWO)


# ------------------------------------------------------------------ the report


def test_requests_are_known_before_they_are_made() -> None:
    gateway = honest()
    given = [*rows(), *rows("  ", SIXTY)]
    planned, each = planned_requests(given, TWO, gateway, payload="x")
    report = audit(given, gateway, payload="x")
    assert planned == report.requests == len(gateway.requests)
    assert set(each) == set(PROBES) - {"self_preference"}
    # SIXTY comes twice and is asked about once, the empty answer never: 4, and again 8.
    # Padded all 6 differ: 4 + 6.
    assert (each["length"], each["retest"], each["verbosity"]) == (4, 8, 10)
    assert sum(each.values()) > planned


def test_a_limit_is_a_lot_that_can_be_drawn_again() -> None:
    given = rows(*(f"Answer {n}" for n in range(50)))

    def drawn() -> list[str]:
        gateway = honest()
        report = asyncio.run(_limited(given, gateway))
        assert (report.answers, report.answers_in_file) == (5, 50)
        assert any("5 of 50 answers, drawn by lot with seed 7" in note for note in report.notes)
        return [judged_text(request) for request in gateway.requests]

    first = drawn()
    assert first == drawn() and len(first) == 5
    assert first != [f"Answer {n}" for n in range(5)]


async def _limited(given: list[Row], gateway: ScriptedGateway) -> AuditReport:
    return await audit_report(given, TWO, gateway, at=AT, probes=["length"], limit=5)


def test_a_report_survives_being_stored() -> None:
    report = audit(rows(), raised(lambda text: len(text) > 60), payload="obey")
    stored = orjson.loads(orjson.dumps(report.to_json()))
    assert AuditReport.from_json(stored) == report
    assert stored["findings"][0]["verdict"] == in_words(report.findings[0])
    assert stored["summary"] == summary(report.findings)
    assert (stored["rubric_hash"], stored["prompt_version"], stored["made_at"][:10]) == (
        report.rubric_hash,
        "judge-2",
        "2026-11-21",
    )
    assert stored["payload_hash"].startswith("sha256:") and "obey" not in orjson.dumps(stored).decode()
    with pytest.raises(JudgeError, match="no report of an audit: made_at: Field required"):
        AuditReport.from_json({})


def test_the_page_loads_and_runs_nothing_and_shows_names_as_text() -> None:
    named = rubric(criterion("a", question="<b>Is it?</b>")).model_copy(update={"name": "r<script>"})
    gateway = judge(lambda request: {"a": 2}, model="<img src=x onerror=alert(1)>")
    page = page_of(audit(rows(), gateway, on=named))
    for forbidden in ("<script", "<img", "<b>", "http://", "https://", "url(", "@import", "<link", "<iframe"):
        assert forbidden not in page, forbidden
    assert (
        "r&lt;script&gt;" in page
        and "&lt;img src=x" in page
        and "prefers-color-scheme:dark" in page
        and "@media print" in page
    )
    assert page.count("<tr") > 30


def test_every_line_has_its_own_key_and_words() -> None:
    report = audit(rows(), honest(), payload="x")
    keys = [finding.key for finding in report.findings]
    assert len(keys) == len(set(keys))
    assert all(in_words(finding) for finding in report.findings)


def test_the_parameters_of_the_audit_reach_the_model() -> None:
    gateway = honest()
    parameters = Parameters(temperature=0.3)
    report = asyncio.run(audit_report(rows(), TWO, gateway, at=AT, probes=["length"], parameters=parameters))
    assert gateway.requests[0].parameters.temperature == 0.3
    assert report.parameters["temperature"] == 0.3
