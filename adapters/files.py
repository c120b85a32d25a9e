"""Files: from what an operator writes as a path to files on this disk that are worth reading.

Objects in `s3://`, `gs://` and `az://` are copied to a temporary folder first (Arrow's file systems, nothing to
download at run time): a vendor may overwrite them while we read, and a load must see one version only.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.errors import SourceRefused, SourceUnavailable

SUFFIXES = (".parquet", ".csv", ".csv.gz")
JSON = (".json", ".jsonl", ".ndjson")
REMOTE = ("s3://", "gs://", "gcs://", "az://", "abfs://", "abfss://")
DELIMITERS = ",;\t|"
HEADER_LIMIT = 1_000_000
BOMB_SAMPLE = 64 * 2**20
BOMB_RATIO = 100
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's first bytes tell.

    Attributes:
        columns: Column names of a text file; the engine adds those of JSON, and of Parquet with their types.
    """

    path: Path
    is_parquet: bool
    is_json: bool = False
    columns: tuple[str, ...] = ()
    delimiter: str = ","

    @property
    def layout(self) -> tuple[str, ...]:
        """Files of one layout can be read in one go."""
        if self.is_json:
            return ("json",)
        return ("parquet" if self.is_parquet else self.delimiter, *self.columns)


def find(path: str, root: Path, spool: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """Return the files that *path* stands for, ascending: a file, a glob, a folder (with all below it) or an object store.

    Args:
        root: What a relative path is relative to.
        spool: Folder into which remote objects are copied.

    Raises:
        SourceRefused: Nothing is there, or files of both CSV and Parquet are.
    """
    if not path.strip():
        raise SourceRefused("The path is empty; name a file, a folder, a glob or an object store.")
    try:
        found = _remote(path, spool, suffixes) if path.startswith(REMOTE) else _local(path, root, suffixes)
    except (OSError, RuntimeError) as exc:
        raise SourceRefused(f"'{path}' cannot be read: {exc}.") from exc
    if not found:
        raise SourceRefused(f"'{path}' holds no file that ends in {', '.join(suffixes)}. Check the path; relative paths start at {root}.")
    if len({_format(file) for file in found}) > 1:
        formats = " and ".join(sorted({_format(file) for file in found}))
        raise SourceRefused(f"'{path}' mixes {formats}; they may repeat one another. Name one kind, for instance {path}/*.parquet.")
    return found


def header_of(path: Path) -> Header:
    """Return the header of the file at *path*.

    Raises:
        SourceRefused: It is empty, not UTF-8, has no usable header, or expands beyond reason.
    """
    if not path.is_file():
        raise SourceRefused(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise SourceRefused(f"{path.name} is empty.")
    if path.suffix == ".parquet":
        return Header(path, is_parquet=True)
    if path.suffix in JSON:
        return Header(path, is_parquet=False, is_json=True)
    if path.suffix == ".gz":
        _check_expansion(path)
    return _text_header(path)


def _format(path: Path) -> str:
    return "JSON" if path.suffix in JSON else "Parquet" if path.suffix == ".parquet" else "CSV"


def _text_header(path: Path) -> Header:
    line = _first_line(path)
    delimiter = max(DELIMITERS, key=line.count)
    try:
        names = [name.strip() for name in next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])]
    except csv.Error as exc:
        raise SourceRefused(f"{path.name}: the first line does not name columns ({exc}); save it with ordinary line ends.") from exc
    if not any(names):
        raise SourceRefused(f"{path.name} begins with an empty line; its first line must name the columns.")
    twice = sorted(a for a, b in pairwise(sorted(names)) if a == b)
    if twice:
        raise SourceRefused(f"{path.name} has two columns called '{twice[0]}'; give them different names.")
    if "" in names:
        raise SourceRefused(f"{path.name}: column {names.index('') + 1} has no name.")
    return Header(path, is_parquet=False, columns=tuple(names), delimiter=delimiter)


