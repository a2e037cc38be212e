"""Rating tables of two public studies, through import and report, against independent figures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from app.cli import app
from benchmarks.long_tables import greinacher2017, hanna

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (SHARED / "hanna").exists(), reason="the public data sets are not beside this checkout"
)


@needs_data
def test_hannas_alpha_is_that_of_an_independent_library(milo: Any, tmp_path: Path) -> None:
    import krippendorff

    table = hanna(SHARED / "hanna")
    table.to_csv(tmp_path / "hanna.csv", index=False)
    milo("project", "create", "HANNA", "--ratings")
    milo("import", "HANNA", "hanna.csv", "--format", "ratings")
    report = json.loads(milo("report", "agreement", "HANNA", "--json"))
    found = {(q["question"], q["rater_kind"]): q for q in report["questions"]}
    people = table[(table["rater_kind"] == "human")]
    criterion = str(people["question"].iloc[0])
    matrix = people[people["question"] == criterion].pivot_table(
        index="rater", columns="item", values="value"
    )
    for metric in ("nominal", "ordinal", "interval"):
        expected = krippendorff.alpha(reliability_data=matrix.to_numpy(), level_of_measurement=metric)
        assert found[(criterion, "human")][metric]["value"] == pytest.approx(expected, abs=1e-12)
    assert found[(criterion, "human")]["nominal"]["n_items"] == 1056
    assert {kind for _, kind in found} == {"human", "judge"}  # never mixed


@needs_data
def test_greinachers_study_gives_its_figures(milo: Any, tmp_path: Path) -> None:
    table = greinacher2017(SHARED / "greinacher2017")
    table.to_csv(tmp_path / "g.csv", index=False)
    milo("project", "create", "Greinacher", "--ratings")
    milo("import", "Greinacher", "g.csv", "--format", "ratings")
    report = json.loads(milo("report", "time", "Greinacher", "--json"))
    levels = {level: f"suggestions {level} % right" for level in (10, 50, 90)}

    def percent(effect: dict[str, float]) -> tuple[float, float, float]:
        low, value, high = (round(100 * effect[name], 2) for name in ("low", "change", "high"))
        return value, low, high

    # NOTE.md of the data set: two-way fixed effects, cluster-robust by annotator.
    assert percent(report["effect"]) == (-8.84, -12.39, -5.15)
    assert report["effect"]["method"] == "cluster-robust"
    assert (report["effect"]["n"], report["effect"]["n_raters"], report["left_out"]) == (4816, 66, 2)
    assert {level: percent(report["arm_effects"][arm]) for level, arm in levels.items()} == {
        10: (5.78, 2.86, 8.77),
        50: (-8.41, -11.64, -5.06),
        90: (-21.79, -25.99, -17.36),
    }
    shares = {quality["arm"]: quality["value"] for quality in report["quality"]}
    for arm, group in table[table["question"] == "all_entities_right"].groupby("arm"):
        assert shares[str(arm)] == pytest.approx(float(np.mean(group["value"] == "yes")))
    # Right suggestions kept and wrong ones kept, of those shown.
    kept = {
        one["group"][0]: (
            one["under"]["n"] - one["under"]["count"], one["under"]["n"], one["over"]["count"], one["over"]["n"]
        )
        for one in report["suggestions"]["reliance_by_arm"]
    }  # fmt: skip
    assert kept == {
        levels[10]: (326, 341, 63, 924),
        levels[50]: (1639, 1716, 54, 484),
        levels[90]: (2945, 3069, 17, 110),
    }
    # R. P. Greinacher, bachelor thesis, 2017, section 4.1: t(21) and the mean of the differences.
    tests = {(one["measure"], one["arm"]): one["paired"] for one in report["paired"]}
    published = {
        "correctness": ((-0.521, -0.62), (2.123, 3.67), (4.367, 6.05)),
        "seconds_per_correct": ((0.762, 0.51), (-2.151, -1.65), (-6.416, -1.93)),
        "misses": ((-1.176, -1.55), (-2.383, -2.80), (-3.591, -3.94)),
    }
    for measure, printed in published.items():
        for arm, expected in zip(levels.values(), printed, strict=True):
            found = tests[measure, arm]
            assert (round(found["t"], 3), round(found["difference"], 2)) == expected, (measure, arm)
            assert (found["n"], found["degrees"]) == (22, 21)
    # Seven of 4,816 times lie beyond five times their paragraph's median; capped, the effect is -8.80 %.
    assert (report["outliers"]["n"], round(100 * report["outliers"]["effect"]["change"], 2)) == (7, -8.80)


def test_what_looks_wrong_in_a_table_of_ratings_is_told_by_command(milo: Any, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "item,rater,question,value\n1,a,q,yes\n1,b,q,y\u0435s\n1,b,q,yes\n2,a,q,no\n", encoding="utf-8"
    )
    milo("project", "create", "R", "--ratings")
    told = milo("import", "R", "r.csv", "--format", "ratings")
    assert "1 further ratings of a rater" in told
    assert "q: 'y\\u0435s' (1 times) looks like 'yes' and stays another label" in told
    report = milo("report", "agreement", "R")
    assert "note: 1 ratings say 'y\\u0435s', which looks like 'yes'" in report
    assert "note: 1 further ratings of a rater for the same item are left out" in report
    assert "note: 1 item has one rating only and is left out" in report


def test_raters_periods_and_metadata_are_chosen_by_command(milo: Any, tmp_path: Path) -> None:
    rows = [
        f"{n},{rater},q,{'xy'[n % 2 if rater == 'a' or n < 12 else 0]},{'de' if n < 12 else 'en'},2026-03-{1 + n // 12:02d}T10:00:00Z"
        for n in range(24)
        for rater in "ab"
    ]
    (tmp_path / "r.csv").write_text(
        "\n".join(["item,rater,question,value,language,created_at", *rows]) + "\n"
    )
    milo("project", "create", "R", "--ratings")
    milo("import", "R", "r.csv", "--format", "ratings")
    plain = json.loads(milo("report", "agreement", "R", "--json"))
    assert "chosen" not in plain and "slices" not in plain and plain["label_sets"] == []
    first = ("--until", "2026-03-01", "--rater", "a", "--rater", "b")
    report = json.loads(milo("report", "agreement", "R", "--json", *first, "--by", "language"))
    assert report["chosen"]["nominal"]["value"] == 1.0
    assert report["chosen"]["left_out"] == {"outside the period": 24}
    # en: six of twelve items x against y, the others x and x.
    shares = {one["value"]: one["figures"][0]["value"] for one in report["slices"][0]["slices"]}
    assert shares == {"de": 1.0, "en": pytest.approx(1 - (12 / 24) / (216 / 552))}
    told = milo("report", "agreement", "R", "--where", "language=en", "--kind", "human")
    assert "left out: 24 where language is not en" in told and "label x" in told


def test_a_project_and_its_file_by_command_alone(milo: Any, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "questions: [{id: q, type: choice, title: Q, options: [{value: a}, {value: b}]}]"
    )
    pd.DataFrame({"id": [1, 2], "body": ["x", "y"]}).to_csv(tmp_path / "items.csv", index=False)
    milo("project", "create", "P", "--schema", "s.yaml")
    assert "would add 2" in milo("import", "P", "items.csv", "--map", "text=body", "--dry-run")
    assert "added 2" in milo("import", "P", "items.csv", "--map", "text=body")
    assert json.loads(milo("project", "show", "P", "--json"))["items"] == 2
    milo("user", "add", "ann", "--password", "long enough")
    milo("user", "role", "ann", "P", "annotator")
    assert [user["login"] for user in json.loads(milo("user", "list", "--json"))] == ["ann"]
    assert "wrote 0 rows" in milo("export", "P", "--out", "o.csv", "--format", "csv")
    assert {"helpfulness", "customer-answer"} <= {
        row["name"] for row in json.loads(milo("rubrics", "list", "--json"))
    }
    assert "expected shape" in milo("db", "check")


def test_a_job_is_started_watched_cancelled_and_resumed_by_command(milo: Any, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "questions: [{id: q, type: choice, title: Q, options: [{value: a}, {value: b}]}]"
    )
    rows = [
        {"id": n, "text": f"{'apple pear' if n % 2 else 'hammer nail'} {n}", "gold": {"q": "ab"[n % 2]}}
        for n in range(60)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    milo("project", "create", "P", "--schema", "s.yaml")
    milo("import", "P", "items.jsonl")
    job = json.loads(milo("preannotate", "P", "--json"))["job"]
    assert [row["calls"]["queued"] for row in json.loads(milo("jobs", "list", "P", "--json"))] == [1]
    assert "cancelled 1 calls" in milo("jobs", "cancel", str(job))
    assert "queued 0 calls" in milo("jobs", "retry", str(job))  # nothing failed
    assert json.loads(milo("jobs", "show", str(job), "--json"))["calls"]["cancelled"] == 1
    assert "queued 1 calls" in milo("jobs", "resume", str(job))
    assert "1 queued" in milo("jobs", "show", str(job))


def test_a_mistake_is_one_line_and_exit_code_one(
    milo: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from app.cli import main

    (tmp_path / "file").write_text("x")
    for arguments, words in (
        (["project", "show", "nothing"], "no project 'nothing'"),
        (["import", "nothing", "x.docx"], "no project"),
        (["demo", "--data-dir", str(tmp_path / "file" / "below"), "--no-browser"], "cannot be written"),
        (["judge", "missing.jsonl"], "No such file"),
        (["judge", "missing.jsonl", "--rubric", "none"], "neither a file nor a rubric"),
    ):
        monkeypatch.setattr(sys, "argv", ["milo", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        error = capsys.readouterr().err.strip()
        assert words in error and len(error.splitlines()) == 1, error


def test_a_taken_port_is_said_in_one_line(
    milo: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket
    import sys

    from app.cli import main

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(
            sys, "argv", ["milo", "serve", "--port", str(port), "--data-dir", str(tmp_path / "d")]
        )
        with pytest.raises(SystemExit):
            main()
    assert f"port {port}" in capsys.readouterr().err


def test_a_wrong_setting_stops_the_start_with_its_name(
    milo: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from app.cli import main

    monkeypatch.setenv("MILO_PORT", "eighty")
    monkeypatch.setattr(sys, "argv", ["milo", "project", "list"])
    with pytest.raises(SystemExit):
        main()
    assert "MILO_PORT" in capsys.readouterr().err


def test_an_import_of_ratings_counts_what_ratings_have(milo: Any, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "item,rater,question,value,gold,seconds\n1,a,q,yes,yes,3\n1,b,q,no,yes,\n2,a,q,no,,\n"
    )
    milo("project", "create", "R", "--ratings")
    told = json.loads(milo("import", "R", "r.csv", "--format", "ratings", "--dry-run", "--json"))
    assert (told["rows"], told["gold"], told["seconds"], told["suggestions"]) == (3, 2, 1, 0)
    assert "new_versions" not in told and told["repeats"] == 0
    words = milo("import", "R", "r.csv", "--format", "ratings")
    assert (
        "r.csv: 3 rows; added 3 ratings; with a known answer 2, with seconds 1, with a suggestion 0" in words
    )
    assert "versions" not in words


def test_sets_with_empty_ones_come_in_as_they_are(milo: Any, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("item,who,types\n1,a,\n1,b,\n2,a,x;y\n2,b,x\n")
    milo("project", "create", "R", "--ratings")
    milo(
        "import",
        "R",
        "r.csv",
        "--format",
        "ratings",
        "--map",
        "rater=who",
        "--map",
        "value=types",
        "--sets",
        "types",
    )
    (found,) = json.loads(milo("report", "agreement", "R", "--json"))["label_sets"]
    assert (found["question"], found["empty"], found["malformed"]) == ("types", 2, 0)
    # {} {}; {x,y} {x}. Jaccard distance of the second pair 1/2: D_o = (0 + 1/2)/2. Of the 4*3/2 pairs of all values:
    # {}{} 0, {} against the others 4 times 1, {x,y}{x} 1/2: D_e = 4.5/6; alpha = 1 - (1/4)/(3/4)
    assert found["jaccard"]["value"] == pytest.approx(2 / 3)


def test_a_report_on_nothing_says_so(milo: Any) -> None:
    milo("project", "create", "R", "--ratings")
    assert "no ratings yet" in milo("report", "agreement", "R")
    assert "no rater of kind judge" in milo("report", "judges", "R")
    assert "no rater of kind judge" in milo("report", "alignment", "R")
    assert json.loads(milo("report", "judges", "R", "--json")) == []


def refusal(*arguments: str) -> str:
    """What a command that is refused says."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code != 0
    return str(result.exception)


def test_a_command_that_needs_a_question_says_which_there_are(milo: Any, tmp_path: Path) -> None:
    milo("project", "create", "R", "--ratings")
    assert "no ratings yet" in refusal("report", "labels", "R")
    assert "no ratings yet" in refusal("report", "agreement", "R", "--kind", "human")
    (tmp_path / "r.csv").write_text("item,rater,question,value\n1,a,p,x\n1,a,q,x\n")
    milo("import", "R", "r.csv", "--format", "ratings")
    assert "name one with --question: p, q" in refusal("report", "labels", "R")
    assert "name one with --question: p, q" in refusal("report", "agreement", "R", "--kind", "human")
    assert "--question 'r': there are p, q" in refusal("report", "agreement", "R", "--question", "r")
    assert (
        "weighted-vote" in (said := refusal("report", "labels", "R", "--method", "foo")) and "final" in said
    )
