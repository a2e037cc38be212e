import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from app.errors import Invalid, TooLarge
from app.formats import BadRow, ItemRow, preview, read_items, read_ratings

MB = 2**20


def read(path: Path, **options: Any) -> list[ItemRow | BadRow]:
    return list(read_items(path, max_unpacked_bytes=options.pop("most", 64 * MB), **options))


def write(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


ROWS = [{"id": "a", "text": "one", "channel": "web"}, {"id": "b", "text": "two", "channel": "app"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
CSV = "id,text,channel\na,one,web\nb,two,app\n"


def formats(folder: Path) -> list[Path]:
    pd.DataFrame(ROWS).to_parquet(folder / "r.parquet")
    with zipfile.ZipFile(folder / "r.csv.zip", "w") as archive:
        archive.writestr("r.csv", CSV)
    return [
        write(folder, "r.jsonl", LINES),
        write(folder, "r.json", json.dumps(ROWS)),
        write(folder, "r.csv", "\ufeff" + CSV),
        write(folder, "r.tsv", CSV.replace(",", "\t")),
        write(folder, "r.jsonl.gz", gzip.compress(LINES.encode())),
        folder / "r.csv.zip",
        folder / "r.parquet",
    ]


def test_every_format_gives_the_same_items(tmp_path: Path) -> None:
    for path in formats(tmp_path):
        rows = read(path)
        assert [
            (row.external_id, row.content["parts"][0]["text"], row.metadata)
            for row in rows
            if isinstance(row, ItemRow)
        ] == [
            ("a", "one", {"channel": "web"}),
            ("b", "two", {"channel": "app"}),
        ], path.name


def test_columns_are_mapped_and_the_rest_is_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, "r.jsonl", json.dumps({"key": 7, "comment_body": "hi", "n": 1}))
    (row,) = read(path, mapping={"text": "comment_body", "id": "key"})
    assert isinstance(row, ItemRow)
    assert (row.external_id, row.content["parts"][0]["text"], row.metadata) == ("7", "hi", {"n": 1})
    assert preview(path, mapping={"text": "comment_body"}, max_unpacked_bytes=MB).metadata == ("key", "n")
    with pytest.raises(Invalid, match="cannot map"):
        read(path, mapping={"txt": "n"})


def test_quoted_newlines_stay_in_their_cell(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, "r.csv", 'id,text\n1,"two\nlines"\n'))
    assert isinstance(row, ItemRow) and row.content["parts"][0]["text"] == "two\nlines"


@pytest.mark.parametrize(
    ("name", "data", "line", "field", "words"),
    [
        ("r.jsonl", b'{"text": "ok"}\n{"text": "\xff"}\n', 2, "line", "not UTF-8"),
        ("r.jsonl", b'{"text": "ok"}\n{broken\n', 2, "line", "not JSON"),
        ("r.jsonl", b"[1]\n", 1, "line", "not an object"),
        ("r.jsonl", b'{"text": 3}\n', 1, "", ""),
        ("r.jsonl", b'{"text": {"a": 1}}\n', 1, "text", "not text"),
        ("r.jsonl", b'{"id": "x"}\n', 1, "text", "is missing"),
        ("r.jsonl", b'{"id": "x", "text": "a"}\n{"id": "x", "text": "b"}\n', 2, "id", "id of line 1"),
        ("r.jsonl", b'{"text": "a", "suggestions": {"q": {"value": "x", "confidence": 3}}}\n', 1, "suggestions", "0 to 1"),
        ("r.jsonl", b'{"image": "../../etc/passwd"}\n', 1, "content", "below the media folder"),
        ("r.csv", b"id,text\n1,a,b\n", 2, "row", "3 cells"),
        ("r.csv", b"id,text\n1,\xe4\n", 2, "line", "not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_row_names_line_field_and_reason(
    tmp_path: Path, name: str, data: bytes, line: int, field: str, words: str
) -> None:
    rows = read(write(tmp_path, name, data))
    if not words:
        assert isinstance(rows[0], ItemRow)  # a number is written out
        return
    bad = next(row for row in rows if isinstance(row, BadRow))
    assert (bad.line, bad.field) == (line, field) and words in bad.reason


def test_a_line_of_fifty_megabytes_is_refused_and_the_next_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"text": "' + b"a" * 50 * MB + b'"}\n{"text": "next"}\n')
    first, second = read(path)
    assert isinstance(first, BadRow) and "longer than 32 MB" in first.reason
    assert isinstance(second, ItemRow)


@pytest.mark.parametrize("packer", ["gz", "zip"])
def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path, packer: str) -> None:
    data = b'{"text": "' + b"a" * 40 * MB + b'"}\n'
    path = tmp_path / f"bomb.jsonl.{packer}"
    if packer == "gz":
        path.write_bytes(gzip.compress(data))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.jsonl", data)
    with pytest.raises(TooLarge):
        read(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.gz.jsonl.gz", b"not gzip"),
        ("r.zip.csv.zip", b"not zip"),
        ("r.parquet", b"PAR1 nonsense"),
        ("r.json", b"{broken"),
        ("r.docx", b""),
    ],
)
def test_a_damaged_or_unknown_file_is_refused_in_words(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(Invalid):
        read(write(tmp_path, name, data))


class TestRatings:
    def test_a_long_table_is_read_with_what_it_has(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            "r.csv",
            "item,rater,question,value,seconds,arm,order,batch\n1,a,q,3,2.5,none,0,x\n1,b,q,4,,suggestion,1,y\n1,a,q,5,1,none,2,z\n",
        )
        table = read_ratings(path)
        (records,) = table.records(10)
        assert table.bad_rows == ()
        assert [record["number"] for record in records] == [3.0, 4.0, 5.0]
        assert [record["repeat"] for record in records] == [0, 0, 1]
        assert records[1]["seconds"] is None and records[0]["meta"] == {"batch": "x"}
        assert {record["rater_kind"] for record in records} == {"human"}

    def test_words_are_values_too(self, tmp_path: Path) -> None:
        table = read_ratings(write(tmp_path, "r.csv", "item,rater,question,value\n1,a,q,yes\n"))
        (records,) = table.records(10)
        assert (records[0]["value"], records[0]["number"]) == ("yes", None)

    def test_bad_values_name_their_line(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            "r.csv",
            "item,rater,question,value,seconds,rater_kind\n1,a,q,3,fast,human\n,a,q,3,1,robot\n",
        )
        found = {(bad.line, bad.field) for bad in read_ratings(path).bad_rows}
        assert found == {(2, "seconds"), (3, "item"), (3, "rater_kind")}

    def test_a_missing_column_says_how_to_map_it(self, tmp_path: Path) -> None:
        path = write(tmp_path, "r.csv", "item,who,question,value\n1,a,q,3\n")
        with pytest.raises(Invalid, match="--map rater=COLUMN"):
            read_ratings(path)
        assert len(read_ratings(path, mapping={"rater": "who"}).frame) == 1

    def test_a_mapped_column_that_is_not_there_is_named_with_those_that_are(self, tmp_path: Path) -> None:
        path = write(tmp_path, "r.csv", "what,rater,question,value\n1,a,q,3\n")
        with pytest.raises(
            Invalid, match=r"it has what, rater, question, value\. --map item=nope names none"
        ):
            read_ratings(path, mapping={"item": "nope"})
        with pytest.raises(Invalid, match=r"r\.csv: --map gold=nope names none\. It has what, rater"):
            read_ratings(path, mapping={"item": "what", "gold": "nope"})

    def test_an_empty_value_is_a_set_of_none_only_where_sets_are_asked_for(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            "r.csv",
            'item,who,types,gold\n1,a,,x\n1,b,x;y ,\n2,a,"[""x""]",\n2,b,x,x;y\n',
        )
        mapping = {"rater": "who", "value": "types"}
        bad = read_ratings(path, mapping=mapping).bad_rows
        assert [(row.line, row.field) for row in bad] == [(2, "value")]
        assert "written []" in bad[0].reason and "--sets QUESTION" in bad[0].reason
        table = read_ratings(path, mapping=mapping, sets=["types"])
        assert table.bad_rows == ()
        assert table.frame["value"].tolist() == ["[]", '["x", "y"]', '["x"]', '["x"]']
        # An empty gold answer is one that is not known.
        assert table.frame["gold"].tolist() == ['["x"]', None, None, '["x", "y"]']
        with pytest.raises(Invalid, match="--sets tags: no row is of the question 'tags'; there are types"):
            read_ratings(path, mapping=mapping, sets=["tags"])

    def test_sets_of_parquet_are_lists_and_missing_ones_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "r.parquet"
        rows = {"item": ["1", "2"], "rater": ["a", "a"], "question": ["q", "q"], "value": [["x"], None]}
        pd.DataFrame(rows).to_parquet(path)
        assert read_ratings(path, sets=["q"]).frame["value"].tolist() == ['["x"]', "[]"]
