"""judge audit: the judge's biases, and whether it can be talked into a score."""

import asyncio
import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.cli.judging import read_lines, write_whole
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.clock import utc_now
from app.errors import Invalid
from app.services.judge_audits import keep_audit
from app.services.projects import find_project
from app.settings import load_settings
from app.wiring import make_gateway
from judge import JudgeError
from judge.llm import Gateway
from judge.probes import (
    PROBES,
    AuditReport,
    ProbeName,
    Row,
    audit_report,
    figure,
    in_words,
    page_of,
    planned_requests,
    summary,
)
from rubrics import Rubric, load_rubric

__all__ = ["audit"]


def audit(
    file: Annotated[
        Path,
        typer.Argument(
            help="A line each {id, prompt, response, reference?, context?, human?: {criterion: level}, writer?}; .gz is read too."
        ),
    ],
    rubric: Annotated[str, typer.Option(help="Name of a rubric or a YAML file.")],
    model: Annotated[
        list[str],
        typer.Option(
            help="Model to ask [env: MILO_MODEL]; given several times, the panel of them is audited.",
            show_default=False,
        ),
    ] = [],
    samples: Annotated[
        int, typer.Option(min=1, max=20, help="Replies whose mean counts, as in `milo judge --samples`.")
    ] = 1,
    probes: Annotated[
        str, typer.Option(help=f"With commas, of {', '.join(PROBES)}; all when left out.", show_default=False)
    ] = ",".join(PROBES),
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many answers, drawn by lot.", show_default=False)
    ] = None,
    payload: Annotated[
        Path | None,
        typer.Option(
            help="File with an attack of your own, put in the place of each answer.", show_default=False
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the report as JSON.", show_default=False)] = None,
    html: Annotated[
        Path | None, typer.Option(help="File for the report as a page to read and print.", show_default=False)
    ] = None,
    project: Annotated[
        str | None, typer.Option(help="Keep the report with this project, for its page.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure what moves a judge other than the answer, and whether it can be talked into a score.

    Each probe changes something that should not count and compares the scores. Levels that people gave (`human`) and
    the model that wrote an answer (`writer`) tell more where they are known. Exit code 0 when it ran.
    """
    chosen = _probes(probes)
    judged = load_rubric(rubric)
    rows = _rows(file, judged)
    attack = payload.read_text(encoding="utf-8", errors="replace") if payload else ""
    if payload and not attack.strip():
        raise Invalid(f"--payload: {payload} is empty")
    gateway = make_gateway(load_settings(**({"model": model[0]} if model else {})))
    if gateway is None:
        print(
            "milo: no model endpoint is set up; only what rules can show is measured. Set OPENAI_API_KEY, or "
            "OPENAI_BASE_URL for a local server",
            file=sys.stderr,
        )
    others = (
        [gateway.for_model(name) for name in dict.fromkeys(model[1:]) if name != model[0]] if gateway else []
    )
    planned, each = planned_requests(
        rows, judged, gateway, probes=chosen, limit=limit, payload=attack, others=others, samples=samples
    )
    if gateway is not None:
        parts = ", ".join(f"{name} {count:,}" for name, count in each.items())
        names = ", ".join(one.model for one in (gateway, *others))
        print(f"about {planned:,} requests to {names} (probes share some: {parts})", file=sys.stderr)
    report = asyncio.run(_run(rows, judged, gateway, chosen, limit, attack, others, samples))
    if out is not None:
        write_whole(
            out, [orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)]
        )
    if project is not None:
        with opened(data_dir) as ctx:
            keep_audit(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, report.to_json())
    if html is not None:
        write_whole(html, [page_of(report).encode()])
    if json:
        print_json(report.to_json())
    else:
        _show(report)


def _probes(text: str) -> list[ProbeName]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in PROBES]
    if unknown or not names:
        raise Invalid(f"--probes: {', '.join(unknown) or 'none'} is no probe; there are {', '.join(PROBES)}")
    return [name for name in PROBES if name in names]


def _rows(file: Path, rubric: Rubric) -> list[Row]:
    rows = []
    for number, line in read_lines(file):
        try:
            if line.get("rubric") not in (None, rubric.name):
                raise Invalid(
                    f"{file.name}, line {number}: rubric: is not {rubric.name!r}; an audit is about one rubric"
                )
            rows.append(Row.from_json(line, rubric, folder=file.parent))
        except JudgeError as error:
            raise Invalid(f"{file.name}, line {number}: {error}") from error
    return rows


async def _run(
    rows: list[Row],
    rubric: Rubric,
    gateway: Gateway | None,
    probes: list[ProbeName],
    limit: int | None,
    payload: str,
    others: list[Gateway],
    samples: int,
) -> AuditReport:
    try:
        return await audit_report(
            rows,
            rubric,
            gateway,
            at=utc_now(),
            probes=probes,
            limit=limit,
            payload=payload,
            others=others,
            samples=samples,
        )
    finally:
        if gateway is not None:
            await gateway.close()


def _show(report: AuditReport) -> None:
    print(
        f"rubric {report.rubric_name} {report.rubric_hash[:15]}, model {report.model}, prompt "
        f"{report.prompt_version}, {report.answers} answers, {report.requests:,} requests\n"
    )
    width = max(len(finding.about) for finding in report.findings)
    print(f"{'what changed':<{width + 2}} {'n':>4}  {'mean, 95 % interval':<20}  verdict")
    for probe, findings in groupby(report.findings, key=lambda finding: finding.probe):
        print(probe)
        for finding in findings:
            left_out = f"; {finding.unscored} not scored" if finding.unscored else ""
            flags = "" if finding.flagged is None else f"; flagged {finding.flagged} of {finding.flaggable}"
            print(
                f"  {finding.about:<{width}} {finding.estimate.n:>4}  {figure(finding):<20}  "
                f"{in_words(finding)}{flags}{left_out}"
            )
    print()
    for sentence in (*summary(report.findings), *report.notes):
        print(sentence)
