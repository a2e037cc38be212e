"""Recorded replies of real judges, played back: the probes find what the recordings are known to show."""

import csv
import gzip
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from judge import Scored, Submission, Verdict
from judge.llm import ScriptedGateway
from judge.llm.scripted import Request
from judge.probes import Row, in_words
from judge.probes.patterns import measure_halo
from judge.probes.rows import Audited
from tests.judge.audited import audit, found, judged_text
from tests.judge.making import criterion, rubric, said

DATA = Path(__file__).parents[3] / "shared" / "data"
PROMETHEUS = DATA / "prometheus" / "direct_assessment.jsonl.gz"
HANNA = DATA / "hanna" / "hanna_tidy.csv.gz"
FIVE = [{"value": n, "label": f"L{n}", "description": f"level {n}"} for n in range(1, 6)]


class Recorded(ScriptedGateway):
    """GPT-4, which scored each answer three times: the first time of asking gets the first score."""

    def __init__(self, scores: dict[str, list[int]]) -> None:
        super().__init__(self._next, model="gpt-4")
        self._scores = scores
        self._times: defaultdict[str, int] = defaultdict(int)

    def _next(self, request: Request) -> Any:
        text = judged_text(request)
        self._times[text] += 1
        return {"a": said(self._scores[text][self._times[text] - 1])}


@pytest.mark.skipif(not PROMETHEUS.exists(), reason="the data are not here (shared/data/prometheus)")
def test_gpt_4_asked_again_and_the_length_of_what_it_scores() -> None:
    with gzip.open(PROMETHEUS, "rt", encoding="utf-8") as source:
        recorded = [json.loads(line) for line in source]
    once = {
        row["response"]: row for row in recorded if row["response"].strip() and None not in row["gpt4_score"]
    }
    scores = {text: [int(score) for score in row["gpt4_score"]] for text, row in once.items()}
    given = [
        Row(Submission(str(n), "q", text), writer=row["source"]) for n, (text, row) in enumerate(once.items())
    ]
    on = rubric(criterion("a", levels=FIVE))
    report = audit(given, Recorded(scores), "retest", "length", "self_preference", on=on)
    same = np.array([first == second for first, second, _ in scores.values()])
    apart = np.array([abs(first - second) for first, second, _ in scores.values()])
    levels, total = found(report, "retest_levels"), found(report, "retest_total")
    assert levels.estimate.value == pytest.approx(same.mean()) and 0.5 < same.mean() < 0.8
    assert total.estimate.value == pytest.approx(apart.mean() / 4)  # a level is a quarter of 1..5
    # the folder's note gives .35 and .38 for the two halves, on mean scores and characters
    words = [len(text.split()) for text in scores]
    rho = spearmanr([three[0] for three in scores.values()], words).statistic
    length = found(report, "length")
    assert length.estimate.value == pytest.approx(rho) and 0.25 < rho < 0.45
    assert length.moved
    # chatgpt is of the judge's family; it is scored higher, and without people nobody knows whether it is better
    family = found(report, "self_preference")
    own = np.array([row.writer in ("chatgpt", "chat_gpt") for row in given])
    first = np.array([(scores[row.submission.response][0] - 1) / 4 for row in given])
    assert family.estimate.value == pytest.approx(first[own].mean() - first[~own].mean())


@pytest.mark.skipif(not HANNA.exists(), reason="the data are not here (shared/data/hanna)")
def test_halo_of_a_judge_of_stories_beside_people_s() -> None:
    with gzip.open(HANNA, "rt", encoding="utf-8") as source:
        table = [row for row in csv.DictReader(source) if row["system"] != "Human"]
    stories: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for row in table:
        stories[f"{row['system']} {row['story']}"][row["criterion"].lower()] = row
    names = list(next(iter(stories.values())))
    people = [f"human{n}" for n in (1, 2, 3)]
    given = [
        Row(
            Submission(story, "Tell a story.", story),
            {name: float(np.mean([float(row[one]) for one in people])) for name, row in by_name.items()},
        )
        for story, by_name in stories.items()
    ]

    on = rubric(*(criterion(name, levels=FIVE) for name in names))
    audited = Audited(on, tuple(given), ScriptedGateway(), seed=7)
    # means of several replies, which no single reply can give: put in as verdicts
    blank = Verdict("", (), None, None, "r", 1, "", "ChatGPT", None, "judge-2")
    verdicts = {
        audited.plain(row): replace(
            blank, criteria=tuple(scored(name, stories[row.submission.id][name]) for name in names)
        )
        for row in given
    }
    (halo,) = measure_halo(audited, verdicts)
    # check.py of the folder prints .564 for ChatGPT and .513 for the mean of three people
    assert halo.estimate.n == 960
    assert halo.estimate.value == pytest.approx(0.564, abs=5e-4)
    assert halo.beside["people"].value == pytest.approx(0.513, abs=5e-4)
    assert in_words(halo).startswith(
        "criteria move together (r .56), people's by r .51: not clearly more than people's"
    )


def scored(name: str, row: dict[str, str]) -> Scored:
    return Scored(name, round(float(row["ChatGPT"])), "", score=float(row["ChatGPT"]))
