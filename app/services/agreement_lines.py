"""One figure for each question and criterion, by the measure that fits its values, and what to make of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.services.agreement_alphas import AgreementAlphas, QuestionAlphas
from app.services.agreement_report import AgreementReport, QuestionAgreement
from app.services.parts_agreement import PartsAgreement

__all__ = ["AgreementLine", "Measure", "Standing", "agreement_lines", "worst"]

Measure = Literal["nominal", "ordinal", "interval", "ratio", "MASI", "characters"]
Standing = Literal["above", "below", "open"]
_WORDS = {"MASI": "sets of labels (MASI)", "characters": "characters of the text"}


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """Krippendorff's alpha of one question or criterion and one kind of rater."""

    of: Literal["question", "criterion", "sets", "spans"]
    question: str
    title: str
    rater_kind: str
    measure: Measure
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    """Why it is undefined."""
    n_items: int
    """Items, or answers on a criterion, with two ratings or more."""
    standing: Standing | None
    """Whether the whole interval lies above or below the project's target; None without either."""

    @property
    def measure_words(self) -> str:
        return _WORDS.get(self.measure, self.measure)


def agreement_lines(
    report: AgreementAlphas | AgreementReport, parts: PartsAgreement, measure: Measure | None = None
) -> list[AgreementLine]:
    """Lowest first, then what is undefined; people before models and judges.

    Numbers are compared as ordinal, labels as equal or not; `measure` takes another one where it is defined.
    """
    lines = [_single(one, "question", report.target, measure) for one in report.questions]
    lines += [_single(one, "criterion", report.target, measure) for one in report.criteria]
    for found in parts.label_sets:
        alpha = found.masi
        lines.append(
            AgreementLine(
                "sets", found.question, found.title, found.rater_kind, "MASI", alpha.value, alpha.low, alpha.high,
                alpha.reason, alpha.n_items, _standing(alpha.low, alpha.high, report.target),
            )
        )  # fmt: skip
    for marked in parts.spans:
        alpha = marked.position
        lines.append(
            AgreementLine(
                "spans", marked.question, marked.title, marked.rater_kind, "characters", alpha.value, alpha.low,
                alpha.high, alpha.reason, alpha.n_items, _standing(alpha.low, alpha.high, report.target),
            )
        )  # fmt: skip
    return sorted(
        lines,
        key=lambda line: (line.rater_kind != "human", line.value is None, line.value or 0.0, line.title),
    )


def worst(lines: Sequence[AgreementLine]) -> AgreementLine | None:
    """On which people agree least, of those that are defined."""
    return next((line for line in lines if line.rater_kind == "human" and line.value is not None), None)


def _single(
    found: QuestionAlphas | QuestionAgreement,
    of: Literal["question", "criterion"],
    target: float | None,
    measure: Measure | None,
) -> AgreementLine:
    by_measure = {
        "nominal": found.nominal,
        "ordinal": found.ordinal,
        "interval": found.interval,
        "ratio": found.ratio,
    }
    alpha = (by_measure.get(measure) if measure else found.ordinal) or found.nominal
    return AgreementLine(
        of, found.question, found.title, found.rater_kind, _measure(alpha.metric), alpha.value, alpha.low, alpha.high,
        alpha.reason, alpha.n_items, _standing(alpha.low, alpha.high, target),
    )  # fmt: skip


def _measure(metric: str) -> Measure:
    match metric:
        case "ordinal" | "interval" | "ratio":
            return metric
        case _:
            return "nominal"


def _standing(low: float | None, high: float | None, target: float | None) -> Standing | None:
    if low is None or high is None or target is None:
        return None
    return "above" if low > target else "below" if high < target else "open"