def _first_line(path: Path) -> str:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            raw = stream.readline(HEADER_LIMIT)
    except (OSError, EOFError) as exc:
        raise SourceRefused(f"{path.name} cannot be opened: {exc}.") from exc
    if b"\x00" in raw:
        raise SourceRefused(f"{path.name} is not a text file: its first line holds NUL bytes. Is it UTF-16 or something else?")
    if len(raw) >= HEADER_LIMIT:
        raise SourceRefused(f"{path.name}: the first line is longer than {HEADER_LIMIT:,} bytes; it should name the columns.")
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as exc:
        raise SourceRefused(f"{path.name} is not UTF-8 (first line, byte {exc.start + 1}); save it as UTF-8.") from exc


def _check_expansion(path: Path) -> None:
    """Refuse a compressed file that expands far beyond what billing exports do."""
    read = 0
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as stream:
            while read < BOMB_SAMPLE and (block := stream.read(_BLOCK)):
                read += len(block)
            ratio = read / max(1, packed.tell())
    except (OSError, EOFError) as exc:
        raise SourceRefused(f"{path.name} is not a whole gzip file: {exc}. Fetch it again.") from exc
    if read >= BOMB_SAMPLE and ratio > BOMB_RATIO:
        raise SourceRefused(f"{path.name} expands more than {BOMB_RATIO}-fold; that is no billing export. Unpack it and look.")


def _local(path: str, root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    full = Path(path).expanduser()
    full = full if full.is_absolute() else root / full
    if full.is_file():
        return [full]
    if full.is_dir():
        return sorted(p for p in full.rglob("*") if _is_data(p, suffixes))
    return sorted(p for p in map(Path, glob.glob(str(full), recursive=True)) if _is_data(p, suffixes))  # noqa: PTH207 - absolute patterns


def _is_data(path: Path, suffixes: tuple[str, ...]) -> bool:
    return (
        path.is_file() and path.name.lower().endswith(tuple(suffix.lower() for suffix in suffixes)) and not path.name.startswith((".", "_"))
    )


def _remote(path: str, spool: Path, suffixes: tuple[str, ...]) -> list[Path]:
    import pyarrow as pa  # noqa: PLC0415 - the same
    from pyarrow import fs  # noqa: PLC0415 - only who reads from an object store pays for it

    pattern = path.split("://", 1)[1]
    shown = f"{path.split('://', 1)[0]}://{pattern.rsplit('@', 1)[-1]}"
    prefix = pattern.split("*", 1)[0]
    base = prefix if "*" not in pattern else prefix.rsplit("/", 1)[0]
    try:
        system, _ = fs.FileSystem.from_uri(_uri(path))
        info = system.get_file_info(base)
        listed = [info] if info.type is fs.FileType.File else system.get_file_info(fs.FileSelector(base, recursive=True))
        names = [item.path for item in listed if item.type is fs.FileType.File and item.path.endswith(suffixes)]
        chosen = [name for name in names if "*" not in pattern or Path(name).match(pattern)]
        return sorted(_copies(system, chosen, base, spool))
    except (OSError, ValueError, NotImplementedError, pa.ArrowException) as exc:
        raise SourceUnavailable(f"'{shown}' could not be read: {' '.join(str(exc).split())[:300]}") from exc


def _uri(path: str) -> str:
    """Return *path* up to its bucket, as Arrow writes it; credentials and regions come from the environment."""
    scheme, rest = path.split("://", 1)
    scheme = {"az": "abfs", "gcs": "gs"}.get(scheme, scheme)
    limit = "?retry_limit_seconds=15" if scheme == "gs" else ""
    return f"{scheme}://{rest.split('*', 1)[0].rstrip('/')}{limit}"


def _copies(system: object, names: list[str], base: str, spool: Path) -> Iterator[Path]:
    for name in names:
        target = spool / (name.removeprefix(base).lstrip("/") or Path(name).name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with system.open_input_stream(name, compression=None) as source, target.open("wb") as copy:  # type: ignore[attr-defined]
            shutil.copyfileobj(source, copy, _BLOCK)
        yield target
