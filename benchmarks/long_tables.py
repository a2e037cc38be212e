"""Wide tables of two public studies to the long table that `milo import --format ratings` takes.

    python benchmarks/long_tables.py hanna FOLDER --out hanna.csv
    python benchmarks/long_tables.py greinacher2017 FOLDER --out greinacher.csv

HANNA: one row per story, criterion and rater; three people and four judges. Greinacher 2017: one row per
paragraph and person, with seconds, arm and order; the value is whether every entity was marked as in the gold.
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
    rows = pd.read_csv(folder / "paragraphs.csv")
    perfect = (rows["final_correct"] == rows["n_gold"]) & (rows["n_final"] == rows["n_gold"])
    return pd.DataFrame(
        {
            "item": rows["doc"].astype(str) + "/" + rows["paragraph"].astype(str),
            "rater": rows["subject"],
            "question": "all_entities_right",
            "value": perfect.map({True: "yes", False: "no"}),
            "seconds": rows["seconds"],
            "arm": rows["assisted"].astype(bool).map({True: "suggestion", False: "none"}),
            "order": rows["position"],
            "gold": "yes",
            "suggestion_accuracy": rows["level"],
        }
    )


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
