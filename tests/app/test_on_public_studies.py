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
    # name, judgments, workers, tasks, judgment accuracy, vote, Dawid and Skene, quick, others
    ("CF_amt", 6_030, 110, 300, None, 0.853, 0.840, 0.60, 0.71),
    ("SP_amt", 10_000, 143, 500, None, 0.943, 0.944, 0.79, 0.90),
    ("ZenCrowd_us", 12_190, 74, 2_040, 0.770, 0.861, 0.823, 0.69, 0.78),
    ("ZenCrowd_in", 11_205, 25, 2_040, 0.678, 0.741, 0.757, 0.72, 0.68),
]
"""The note has .79 for the others of ZenCrowd_us, which are .7846."""


@needs("active_crowd_toolkit")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "judgments", "workers", "tasks", "right", "by_vote", "by_model", "quick", "others"), CROWDS
)
def test_crowds(
    milo: Any,
    name: str,
    judgments: int,
    workers: int,
    tasks: int,
    right: float | None,
    by_vote: float,
    by_model: float,
    quick: float,
    others: float,
) -> None:
    file = SHARED / "active_crowd_toolkit" / f"{name}.csv"
    told = imported(milo, file, item="task", rater="worker", value="label")
    assert told["rows"] == judgments

    def labels(method: str, *options: str) -> Any:
        # Workers rated some tasks twice, and the figures of the note count every judgment.
        return json.loads(milo("report", "labels", "P", "--method", method, "--repeats", "--json", *options))

    vote, model = labels("vote"), labels("dawid-skene", "--anyway")
    assert (vote["n_raters"], len(vote["items"])) == (workers, tasks)
    assert (vote["on_gold"]["n"], vote["on_gold"]["ties"]) == (tasks, vote["ties"])
    assert round(vote["on_gold"]["split"], 3) == by_vote
    assert round(model["on_gold"]["split"], 3) == by_model
    if name == "ZenCrowd_us":  # where most workers have few ratings, and the vote is better
        refused = CliRunner().invoke(app, ["report", "labels", "P", "--method", "dawid-skene"])
        assert "only 34 of 74 raters have 20 or more (median 15)" in str(refused.exception)
    single = vote["judgments"]
    assert (single["n"], single["n_raters"]) == (judgments, workers)
    if right is not None:
        assert round(single["value"], 3) == right
    weighted = labels("weighted-vote")
    assert "all other known items" in weighted["on_gold"]["held_out"]
    assert sum(one["right"] for one in weighted["skill"].values()) == single["count"]
    (signs,) = json.loads(milo("report", "raters", "P", "--repeats", "--json"))
    figures = signs["figures"]
    assert figures["judgments"] == single
    assert (round(figures["quick"]["value"], 2), round(figures["others"]["value"], 2)) == (quick, others)
    assert {one["signal"]: round(one["auroc"], 2) for one in figures["finds"]} == SIGNS[name]


SIGNS = {
    "CF_amt": {"within_3s": 0.47, "relative_time": 0.45, "top_label": 0.73, "peers": 0.93},
    "SP_amt": {"within_3s": 0.35, "relative_time": 0.37, "top_label": 0.73, "peers": 0.97},
    "ZenCrowd_us": {"within_3s": 0.49, "relative_time": 0.54, "top_label": 0.19, "peers": 0.82},
    "ZenCrowd_in": {"within_3s": 0.50, "relative_time": 0.65, "top_label": 0.24, "peers": 0.80},
}
"""The ranges of the note: .35 to .50, .37 to .65, .19 to .73, .80 to .97. They are those of workers with ten judgments
or more, of whom those are bad whose accuracy lies more than .1 below the median worker's."""


def test_the_ranges_of_the_note_are_those_of_the_four_sets() -> None:
    ranges = {
        sign: (min(one[sign] for one in SIGNS.values()), max(one[sign] for one in SIGNS.values()))
        for sign in SIGNS["CF_amt"]
    }
    assert ranges == {
        "within_3s": (0.35, 0.50),
        "relative_time": (0.37, 0.65),
        "top_label": (0.19, 0.73),
        "peers": (0.80, 0.97),
    }


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
    assert found["smoothing"] == 0.01
    # The note's log-likelihood is that of the paper's own estimate, to which nothing is added.
    plain = json.loads(milo(*report, "--smoothing", "0"))
    assert (plain["smoothing"], round(plain["log_likelihood"], 4)) == (0.0, -192.8909)
    printed = milo(*report[:-1], "--smoothing", "0")
    assert "0 added to each count; log-likelihood -192.8909" in printed


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
                            "order": 1 if order == "ab" else 2,
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
        figures, orders = one["figures"], one["figures"]["both_orders"]
        assert figures["repeats"]["n"] == 0
        printed = re.search(r"([\d.]+)%", cell["equal"])
        assert printed is not None
        assert 100 * figures["right"] / figures["n"] == pytest.approx(
            float(cell["correct_average"].rstrip("%")), abs=0.06
        )
        assert 100 * orders["same"] / orders["n"] == pytest.approx(float(printed[1]), abs=0.06)
        compared += 1
    assert compared == 499
    adversarial = [f"LLMBar/Adversarial/{name}" for name in ("Neighbor", "GPTInst", "GPTOut", "Manual")]
    named = [word for name in adversarial for word in ("--question", name)]
    rows = json.loads(milo("report", "judges", "P", "--json", *named))
    mean = next(one["over_questions"] for one in rows if one["judge"] == "ChatGPT/Metrics")
    assert mean["questions"] == 4 and round(100 * mean["right"], 1) == 37.3  # the paper's adversarial average
