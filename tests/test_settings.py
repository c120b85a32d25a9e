from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import aispend

from adapters.store import schema
from adapters.store.database import Database
from bot import settings
from bot.errors import ConfigError


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[organization]", "unknown setting 'organization'"),
        ('[organisation]\nname = "x"\ncolour = "red"', "There are: name, currency, privacy"),
        ('[organisation]\ncurrency = "dollars"', "'organisation.currency' holds 'dollars'"),
        ('[organisation]\nprivacy = "secret"', "'open', 'standard' or 'works_council'"),
        ("[organisation]\nfiscal_year_start = true", "'organisation.fiscal_year_start' holds True"),
        ('[[sources]]\nname = "a"\nkind = "focus"\n[[sources]]\nname = "a"\nkind = "cur"', "two [[sources]] are called 'a'"),
        ('[[sources]]\nkind = "focus"', "'sources.0.name' is missing"),
        ('store = "postgresql://bob:s3cret@h/x"', "holds something that does not fit"),
        ("[[", "is not TOML"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "a.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigError) as refused:
        settings.load(tmp_path / "a.toml", {})
    assert sentence in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_the_store_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("postgresql://u@h/x\n", "utf-8")
    assert settings.load(None, {"AISPEND_STORE_URL": "sqlite:///a.db"}).store.url == "sqlite:///a.db"
    assert settings.load(None, {"AISPEND_STORE_URL_FILE": str(tmp_path / "secret")}).store.url == "postgresql://u@h/x"
    with pytest.raises(ConfigError, match="keep one of them"):
        settings.load(None, {"AISPEND_STORE_URL_FILE": "a", "AISPEND_STORE_URL": "b"})
    (tmp_path / "secret").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        settings.load(None, {"AISPEND_STORE_URL_FILE": str(tmp_path / "secret")})


COMMANDS = [
    (("ingest", "nosuchkind", "x.csv"), 1, "There is no kind 'nosuchkind'; there are claude_csv, csv, cur, focus, litellm"),
    (("ingest", "fokus", "b.csv"), 1, "Did you mean: aispend ingest focus b.csv?"),
    (("ingest", "b.csv"), 1, "For instance: aispend ingest focus b.csv"),
    (("ingest", "focus"), 1, "Which file?"),
    (("ingest", "focus", "missing.csv"), 1, "holds no file"),
    (("ingest", "focus", "b.csv", "-o", "colour=red"), 1, "unknown setting 'colour'; focus takes path, principal"),
    (("ingest", "focus", "b.csv", "-o", "name=x"), 1, "--option cannot set 'name'"),
    (("ingest", "focus", "b.csv", "--source", "bad name!"), 1, "--source holds 'bad name!'"),
    (("ingest", "focus", "b.csv", "-o", "principal=Nope"), 1, "holds 'Nope', but there is no such column"),
    (("ingest", "focus", "b.csv", "--from", "2026-11-01"), 1, "--from and --to go together"),
    (("ingest", "focus", "b.csv", "--from", "2026-11-02", "--to", "2026-11-01"), 1, "must be after"),
    (("ingest", "focus", "s3://u:s3cret@127.0.0.1/none"), 1, "could not be read"),
    (("ingest", "--forget", "nobody"), 1, "There is no source 'nobody' in the ledger"),
    (("ingest", "--forget", "nobody", "--dry-run"), 1, "goes with no file"),
    (("ingest",), 1, "No such source is configured"),
    (("--now", "sometime", "ingest", "--history"), 1, "--now holds 'sometime'"),
    (("--now", "9999-12-31", "ingest", "--history"), 1, "a year that cannot be"),
    (("--config", "none.toml", "ingest"), 1, "There is no configuration none.toml"),
    (("ask", "--as", "who@x", "me"), 1, "I do not know who@x"),
    (("ingest", "--quarantine", "99999999999999999999"), 2, "--quarantine"),
    (("ingest", "--form", "json"), 2, "No such option"),
    (("db",), 2, "Usage"),
]


@pytest.mark.parametrize(("words", "status", "sentence"), COMMANDS)
def test_an_operator_s_mistake_is_answered_with_a_sentence(tmp_path: Path, words: tuple[str, ...], status: int, sentence: str) -> None:
    from factories import charge, write_csv

    write_csv(tmp_path / "b.csv", [charge()])
    environment = os.environ | {"AISPEND_STORE_URL": f"sqlite:///{tmp_path}/s.db", "AWS_EC2_METADATA_DISABLED": "true"}
    database = Database(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(database)
    database.close()
    done = subprocess.run([aispend(), *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    assert sentence in done.stderr + (done.stdout if status == 2 else "")
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("words", [("review",), ("digest",), ("alerts",), ("outbox",), ("audit", "verify"), ("simulate",)])
def test_where_there_is_no_data_nothing_is_made_and_it_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run([aispend(), *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"There is no data here yet (no {tmp_path}/aispend.db)." in done.stderr
    assert "aispend init" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql:/bob:s3cret@127.0.0.1/x", "is no database URL"),
        ("postgresql://bob:s3c@ret@127.0.0.1:1/x", "has two @"),
        ("postgresql://bob:s3cret@127.0.0.1:1/x", "could not do it"),
        ("postgresql://bob:s3cret@h:port/x", "is no database URL"),
        ("sqlite://", "names no file"),
        ("sqlite://aispend.db", "names no file"),
        ("sqlite:////nowhere/at/all.db", "there is no folder"),
        ("mysql://u@h/x", "SQLite and PostgreSQL are supported"),
    ],
)
def test_a_store_that_cannot_be_is_told_without_its_password(tmp_path: Path, url: str, sentence: str) -> None:
    done = subprocess.run(
        [aispend(), "ingest", "--history"],
        cwd=tmp_path,
        env=os.environ | {"AISPEND_STORE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3c" not in done.stderr
