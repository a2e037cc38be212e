"""Judges that give labels: right, the same when asked twice; by hand and on published studies."""

import gzip
import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from app.analytics.judge_labels import label_judge, majority, over_questions
from app.cli import app

SHARED = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (SHARED / "llmbar").exists(), reason="the public data sets are not beside this checkout"
)


def replies(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "repeat", "value"])


def test_replies_about_an_item_count_by_their_mean_and_are_compared_with_each_other() -> None:
    own = replies(("1", 0, "a"), ("1", 1, "b"), ("2", 0, "a"), ("2", 1, "a"), ("3", 0, "b"))
    found = label_judge(own, pd.Series({"1": "a", "2": "a", "3": "a"}), against="gold")
    # Item 1 is half right, 2 right, 3 wrong: 1.5 of 3.
    assert (found.right, found.n) == (1.5, 3)
    assert (found.repeats.n, found.repeats.same, found.repeats.all_same) == (2, 1, 1)
    # First replies a, a, b against a, a, a: observed 2/3, by chance 2/3: kappa 0.
    assert found.kappa == pytest.approx(0.0)


def test_replies_are_compared_item_by_item_in_whichever_order_they_come() -> None:
    items = [str(number) for number in range(40)]
    own = replies(*((item, repeat, f"{item} says") for repeat in (1, 0) for item in reversed(items)))
    found = label_judge(own, pd.Series(dict.fromkeys(items, "x")), against="gold")
    assert (found.repeats.n, found.repeats.same) == (40, 40)


def test_the_other_order_is_no_retest() -> None:
    # Item 1: a in order 1, twice, and b in order 2. Item 2: a in both. Item 3: order 1 only.
    own = replies(("1", 0, "a"), ("1", 1, "a"), ("1", 2, "b"), ("2", 0, "a"), ("2", 1, "a"), ("3", 0, "b"))
    own["position"] = [1, 1, 2, 1, 2, 1]
    found = label_judge(own, pd.Series({"1": "a", "2": "a", "3": "a"}), against="gold")
    assert (found.repeats.n, found.repeats.same) == (1, 1)
    assert (found.both_orders.n, found.both_orders.same) == (2, 1)


def test_places_in_a_sequence_are_no_orders_of_two_answers() -> None:
    own = replies(("1", 0, "a"), ("1", 1, "b"), ("2", 0, "a")).assign(position=[1, 7, 2])
    found = label_judge(own, pd.Series({"1": "a", "2": "a"}), against="gold")
    assert (found.repeats.n, found.repeats.same, found.both_orders.n) == (1, 0, 0)


def test_each_question_counts_the_same_in_the_mean() -> None:
    # 1 of 1 and 0 of 3 right: the mean of the shares is .5, of the replies .25.
    one = label_judge(replies(("1", 0, "a")), pd.Series({"1": "a"}), against="gold")
    items = [str(number) for number in range(3)]
    other = label_judge(
        replies(*((item, 0, "b") for item in items)), pd.Series(dict.fromkeys(items, "a")), against="gold"
    )
    nothing = label_judge(replies(("1", 0, "a")), pd.Series(dtype=object), against="majority")
    mean = over_questions([one, other, nothing])
    assert (mean.right, mean.questions, mean.both_orders) == (0.5, 2, None)
    assert over_questions([nothing]).right is None


def test_a_tie_of_people_is_no_majority() -> None:
    people = pd.DataFrame(
        [("1", "a"), ("1", "a"), ("1", "b"), ("2", "a"), ("2", "b")], columns=["item", "value"]
    )
    voted, ties = majority(people)
    assert (dict(voted), ties) == ({"1": "a"}, 1)


def test_one_label_throughout_has_no_kappa() -> None:
    own = replies(("1", 0, "a"), ("2", 0, "a"))
    assert label_judge(own, pd.Series({"1": "a", "2": "a"}), against="gold").kappa is None


