"""The figures of public studies, through `milo import` and `milo report`, to the digits that their notes state."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from app.cli import app

SHARED = Path(__file__).parents[3] / "shared" / "data"


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (SHARED / name).exists(), reason=f"{name} is not beside this checkout")


def imported(milo: Any, file: Path, **columns: str) -> dict[str, Any]:
    """A project P of ratings with this table; `columns`: field -> the table's own name for it."""
    milo("project", "create", "P", "--ratings")
    maps = [word for field, column in columns.items() for word in ("--map", f"{field}={column}")]
    told: dict[str, Any] = json.loads(milo("import", "P", str(file), "--format", "ratings", *maps, "--json"))
    return told


def agreement(milo: Any, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(milo("report", "agreement", "P", "--json", *options))
    return found


@needs("dices")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "items", "ratings", "value"),
    [
        # JUDGE-BENCH, results/regular (Bavaresco et al., ACL 2025).
        ("dices_350_crowdsourced", 350, 43_050, 0.16086021565770392),
        ("dices_990", 990, 72_103, 0.14324966231784253),
    ],
)
def test_dices(milo: Any, name: str, items: int, ratings: int, value: float) -> None:
    imported(milo, SHARED / "dices" / f"{name}.csv", rater="slot", value="label")
    (found,) = agreement(milo)["questions"]
    assert found["question"] == "label"  # a table of one question is named like its column of values
    assert found["nominal"]["value"] == pytest.approx(value, abs=1e-9)
    assert (found["nominal"]["n_items"], found["nominal"]["n_ratings"]) == (items, ratings)
    assert (found["nominal"]["n_duplicates"], found["labels"]) == (0, 3)


@needs("convabuse")
@pytest.mark.slow
def test_convabuse(milo: Any, tmp_path: Path) -> None:
    """NOTE.md: of the first answers alpha nominal .437, ordinal .660, interval .734, abuse or not .652."""
    table = pd.read_csv(SHARED / "convabuse" / "annotations.csv", keep_default_na=False)
    severity = table.assign(question="severity", value=table["severity"])
    abuse = table.assign(question="abuse", value=(table["severity"] < 0).map({True: "yes", False: "no"}))
    types = [json.dumps([word for word in cell.split(";") if word]) for cell in table["types"]]
    kinds = table.assign(question="types", value=types)
    pd.concat([severity, abuse, kinds]).to_csv(tmp_path / "c.csv", index=False)
    told = imported(milo, tmp_path / "c.csv", rater="annotator_id")
    assert (told["rows"], told["repeats"]) == (3 * 12_768, 3 * 357)
    report = agreement(milo)
    found = {one["question"]: one for one in report["questions"]}
    digits = {
        metric: round(found["severity"][metric]["value"], 3) for metric in ("nominal", "ordinal", "interval")
    }
    assert digits == {"nominal": 0.437, "ordinal": 0.660, "interval": 0.734}
    assert round(found["abuse"]["nominal"]["value"], 3) == 0.652
    counted = found["severity"]["nominal"]
    assert (counted["n_items"] + counted["n_single"], counted["n_raters"]) == (4185, 8)
    assert counted["n_duplicates"] == 357
    (sets,) = report["label_sets"]
    assert sets["duplicates"] == 357 and sets["masi"]["n_items"] == counted["n_items"]
    # Partly equal sets agree in part: by MASI and Jaccard more than by equal or not.
    assert sets["nominal"]["value"] < sets["masi"]["value"] < sets["jaccard"]["value"]
    assert sets["masi"]["low"] < sets["masi"]["value"] < sets["masi"]["high"]


CROWDS = [
    # name, judgments, workers, tasks, judgment accuracy, vote, Dawid and Skene
    ("CF_amt", 6_030, 110, 300, None, 0.853, 0.840),
    ("SP_amt", 10_000, 143, 500, None, 0.943, 0.944),
    ("ZenCrowd_us", 12_190, 74, 2_040, 0.770, 0.861, 0.823),
    ("ZenCrowd_in", 11_205, 25, 2_040, 0.678, 0.741, 0.757),
]


