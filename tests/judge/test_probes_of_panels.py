"""An audit of a judge by several replies, or of several models together."""

import asyncio

import pytest

from judge.probes import audit_report, planned_requests
from tests.judge.audited import (
    AT,
    BOTH,
    NEITHER,
    RECEIPT,
    SIXTY,
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


def test_a_panel_is_audited_as_one_judge_whose_mean_counts() -> None:
    """One member adds a level for length, the other does not: padding moves their mean half as far."""
    padded = raised(lambda text: len(text) > 100)
    alone = found(audit(rows(), padded, "verbosity"), "verbosity").estimate.value
    fair = judge(lambda request: content(judged_text(request)), model="claude-x")
    report = asyncio.run(audit_report(rows(), TWO, padded, at=AT, probes=["verbosity"], others=[fair]))
    assert alone is not None and alone > 0
    assert found(report, "verbosity").estimate.value == pytest.approx(alone / 2)
    assert (report.model, report.models_reported) == ("gpt-5-mini, claude-x", ("claude-x", "gpt-5-mini"))
    assert report.parameters["panel"] == 2
    assert report.requests == 2 * len(fair.requests) == 2 * 2 * 4


def test_several_replies_are_audited_by_their_mean() -> None:
    gateway = honest()
    planned, _ = planned_requests(rows(), TWO, gateway, probes=["verbosity"], samples=3)
    report = asyncio.run(audit_report(rows(), TWO, gateway, at=AT, probes=["verbosity"], samples=3))
    # Four answers and their longer versions, three replies each.
    assert report.requests == planned == len(gateway.requests) == 2 * 4 * 3
    assert report.parameters["samples"] == 3
    assert found(report, "verbosity").estimate.value == 0.0


def test_the_own_family_of_a_panel_is_that_of_each_member() -> None:
    given = [
        *rows(BOTH, NEITHER, writer="gpt-4o"),
        *rows(SIXTY, writer="claude-2"),
        *rows(RECEIPT, writer="llama-3"),
    ]
    fair = judge(lambda request: content(judged_text(request)), model="claude-x")
    report = asyncio.run(audit_report(given, TWO, honest(), at=AT, probes=["self_preference"], others=[fair]))
    assert found(report, "self_preference").note.startswith("3 by")