@pytest.fixture
def milo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MILO_DATABASE_URL", raising=False)
    monkeypatch.setenv("MILO_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
        return result.stdout

    return run


def imported(milo: Any, table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "table.csv", index=False)
    milo("project", "create", "P", "--ratings")
    milo("import", "P", "table.csv", "--format", "ratings")


@needs_data
def test_pandalm_as_published(milo: Any, tmp_path: Path) -> None:
    folder = SHARED / "pandalm" / "data"
    people = pd.DataFrame(json.loads((folder / "testset-v1.json").read_text()))
    names = [f"annotator{number}" for number in (1, 2, 3)]
    table = people.melt("idx", names, "rater", "value").assign(rater_kind="human")
    for name, column in (("gpt-3.5-turbo", "gpt_result"), ("pandalm-7b", "pandalm_result")):
        rows = pd.DataFrame(json.loads((folder / f"{name}-testset-v1.json").read_text()))
        own = rows[["idx", column]].rename(columns={column: "value"})
        own["value"] = own["value"].astype(str).replace({"Tie": "0"})
        table = pd.concat([table, own.assign(rater=name, rater_kind="judge")])
    imported(milo, table.rename(columns={"idx": "item"}).assign(question="better"), tmp_path)
    agreement = json.loads(milo("report", "agreement", "P", "--json"))
    of_people = next(one for one in agreement["questions"] if one["rater_kind"] == "human")
    kappas = {(pair["rater_a"], pair["rater_b"]): pair["kappa"] for pair in of_people["pairs"]}
    assert [round(kappas[pair], 2) for pair in combinations(names, 2)] == [0.85, 0.88, 0.86]
    judges = {row["judge"]: row["figures"] for row in json.loads(milo("report", "judges", "P", "--json"))}
    # The note's majority takes the first label where three people say three things; there are few of these.
    assert judges["gpt-3.5-turbo"]["right"] / judges["gpt-3.5-turbo"]["n"] == pytest.approx(0.698, abs=0.004)
    assert judges["pandalm-7b"]["right"] / judges["pandalm-7b"]["n"] == pytest.approx(0.668, abs=0.004)


@needs_data
@pytest.mark.timeout(400)
def test_llmbar_in_both_orders_as_published(milo: Any, tmp_path: Path) -> None:
    with gzip.open(SHARED / "llmbar" / "dataset.jsonl.gz", "rt") as lines:
        gold = {(row["subset"], row["i"]): str(row["label"]) for row in map(json.loads, lines)}
    rows = []
    with gzip.open(SHARED / "llmbar" / "judgments.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            if row["subset"].startswith("LLMBar"):
                for order in ("ab", "ba"):
                    value = row[order]["winner"] or "none"
                    rows.append((row["i"], row["subset"], row["judge"], value, gold[row["subset"], row["i"]]))
    table = pd.DataFrame(rows, columns=["item", "question", "rater", "value", "gold"])
    imported(milo, table.assign(rater_kind="judge"), tmp_path)
    published = json.loads((SHARED / "llmbar" / "published_statistics.json").read_text())
    compared = 0
    for row in json.loads(milo("report", "judges", "P", "--json")):
        cell = published.get(f"{row['question']}|{row['judge']}")
        if cell is None:
            continue
        compared += 1
        figures = row["figures"]
        right = 100 * figures["right"] / figures["n"]
        same = 100 * figures["repeats"]["same"] / figures["repeats"]["n"]
        assert right == pytest.approx(float(cell["correct_average"].rstrip("%")), abs=0.06)
        agreed = re.search(r"([\d.]+)%", cell["equal"])
        assert agreed is not None and same == pytest.approx(float(agreed.group(1)), abs=0.06)
    assert compared > 100


@needs_data
def test_the_retest_of_prometheus_as_its_note_names_it(milo: Any, tmp_path: Path) -> None:
    with gzip.open(SHARED / "prometheus" / "direct_assessment.jsonl.gz", "rt") as lines:
        found = [json.loads(line) for line in lines]
    rows = [
        (str(number), row["dataset"], "gpt-4", score)
        for number, row in enumerate(found)
        if len(row["gpt4_score"]) == 3 and all(isinstance(score, int | float) for score in row["gpt4_score"])
        for score in row["gpt4_score"]
    ]
    table = pd.DataFrame(rows, columns=["item", "question", "rater", "value"]).assign(rater_kind="judge")
    imported(milo, table, tmp_path)
    report = json.loads(milo("report", "judges", "P", "--json"))
    figures = {row["question"]: row["figures"]["repeats"] for row in report}
    published = {"mt_bench_eval": (0.851, 0.44), "vicuna_eval": (0.809, 0.62)}
    for name, (pearson, all_same) in published.items():
        assert round(figures[name]["pearson"], 3) == pearson
        assert round(figures[name]["all_same"] / figures[name]["n"], 2) == all_same
