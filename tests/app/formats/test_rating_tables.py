"""Tables of ratings as other tools write them: what their columns mean, and what is said of those that cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.formats import RatingsTable, read_ratings


def write(folder: Path, data: bytes | str, name: str = "r.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(table: RatingsTable) -> list[tuple[Any, ...]]:
    return [
        (row["item"], row["rater"], row["question"], row["value"])
        for batch in table.records(100)
        for row in batch
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.csv", "item;rater;value\n1;ann;a, b\n"),
        ("r.txt", "item\trater\tvalue\n1\tann\ta, b\n"),
        ("r.txt", "item;rater;value\n1;ann;a, b\n"),
        ("r.txt", 'item,rater,value\n1,ann,"a, b"\n'),
        ("r.csv", '"item";"rater";"value"\n1;ann;a, b\n'),
        ("r.csv", '"item","rater","value"\n1,ann,"a, b"\n'),
        ("r.tsv", "item\trater\tvalue\n1\tann\ta, b\n"),
    ],
)
def test_the_header_says_what_stands_between_cells(tmp_path: Path, name: str, data: str) -> None:
    table = read_ratings(write(tmp_path, data, name))
    assert (rows(table), table.bad_rows) == ([("1", "ann", "value", "a, b")], ())


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("Item,RATER, Value", [("Item", "item"), ("RATER", "rater"), (" Value", "value")]),
        ("task_id,WorkerId,Answer", [("task_id", "item"), ("WorkerId", "rater"), ("Answer", "value")]),
        ("doc,annotator,label", [("doc", "item"), ("annotator", "rater"), ("label", "value")]),
        ("unit id,user,score", [("unit id", "item"), ("user", "rater"), ("score", "value")]),
        ("example,coder,rating", [("example", "item"), ("coder", "rater"), ("rating", "value")]),
        ("item,rater,value", []),
    ],
)
def test_columns_by_other_usual_names_are_taken_and_told(
    tmp_path: Path, header: str, taken: list[tuple[str, str]]
) -> None:
    table = read_ratings(write(tmp_path, f"{header}\n1,ann,x\n"))
    assert list(table.taken) == taken
    assert [row[:2] + row[3:] for row in rows(table)] == [("1", "ann", "x")]


def test_a_column_of_the_very_name_goes_before_one_that_is_like_it(tmp_path: Path) -> None:
    path = write(tmp_path, "item,rater,Rater,worker,value,label\n1,ann,R,w,x,l\n")
    table = read_ratings(path)
    assert (rows(table), table.taken) == ([("1", "ann", "value", "x")], ())
    ((row,),) = table.records(10)
    assert row["meta"] == {"Rater": "R", "worker": "w", "label": "l"}


def test_a_column_that_another_was_mapped_to_is_kept_as_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, "item,rater,value,label\n1,ann,0.25,good\n")
    table = read_ratings(path, mapping={"value": "label"})
    ((row,),) = table.records(10)
    assert (row["value"], row["question"], row["meta"]) == ("good", "label", {"value (column)": "0.25"})


def test_columns_called_like_our_own_figures_stay_metadata(tmp_path: Path) -> None:
    path = write(
        tmp_path, "item,rater,value,number,repeat,position,rated_at\n1,a,x,seven,r,p,t\n1,a,y,8,s,q,u\n"
    )
    first, second = next(iter(read_ratings(path).records(10)))
    assert (first["number"], first["position"], first["repeat"], second["repeat"]) == (None, None, 0, 1)
    assert first["meta"] == {"number": "seven", "repeat": "r", "position": "p", "rated_at": "t"}


def test_kinds_of_raters_are_read_in_other_words(tmp_path: Path) -> None:
    kinds = ("Human", "PERSON", "people", "LLM", "ai", "Model", "judge", "")
    body = "".join(f"1,r{number},{kind},x\n" for number, kind in enumerate(kinds))
    table = read_ratings(write(tmp_path, "item,rater,rater_kind,value\n" + body))
    found = [row["rater_kind"] for batch in table.records(100) for row in batch]
    assert found == ["human", "human", "human", "model", "model", "model", "judge", "human"]
    assert table.taken == (
        ("rater_kind PERSON", "human"),
        ("rater_kind people", "human"),
        ("rater_kind LLM", "model"),
        ("rater_kind ai", "model"),
    )


HEADER = "item,rater,question,value\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (HEADER.encode(), "r.csv has a header and no rows"),
        (b"", "r.csv holds no rows"),
        (b"\n" + HEADER.encode(), "r.csv holds no rows; in a CSV file the first line names the columns"),
        ((HEADER + "1,a,q,x\n").encode("utf-16"), "line 1, line: is UTF-16, not UTF-8; save the file as UTF-8"),
        ((HEADER + "1,a,q,x\n").encode("utf-16-le"), "line 1, line: has NUL characters, as UTF-16 has; save the file as UTF-8"),
        ("item,rater,wert für\n1,a,x\n".encode("latin-1"), "line 1, line: is not UTF-8: byte 18 is 0xfc; save the file as UTF-8"),
        ((HEADER + "1,jörg,q,x\n").encode("latin-1"), "line 2, line: is not UTF-8: byte 4 is 0xf6; save the file as UTF-8"),
        (b"item,who,value\n1,a,x\n", "r.csv has no column 'rater'; it has item, who, value. Map with --map rater=COLUMN"),
        (b"a,b\n1,2\n", "r.csv has no column 'item', 'rater', 'value'; it has a, b."),
        ("id,who,x\n1,a,x\n1,jörg,x\n".encode("latin-1"), "line 3, line: is not UTF-8: byte 4 is 0xf6; save the file as UTF-8\nr.csv has no column"),
        (b"item,rater,label,rating\n1,a,x,3\n", "'value' could be any of 'label', 'rating'; say which with --map value=COLUMN"),
        (b"Item,ITEM,rater,value\n1,2,a,3\n", "'item' could be any of 'Item', 'ITEM'"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused_for_what_is_wrong_with_it(
    tmp_path: Path, data: bytes, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_ratings(write(tmp_path, data))
    assert said in str(refused.value)


def test_a_mapping_to_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "item,who,value\n1,a,x\n")
    with pytest.raises(Invalid, match="--map rater=wrker names none"):
        read_ratings(path, mapping={"rater": "wrker"})


def test_a_column_without_a_single_value_is_there_all_the_same(tmp_path: Path) -> None:
    found = read_ratings(write(tmp_path, "item,rater,value,seconds\n1,a,,\n2,b,,\n"))
    assert [(bad.line, bad.field, bad.reason.partition(";")[0]) for bad in found.bad_rows] == [
        (2, "value", "is empty"),
        (3, "value", "is empty"),
    ]
    assert found.without_value == {2, 3}


def test_lines_that_are_left_out_are_no_first_ratings(tmp_path: Path) -> None:
    path = write(tmp_path, "item,rater,value\n1,a,\n1,a,x\n1,a,NA\n1,a,y\n")
    found = read_ratings(path, missing=["NA"])
    assert found.without_value == {2, 4}
    kept = found.without(found.without_value)
    assert (kept.bad_rows, [row["repeat"] for batch in kept.records(10) for row in batch]) == ((), [0, 1])
    assert (list(kept.lines), kept.rows) == ([3, 5], 4)
