"""Files as they really arrive: each is refused with a sentence, or its bad rows are set aside; never half of it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from factories import FOCUS_COLUMNS, charge, nanos, write_csv
from loading import ingest
from pyarrow import parquet
from sqlalchemy import text

from bot.errors import SourceError
from bot.ports import CostScope, Dimension
from bot.wiring import App

MakeApp = Callable[..., App]
HEAD = ",".join(FOCUS_COLUMNS)


def line(**more: str) -> str:
    row = charge(**more)
    return ",".join(f'"{str(row.get(name, "")).replace(chr(34), chr(34) * 2)}"' for name in FOCUS_COLUMNS)


GOOD = line()
REFUSED = {
    "empty": (b"", "is empty"),
    "header only": (f"{HEAD}\n".encode(), "holds no AI charge"),
    "not FOCUS": (b"a,b\n1,2\n", "This is not a FOCUS export: columns BilledCost"),
    "Latin-1": (f"{HEAD}\n{GOOD.replace('LLM API', 'Köln')}\n".encode("latin-1"), "not UTF-8"),
    "UTF-16": (f"{HEAD}\n{GOOD}\n".encode("utf-16"), "not a text file"),
    "quote never closed": (f'{HEAD}\n{GOOD}\n"1.00,{GOOD}\n{GOOD}\n'.encode(), "quotation mark that is never closed"),
    "a line of ten megabytes": (f"{HEAD}\n{GOOD}\n{line(ServiceName='x' * 10_000_000)}\n".encode(), "more than 2,000,000 bytes"),
    "two columns of one name": (b"BilledCost,BilledCost\n1,2\n", "two columns called 'BilledCost'"),
    "a column without a name": (b"BilledCost,,x\n1,2,3\n", "column 2 has no name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_trusted_changes_nothing(make_app: MakeApp, tmp_path: Path, case: str) -> None:
    app = make_app()
    ingest(app, write_csv(tmp_path / "good.csv", [charge()]))
    content, sentence = REFUSED[case]
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(SourceError, match=re.escape(sentence)):
        ingest(app, tmp_path / "bad.csv")
    assert app.conversation.figures.total(CostScope(), app.ledger.loads()[0].window).total == nanos(10)
    assert len(app.ledger.loads()) == 1


@pytest.mark.parametrize("cut", [10, 200, 900])
def test_truncated_files_change_nothing(make_app: MakeApp, tmp_path: Path, cut: int) -> None:
    app = make_app()
    rows = [charge() for _ in range(50)]
    table = pa.Table.from_pylist([{name: str(row.get(name, "")) for name in FOCUS_COLUMNS} for row in rows])
    parquet.write_table(table, tmp_path / "whole.parquet")
    packed = gzip.compress(write_csv(tmp_path / "whole.csv", rows).read_bytes())
    for name, content in (("cut.parquet", (tmp_path / "whole.parquet").read_bytes()), ("cut.csv.gz", packed)):
        (tmp_path / name).write_bytes(content[:cut] if name.endswith("parquet") else content[: len(content) - min(cut, len(content) // 2)])
        with pytest.raises(SourceError, match=rf"{name} could not be read: it is damaged|not a whole gzip|cannot be opened"):
            ingest(app, tmp_path / name)
    assert app.ledger.loads() == []


@pytest.mark.parametrize("content", [b"{", b'{"a": [1, 2', b"[1, 2, 3]", b'"text"', b"{}{}", b"\x00\x01"])
def test_json_that_holds_no_records_is_answered_with_a_sentence(make_app: MakeApp, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.json").write_bytes(content)
    with pytest.raises(SourceError, match=r"odd\.json|does not look like|is not"):
        ingest(make_app(), tmp_path / "odd.json", kind="litellm")


def test_a_zip_bomb_is_not_unpacked(make_app: MakeApp, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "bomb.csv.gz", "wb", compresslevel=9) as stream:
        stream.write(f"{HEAD}\n".encode())
        block = (GOOD + "\n").encode() * 4000
        for _ in range(300):
            stream.write(block)
    with pytest.raises(SourceError, match="expands more than 100-fold"):
        ingest(make_app(), tmp_path / "bomb.csv.gz")


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEAD}\r\n{GOOD}\r\n".encode())
    assert ingest(make_app(), tmp_path / "bom.csv").load.billed_nanos == nanos(10)


def test_semicolons_are_recognised(make_app: MakeApp, tmp_path: Path) -> None:
    row = charge()
    (tmp_path / "semi.csv").write_text(
        ";".join(FOCUS_COLUMNS) + "\n" + ";".join(str(row.get(c, "")) for c in FOCUS_COLUMNS) + "\n", "utf-8"
    )
    assert ingest(make_app(), tmp_path / "semi.csv").load.billed_nanos == nanos(10)


def test_a_row_with_too_few_columns_is_set_aside_with_its_line(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(f"{HEAD}\n{GOOD}\n1.00,2.00\n" + f"{GOOD}\n" * 40, "utf-8")
    load = ingest(make_app(), tmp_path / "few.csv").load
    assert (load.rows, load.quarantined_rows, load.billed_nanos) == (41, 1, nanos(410))
    assert load.quarantine[0].place == "few.csv, line 3"


def test_many_malformed_rows_are_no_accident(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(f"{HEAD}\n{GOOD}\n" + "1.00,2.00\n" * 10, "utf-8")
    with pytest.raises(SourceError, match="10 of 11 lines do not have the header's columns"):
        ingest(make_app(), tmp_path / "few.csv")


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "a\x00b", "\x1b[31mred", "<!channel>", "Robert'); DROP TABLE daily_costs;--", "名前 🐍", "x" * 5000]
)
def test_any_name_is_only_a_name(make_app: MakeApp, tmp_path: Path, name: str) -> None:
    app = make_app()
    ingest(app, write_csv(tmp_path / "names.csv", [charge(x_Model=name, x_PrincipalId=name)]))
    [row] = app.conversation.figures.costs(CostScope(), app.ledger.loads()[0].window, Dimension.MODEL)
    assert (row.key, row.total) == (name.replace("\x00", "\ufffd"), nanos(10))
    with app.database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM daily_costs")).scalar() == 1
