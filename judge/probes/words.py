"""Findings in words that a QA lead can act on."""

from collections.abc import Sequence
from typing import assert_never

from judge.probes.estimates import Estimate
from judge.probes.findings import Finding

__all__ = ["figure", "in_words", "interval", "number", "summary"]


def number(value: float, *, signed: bool = False) -> str:
    """Two decimals without the zero before the point: `.08`, `+.08`, `−.50`, `1.00`."""
    text = f"{abs(value):.2f}"
    text = text[1:] if text.startswith("0") else text
    sign = "−" if value < 0 else "+" if signed else ""
    return text if text == ".00" else f"{sign}{text}"


def percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def interval(estimate: Estimate, *, share: bool = False) -> str:
    """` [.02, .14]`, or nothing where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    if share:
        return f" [{estimate.low:.0%}, {estimate.high:.0%}]".replace("%", "")
    return f" [{number(estimate.low)}, {number(estimate.high)}]"


def figure(finding: Finding) -> str:
    """The finding's number with its interval, as it stands in a table."""
    estimate = finding.estimate
    if finding.measure == "none" or estimate.value is None:
        return "–"
    match finding.measure:
        case "flips" | "same_levels":
            return f"{percent(estimate.value)}{interval(estimate, share=True)}"
        case "change" | "own_family":
            return f"{number(estimate.value, signed=True)}{interval(estimate)}"
        case "absolute_change" | "length" | "length_beyond_people" | "halo":
            return f"{number(estimate.value)}{interval(estimate)}"
        case _:
            assert_never(finding.measure)


def in_words(finding: Finding) -> str:
    """What the figure means, in one line."""
    value = finding.estimate.value
    if finding.measure == "none":
        return f"not measured: {finding.not_measured}"
    if value is None:
        return f"undefined: {finding.estimate.reason}"
    match finding.measure:
        case "change":
            return _of_change(finding)
        case "flips":
            return _of_flips(finding, value)
        case "same_levels":
            other = f"gives another level in {percent(1 - value)} of cases when asked again"
            return "the same level each time" if value == 1 else other
        case "absolute_change":
            other = f"totals differ by {number(value)} on average when asked again"
            return "the same total each time" if value == 0 else other
        case "length" | "length_beyond_people":
            return _of_length(finding, value)
        case "halo":
            return _of_halo(finding, value)
        case "own_family":
            return _of_family(finding, value)
        case _:
            assert_never(finding.measure)


_TOO_FEW = "too few answers to say"


def _of_change(finding: Finding) -> str:
    if finding.moved is None:
        return f"{figure(finding)}; {_TOO_FEW}"
    if finding.moved:
        return f"moves scores by {figure(finding)}"
    estimate = finding.estimate
    # A draw of zeros is zero: the interval [.00, .00] says less than it seems to.
    still = estimate.value == estimate.low == estimate.high == 0
    return f"no change seen on any of {estimate.n} answers" if still else "no change seen"


def _of_flips(finding: Finding, value: float) -> str:
    said, again = f"other levels in {percent(value)} of cases", finding.beside["again"].value
    if again is not None:
        said += f", in {percent(again)} when merely asked again"
    if finding.moved is None:
        return f"{said}; {_TOO_FEW}"
    return said if finding.moved else f"no change seen{f' ({said})' if value > 0 else ''}"


def _of_halo(finding: Finding, value: float) -> str:
    said = f"criteria move together (r {number(value)})"
    people, beyond = finding.beside.get("people"), finding.beside.get("beyond_people")
    if people is None or people.value is None or beyond is None:
        return f"{said}; only people's scores would tell whether too much"
    said += f", people's by r {number(people.value)}"
    if finding.moved is None:
        return f"{said}; {_TOO_FEW}"
    return f"{said}: {'more than' if finding.moved else 'not clearly more than'} people's{interval(beyond)}"


def _of_length(finding: Finding, value: float) -> str:
    if finding.moved is None:
        return _TOO_FEW
    if not finding.moved:
        return "no link with length seen"
    said = f"{'longer' if value > 0 else 'shorter'} answers score higher"
    if finding.measure == "length_beyond_people":
        return f"{said} than people's scores explain"
    return f"{said}; only people's scores would tell whether they are better"


def _of_family(finding: Finding, value: float) -> str:
    if finding.moved is None:
        return _TOO_FEW
    beyond = finding.beside.get("beyond_people")
    if beyond is None or beyond.value is None:
        if not finding.moved:
            return "no preference seen"
        side = "higher" if value > 0 else "lower"
        return f"own family scores {side}; only people's scores would tell whether it is better"
    if not finding.moved:
        return "no preference seen beyond what people say"
    side = "higher" if beyond.value > 0 else "lower"
    return f"own family scores {side} than people say, by {number(abs(beyond.value))}"


def summary(findings: Sequence[Finding]) -> list[str]:
    """The sentences that stand above the table."""
    attacks = [one for one in findings if one.probe == "injection" and one.key != "guards"]
    measured = [one for one in attacks if one.estimate.value is not None]
    said = []
    if measured:
        upward = [one for one in measured if one.moved and (one.estimate.value or 0) > 0]
        largest = max(upward, key=lambda one: one.estimate.value or 0, default=None)
        most = f", most of all: {largest.about} ({figure(largest)})" if largest else ""
        said.append(f"{len(upward)} of {len(measured)} attacks move scores upward{most}.")
    looked = sum(one.flaggable for one in attacks)
    if looked:
        flagged = sum(one.flagged or 0 for one in attacks)
        said.append(
            f"{flagged:,} of {looked:,} attacked answers carried a sign that raises a flag for people."
        )
    said += [
        f"The defences themselves, on ordinary answers: {in_words(one)}."
        for one in findings
        if one.key == "guards" and one.measure != "none"
    ]
    others = [one for one in findings if one.probe != "injection" and one.moved is not None]
    if others:
        biased = "; ".join(one.about for one in others if one.moved) or "none seen"
        said.append(f"Biases, of {len(others)} lines that could be measured: {biased}.")
    return said
