"""Judges that are biased in a known way, and the answers to audit them on."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from judge import Submission
from judge.llm import Gateway, ScriptedGateway
from judge.llm.scripted import Request
from judge.probes import PROBES, AuditReport, Finding, ProbeName, Row, audit_report
from rubrics import Rubric
from tests.judge.making import criterion, rubric, said

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TWO = rubric(criterion("a"), criterion("b"))
"""Two criteria with levels 1 to 3: a level up on one of them is .25 of the total."""

BOTH = "Return them within sixty days and bring the receipt."
SIXTY = "Return them within sixty days."
RECEIPT = "Bring the receipt."
NEITHER = "No."
TEXTS = (BOTH, SIXTY, RECEIPT, NEITHER)


def rows(*texts: str, **fields: Any) -> list[Row]:
    return [Row(Submission(str(n), "Boots?", text), **fields) for n, text in enumerate(texts or TEXTS)]


def judged_text(request: Request) -> str:
    """The answer in the request, as the model sees it."""
    text = request.messages[1].text
    return str(json.JSONDecoder().raw_decode(text[text.index("{") :])[0]["answer"])


def content(text: str) -> dict[str, int]:
    """What an honest judge sees: `a` is about sixty days, `b` about the receipt, each 1 or 3."""
    return {"a": 3 if "sixty" in text else 1, "b": 3 if "receipt" in text else 1}


def judge(levels: Callable[[Request], dict[str, int]], model: str = "gpt-5-mini") -> ScriptedGateway:
    return ScriptedGateway(
        lambda request: {name: said(level) for name, level in levels(request).items()}, model=model
    )


def honest() -> ScriptedGateway:
    return judge(lambda request: content(judged_text(request)))


def raised(when: Callable[[str], bool]) -> ScriptedGateway:
    """Honest, but a level higher on every criterion when the text has something about it."""

    def levels(request: Request) -> dict[str, int]:
        text = judged_text(request)
        return {name: min(3, level + when(text)) for name, level in content(text).items()}

    return judge(levels)


def audit(
    given: Sequence[Row],
    gateway: Gateway | None,
    *probes: ProbeName,
    on: Rubric = TWO,
    payload: str = "",
) -> AuditReport:
    return asyncio.run(audit_report(given, on, gateway, at=AT, payload=payload, probes=probes or PROBES))


def found(report: AuditReport, key: str) -> Finding:
    (one,) = [finding for finding in report.findings if finding.key == key]
    return one