@needs("active_crowd_toolkit")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "judgments", "workers", "tasks", "right", "by_vote", "by_model"), CROWDS)
def test_crowds(
    milo: Any,
    name: str,
    judgments: int,
    workers: int,
    tasks: int,
    right: float | None,
    by_vote: float,
    by_model: float,
) -> None:
    file = SHARED / "active_crowd_toolkit" / f"{name}.csv"
    told = imported(milo, file, item="task", rater="worker", value="label")
    assert told["rows"] == judgments
    truth = pd.read_csv(file, dtype=str).dropna(subset=["gold"]).groupby("task")["gold"].first()

    def labels(method: str, *options: str) -> Any:
        # Workers rated some tasks twice, and the figures of the note count every judgment.
        return json.loads(milo("report", "labels", "P", "--method", method, "--repeats", "--json", *options))

    def accuracy(items: list[dict[str, Any]]) -> float:
        """Ties split."""
        points = []
        for one in items:
            if one["item"] not in truth.index:
                continue
            top = max(one["shares"].values())
            best = [label for label, share in one["shares"].items() if share >= top - 1e-9]
            points.append((truth[one["item"]] in best) / len(best))
        return sum(points) / len(points)

    vote = labels("vote")
    assert (vote["n_raters"], len(vote["items"])) == (workers, tasks)
    assert round(accuracy(vote["items"]), 3) == by_vote
    assert round(accuracy(labels("dawid-skene", "--anyway")["items"]), 3) == by_model
    if name == "ZenCrowd_us":  # where most workers have few ratings, and the vote is better
        refused = CliRunner().invoke(app, ["report", "labels", "P", "--method", "dawid-skene"])
        assert "only 34 of 74 raters have 20 or more (median 15)" in str(refused.exception)
    skill = labels("weighted-vote")["skill"].values()
    shares = sum(one["right"] for one in skill) / sum(one["n"] for one in skill)
    if right is not None:
        assert round(shares, 3) == right


@needs("dawid_skene1979")
def test_dawid_and_skene_s_anaesthetists(milo: Any) -> None:
    """Prevalence and observer 1's error rates of the paper, whose three ratings of a patient all count."""
    told = imported(milo, SHARED / "dawid_skene1979" / "anesthetists.csv", value="label")
    assert (told["rows"], told["repeats"]) == (315, 90)
    report = ("report", "labels", "P", "--method", "dawid-skene", "--repeats", "--json")
    found = json.loads(milo(*report))
    assert [round(share, 2) for share in found["prevalence"].values()] == [0.40, 0.42, 0.11, 0.07]
    expected = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    for row, wanted in zip(found["confusion"]["1"], expected, strict=True):
        assert row == pytest.approx(wanted, abs=0.0075)  # .01 is added to each count
    assert (len(found["items"]), found["ties"], found["n_raters"]) == (45, 0, 5)


