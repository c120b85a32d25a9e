"""Factories: vendor files and directories that show only what a test is about."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

FOCUS_COLUMNS = (
    "BilledCost EffectiveCost ListCost BillingCurrency BillingAccountId ChargePeriodStart ChargePeriodEnd ChargeCategory ChargeClass "
    "ServiceCategory ServiceName ServiceProviderName SubAccountId x_PrincipalId x_Model ConsumedQuantity ConsumedUnit SkuMeter Tags"
).split()


def charge(day: str = "2026-11-03", billed: str = "10.00", **more: Any) -> dict[str, Any]:
    """Return a FOCUS row of one day; *days* makes it longer."""
    start = date.fromisoformat(day)
    days = more.pop("days", 1)
    row = {
        "BilledCost": billed,
        "EffectiveCost": billed,
        "ListCost": billed,
        "BillingCurrency": "USD",
        "BillingAccountId": "acc",
        "ChargePeriodStart": f"{start}T00:00:00Z",
        "ChargePeriodEnd": f"{start + timedelta(days=days)}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "LLM API",
        "ServiceProviderName": "Acme",
        "x_PrincipalId": "ana@x.example",
        "x_Model": "large-1",
        "Tags": "{}",
    }
    return row | dict(more.items())


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Iterable[str] = FOCUS_COLUMNS) -> Path:
    """Write *rows* as CSV; what a row does not name is empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


PEOPLE = """email,name,team,manager_email,time_zone,locale,roles,valid_from,valid_to
mia@x.example,Mia Berg,search,,Europe/Berlin,en,,,
ana@x.example,Ana Ruiz,search,mia@x.example,Europe/Berlin,en,,,
ben@x.example,Ben Okafor,search,mia@x.example,Europe/London,en,,,2026-11-10
ben@x.example,Ben Okafor,support,ruth@x.example,Europe/London,en,,2026-11-10,
ruth@x.example,Ruth Amadi,support,,UTC,en,,,
fin@x.example,Uma Patel,finance,,UTC,en,finops,,
"""
TEAMS = """team,parent,manager_email,cost_center,channel
search,,mia@x.example,,
support,,ruth@x.example,,
finance,,,,
"""
IDENTITIES = """principal,kind,email,service,valid_from,valid_to
key-1,key,ana@x.example,,,2026-11-05
key-1,key,ben@x.example,,2026-11-05,
arn:aws:sts::1:assumed-role/Bot/*,arn,,chatbot,,
svc-*,pattern,ruth@x.example,,,
"""


def write_directory(folder: Path) -> list[Path]:
    """Write people, teams and identities; return the files."""
    files = {"people.csv": PEOPLE, "teams.csv": TEAMS, "identities.csv": IDENTITIES}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in files]


def nanos(amount: str | Decimal) -> int:
    """Return an amount in nanos."""
    return int(Decimal(amount) * 10**9)
