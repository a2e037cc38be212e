"""Wide tables of two public studies to the long table that `milo import --format ratings` takes.

    python benchmarks/long_tables.py hanna FOLDER --out hanna.csv
    python benchmarks/long_tables.py greinacher2017 FOLDER --out greinacher.csv

HANNA: one row per story, criterion and rater; three people and four judges. Greinacher 2017, whose arms are suggestions
right in 10, 50 and 90 % and none: `all_entities_right`, one row per paragraph and person, with seconds and order;
`suggested_entity`, one row per suggestion, with what the person left at its place; and the author's three measures, one
row per block of paragraphs and person.
"""

import argparse
from pathlib import Path

import pandas as pd


def hanna(folder: Path) -> pd.DataFrame:
    wide = pd.read_csv(folder / "hanna_tidy.csv.gz")
    raters = [name for name in wide.columns if name not in ("system", "story", "criterion")]
    long = wide.melt(["system", "story", "criterion"], raters, "rater", "value").dropna(subset="value")
    return pd.DataFrame(
        {
            "item": long["system"].astype(str) + "/" + long["story"].astype(str),
            "rater": long["rater"],
            "question": long["criterion"],
            "value": long["value"],
            "rater_kind": long["rater"].str.startswith("human").map({True: "human", False: "judge"}),
            "system": long["system"],
        }
    )


def greinacher2017(folder: Path) -> pd.DataFrame:
    return pd.concat([_paragraphs(folder), _suggestions(folder), _blocks(folder)], ignore_index=True)


def _arm(assisted: pd.Series, level: pd.Series) -> pd.Series:
    return ("suggestions " + level.astype(str) + " % right").where(assisted.astype(bool), "none")


def _paragraphs(folder: Path) -> pd.DataFrame:
    rows = pd.read_csv(folder / "paragraphs.csv")
    perfect = (rows["final_correct"] == rows["n_gold"]) & (rows["n_final"] == rows["n_gold"])
    return pd.DataFrame(
        {
            "item": rows["doc"].astype(str) + "/" + rows["paragraph"].astype(str),
            "rater": rows["subject"],
            "question": "all_entities_right",
            "value": perfect.map({True: "yes", False: "no"}),
            "seconds": rows["seconds"],
            "arm": _arm(rows["assisted"], rows["level"]),
            "order": rows["position"],
            "gold": "yes",
        }
    )


def _suggestions(folder: Path) -> pd.DataFrame:
    """The label at the very borders of a suggested entity: suggested, in the gold, and in the end; `nothing` where
    there is none.
    """
    spans = pd.read_csv(folder / "spans.csv", dtype={"subject": str})
    levels = pd.read_csv(folder / "subjects.csv", dtype={"subject_id": str}).set_index("subject_id")
    place = ["doc", "paragraph", "start", "end"]
    sources = {name: rows.drop(columns="source") for name, rows in spans.groupby("source")}
    gold = sources["gold"].drop(columns="subject").rename(columns={"label": "gold"})
    final = sources["subject"].rename(columns={"label": "value"})
    # A person may have marked the same words twice; the suggestion is kept if one of the marks is it.
    shown = (
        sources["suggestion"]
        .merge(gold, how="left", on=place)
        .merge(final, how="left", on=["subject", *place])
    )
    shown = shown.assign(other=shown["value"] != shown["label"]).sort_values("other", kind="stable")
    shown = shown.drop_duplicates(["subject", *place])
    level = shown["subject"].map(levels["assistance_level"])
    borders = shown[place].astype(str)
    return pd.DataFrame(
        {
            "item": borders["doc"]
            + "/"
            + borders["paragraph"]
            + "/"
            + borders["start"]
            + "-"
            + borders["end"],
            "rater": shown["subject"],
            "question": "suggested_entity",
            "value": shown["value"].fillna("nothing"),
            "arm": _arm(pd.Series(True, index=shown.index), level),
            "gold": shown["gold"].fillna("nothing"),
            "suggestion": shown["label"],
        }
    )


def _blocks(folder: Path) -> pd.DataFrame:
    wide = pd.read_csv(folder / "subjects.csv")
    sums = (
        pd.read_csv(folder / "paragraphs.csv")
        .groupby(["subject", "block"], as_index=False)[["seconds", "final_correct"]]
        .sum()
    )
    parts = []
    for block in range(4):
        own = wide.filter(like=f"block_{block}_").rename(columns=lambda name: name.removeprefix("block_")[2:])
        mine = sums[sums["block"] == block].set_index("subject").loc[wide["subject_id"]].reset_index()
        measures = {
            "correctness": own["correctness"],
            "seconds_per_correct": mine["seconds"] / mine["final_correct"],
            "misses": 100 * own["mistake_missed_count"] / own["total_annotations_count"],
        }
        for question, value in measures.items():
            parts.append(
                pd.DataFrame(
                    {
                        "item": f"block {block}",
                        "rater": wide["subject_id"],
                        "question": question,
                        "value": value,
                        "arm": _arm(own["assistance_present"], wide["assistance_level"]),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=["hanna", "greinacher2017"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    table = {"hanna": hanna, "greinacher2017": greinacher2017}[given.study](given.folder)
    table.to_csv(given.out, index=False)
    print(f"{len(table)} ratings in {given.out}")


if __name__ == "__main__":
    main()