@needs("pandalm")
def test_pandalm(milo: Any, tmp_path: Path) -> None:
    """README: kappas .85, .88, .86, majority 105, 422, 472; recomputed: judges right .698 and .668 of the majority."""
    folder = SHARED / "pandalm" / "data"

    def read(name: str) -> pd.DataFrame:
        return pd.DataFrame(json.loads((folder / f"{name}-testset-v1.json").read_text()))

    people = pd.DataFrame(json.loads((folder / "testset-v1.json").read_text()))
    parts = [
        pd.DataFrame({"item": people["idx"], "rater": name, "rater_kind": "human", "value": people[name]})
        for name in ("annotator1", "annotator2", "annotator3")
    ]
    for name, column in (("gpt-3.5-turbo", "gpt_result"), ("pandalm-7b", "pandalm_result")):
        judged = read(name)
        value = judged[column].astype(str).replace({"Tie": "0"})
        parts.append(
            pd.DataFrame({"item": judged["idx"], "rater": name, "rater_kind": "judge", "value": value})
        )
    table = pd.concat(parts).assign(question="better")
    table["value"] = table["value"].astype(str)
    table.to_csv(tmp_path / "p.csv", index=False)
    imported(milo, tmp_path / "p.csv")
    (found,) = (one for one in agreement(milo)["questions"] if one["rater_kind"] == "human")
    assert [round(pair["kappa"], 2) for pair in found["pairs"]] == [0.85, 0.88, 0.86]
    assert {pair["n"] for pair in found["pairs"]} == {999}
    vote = json.loads(milo("report", "labels", "P", "--method", "vote", "--json"))
    assert Counter(one["label"] for one in vote["items"]) == {"0": 105, "1": 422, "2": 472}
    judges = {one["judge"]: one["figures"] for one in json.loads(milo("report", "judges", "P", "--json"))}
    right = {name: round(one["right"] / one["n"], 3) for name, one in judges.items()}
    assert right == {"gpt-3.5-turbo": 0.698, "pandalm-7b": 0.668}
    assert {one["against"] for one in judges.values()} == {"majority"}
    beside = {one["judge"]: one for one in json.loads(milo("report", "alignment", "P", "--json"))}
    gpt = beside["gpt-3.5-turbo"]
    assert (gpt["unscored"], gpt["no_number"]) == (25, {"n": 25, "examples": {"garbage": 25}})
    # 974 answers with three people each, drawn again as answers: computed apart from MILO with a loop over draws.
    pairs = gpt["with_people"]
    assert (pairs["n"], pairs["answers"], round(pairs["kappa"], 3)) == (2922, 974, 0.356)
    assert [pairs["low"], pairs["high"]] == pytest.approx([0.299, 0.417], abs=0.006)
    assert pairs["equal_interval"] == pytest.approx([0.681, 0.736], abs=0.004)
    assert [gpt["scores"]["bias"][name] for name in ("value", "low", "high")] == pytest.approx(
        [0.0691, 0.029, 0.110], abs=0.003
    )
    assert "no numbers of the judge: 25 ('garbage' 25 times)" in milo("report", "alignment", "P")


@needs("llmbar")
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_llmbar(milo: Any, tmp_path: Path) -> None:
    """Accuracy over both orders and positional agreement of every cell that the authors published."""
    folder = SHARED / "llmbar"
    with gzip.open(folder / "dataset.jsonl.gz", "rt") as lines:
        gold = {(row["subset"], row["i"]): str(row["label"]) for row in map(json.loads, lines)}
    with (
        gzip.open(folder / "judgments.jsonl.gz", "rt") as lines,
        (tmp_path / "l.jsonl").open("w") as out,
    ):
        for row in map(json.loads, lines):
            for order in ("ab", "ba"):
                out.write(
                    json.dumps(
                        {
                            "item": str(row["i"]),
                            "rater": row["judge"],
                            "rater_kind": "judge",
                            "question": row["subset"],
                            "value": row[order]["winner"] or "none",
                            "gold": gold[row["subset"], row["i"]],
                        }
                    )
                    + "\n"
                )
    imported(milo, tmp_path / "l.jsonl")
    published = json.loads((folder / "published_statistics.json").read_text())
    compared = 0
    for one in json.loads(milo("report", "judges", "P", "--json")):
        cell = published.get(f"{one['question']}|{one['judge']}")
        if cell is None:
            continue
        figures, repeats = one["figures"], one["figures"]["repeats"]
        printed = re.search(r"([\d.]+)%", cell["equal"])
        assert printed is not None
        assert 100 * figures["right"] / figures["n"] == pytest.approx(
            float(cell["correct_average"].rstrip("%")), abs=0.06
        )
        assert 100 * repeats["same"] / repeats["n"] == pytest.approx(float(printed[1]), abs=0.06)
        compared += 1
    assert compared == 499
