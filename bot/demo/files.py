"""Vendor files: what Nordwind's vendors would have exported, written as each of them writes it."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from bot.demo.company import GATEWAY_ROLE, OVERRUNNER, SHARED_KEY, Member, members
from bot.domain.period import Window, add_months, first_of_month

SEED = 20261123
CENT = Decimal("0.01")
_SATURDAY = 5
_HEAVY = {"platform": 1.0, "search": 1.4, "support": 0.5, "marketing": 0.35, "sales": 0.2, "finance": 0.1}
_PER_MILLION = {"claude-opus-5": (Decimal(5), Decimal(25)), "claude-sonnet-5": (Decimal(3), Decimal(15))}
_CLAUDE_HEADER = (
    "user_email,account_uuid,product,model,total_requests,total_prompt_tokens,total_completion_tokens,total_net_spend_usd,"
    "total_gross_spend_usd,user_id,total_uncached_input_tokens,total_cache_read_tokens,total_cache_write_5m_tokens,"
    "total_cache_write_1h_tokens,total_web_search_count,slack_channel_id,teams_channel_id"
).split(",")


def window_until(today: date) -> Window:
    """Return the days the demo covers: the month before and this one, up to yesterday (at least seven days of it)."""
    return Window(add_months(first_of_month(today), -1), today)


def write_all(folder: Path, today: date) -> None:
    """Write every vendor's export for the days before *today* below *folder*/exports, rates.csv, and outcomes.csv."""
    days = window_until(today)
    write_openai(folder / "exports/openai", days)
    for day in days:
        write_claude(folder / "exports/claude", day)
    for month in sorted({first_of_month(day) for day in days}):
        write_aws(folder / "exports/aws", Window(month, min(days.end, add_months(month, 1))))
    write_gateway(folder / "exports/gateway", days)
    write_outcomes(folder / "outcomes.csv", days)
    rates = [f"{day},EUR,{Decimal('1.08') + Decimal(day.day) / 1000}" for day in days]
    (folder / "rates.csv").write_text("date,currency,rate\n" + "\n".join(rates) + "\n", "utf-8")


def write_outcomes(path: Path, days: Window) -> None:
    """Write what was got done: the pull requests of search and platform, the tickets of support, fewer at weekends."""
    lines = ["day,team,kind,count"]
    for day in days:
        random_ = _random("outcomes", day)
        for team, kind, most in (("search", "pull_requests", 9), ("platform", "pull_requests", 6), ("support", "tickets", 40)):
            lines.append(f"{day},{team},{kind},{random_.randint(most // 2, most) if day.weekday() < _SATURDAY else random_.randint(0, 1)}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_claude(folder: Path, day: date, restated: Decimal = Decimal(1)) -> None:
    """Write the spend report of *day*; *restated* multiplies what it first said."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"claude-spend-{day}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_CLAUDE_HEADER)
        writer.writerows(_claude_rows(day, restated))


def _claude_rows(day: date, restated: Decimal) -> Iterator[list[Any]]:
    random_ = _random("claude", day)
    for member in members():
        for name, share in (("Claude Opus 5", 0.35), ("Claude Sonnet 5", 0.7)):
            tokens = _tokens(random_, member, day, share)
            if not tokens:
                continue
            fresh, output, cached = tokens, tokens // 8, tokens * 3
            per_input, per_output = _PER_MILLION[name.lower().replace(" ", "-")]
            cost = (fresh * per_input + output * per_output + cached * per_input / 10) / 1_000_000 * restated
            yield [
                member.email, f"acc-{member.login}", "Claude Code", name, tokens // 20_000 + 1, fresh + cached, output,
                f"{cost:.6f}", f"{cost * Decimal('1.1'):.6f}", f"user_{member.login}", fresh, cached, 0, 0, 0, "", "",
            ]  # fmt: skip
    yield [
        "(org service usage)",
        "",
        "(org service)",
        "(other)",
        "",
        "",
        "",
        "0.0",
        "0.0",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ]


def write_openai(folder: Path, days: Window) -> None:
    """Write FOCUS 1.2 Parquet, a folder per billing period: usage, seats, a EUR charge, and rows that are not AI."""
    for month in sorted({first_of_month(day) for day in days}):
        whole = Window(month, add_months(month, 1))
        rows = [_seats(whole), *_not_ai(whole)]
        for day in whole:
            if day in days:
                rows += _openai_rows(day)
        target = folder / f"billing_period={month:%Y-%m}"
        target.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(rows, schema=_focus_schema()), target / "openai-0.parquet")


def _openai_rows(day: date) -> list[dict[str, Any]]:
    random_ = _random("openai", day)
    rows = []
    for member in members():
        tokens = _tokens(random_, member, day, 0.4)
        if tokens:
            rows.append(_focus(day, f"user-{member.login}", f"{member.team}-lab", "gpt-5.4:input_tokens", tokens, Decimal("1.75")))
            rows.append(_focus(day, f"user-{member.login}", f"{member.team}-lab", "gpt-5.4:output_tokens", tokens // 6, Decimal(14)))
    rows.append(_focus(day, SHARED_KEY, "search-lab", "gpt-5.4:output_tokens", random_.randint(600_000, 900_000), Decimal(14)))
    if day.day == 2:
        euro = _focus(day, "user-maja.novak", "marketing-lab", "image-gen-2:images", 420, Decimal(200_000))
        rows.append(euro | {"BillingCurrency": "EUR", "ConsumedUnit": "Images", "ServiceName": "Image generation"})
    return rows


def _focus(day: date, principal: str, project: str, sku: str, quantity: int, per_million: Decimal) -> dict[str, Any]:
    cost = (quantity * per_million / 1_000_000).quantize(Decimal("0.000001"))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return _charge(start, start + timedelta(days=1), cost) | {
        "ServiceName": "OpenAI API",
        "SkuId": sku,
        "ConsumedQuantity": Decimal(quantity),
        "ConsumedUnit": "Tokens",
        "SubAccountId": f"proj_{project}",
        "SubAccountName": project,
        "x_PrincipalId": principal,
        "Tags": json.dumps({"env": "lab"}),
    }


def _seats(month: Window) -> dict[str, Any]:
    start, end = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (month.start, month.end))
    cost = Decimal(30) * len(members())
    return _charge(start, end, cost) | {
        "ChargeCategory": "Purchase",
        "ServiceName": "ChatGPT Business",
        "SkuId": "chatgpt-business-seat",
        "ConsumedQuantity": Decimal(len(members())),
        "ConsumedUnit": "Seats",
    }


def _not_ai(month: Window) -> list[dict[str, Any]]:
    start = datetime(month.start.year, month.start.month, 1, tzinfo=UTC)
    row = _charge(start, start + timedelta(days=1), Decimal("75.00"))
    return [row | {"ServiceName": "Support plan", "ServiceCategory": "Other", "ServiceSubcategory": "Other (Other)"}]


def _charge(start: datetime, end: datetime, cost: Decimal) -> dict[str, Any]:
    month = start.replace(day=1)
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "BillingCurrency": "USD",
        "BillingAccountId": "org-nordwind",
        "BillingPeriodStart": month,
        "BillingPeriodEnd": datetime.combine(add_months(month.date(), 1), datetime.min.time(), UTC),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ProviderName": "OpenAI",
        "InvoiceId": f"INV-{start:%Y%m}",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
    }


def _focus_schema() -> Any:
    money = pa.decimal128(38, 18)
    times = dict.fromkeys(("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"), pa.timestamp("us", "UTC"))
    numbers = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ConsumedQuantity"), money)
    texts = dict.fromkeys(
        "BillingCurrency BillingAccountId ChargeCategory ChargeClass ProviderName InvoiceId ServiceCategory ServiceSubcategory "
        "ServiceName SkuId ConsumedUnit SubAccountId SubAccountName x_PrincipalId Tags".split(),
        pa.string(),
    )
    return pa.schema({**numbers, **times, **texts})


def write_aws(folder: Path, days: Window) -> None:
    """Write a CUR 2.0 billing period: Parquet, and the manifest that names it."""
    period = f"BILLING_PERIOD={days.start:%Y-%m}"
    data, meta = folder / "data" / period, folder / "metadata" / period
    data.mkdir(parents=True, exist_ok=True)
    meta.mkdir(parents=True, exist_ok=True)
    rows = [row for day in days for row in _aws_rows(day)]
    parquet.write_table(pa.Table.from_pylist(rows, schema=_cur_schema()), data / "nordwind-00001.snappy.parquet")
    files = [f"s3://billing/nordwind/data/{period}/nordwind-00001.snappy.parquet"]
    (meta / "nordwind-Manifest.json").write_text(json.dumps({"dataFiles": files}), "utf-8")


def _aws_rows(day: date) -> Iterator[dict[str, Any]]:
    random_ = _random("aws", day)
    for member in members():
        if member.team == "platform":
            tokens = _tokens(random_, member, day, 0.5)
            arn = f"arn:aws:sts::111122223333:assumed-role/DevBedrock/{member.email}"
            if tokens:
                yield _line_item(day, arn, "output", tokens // 8, Decimal("27.5"), {"iamPrincipal/env": "dev"})
    yield _line_item(
        day,
        GATEWAY_ROLE,
        "output",
        random_.randint(250_000, 500_000),
        Decimal("27.5"),
        {"iamPrincipal/team": "support"},
    )


def _line_item(day: date, arn: str, kind: str, tokens: int, per_million: Decimal, tags: dict[str, str]) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    cost = (tokens * per_million / 1_000_000).quantize(Decimal("0.0000000001"))
    return {
        "bill_billing_entity": "AWS Marketplace",
        "bill_payer_account_id": "111122223333",
        "line_item_usage_account_id": "111122223333",
        "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": start,
        "line_item_usage_end_date": start + timedelta(days=1),
        "line_item_product_code": "3kqz8example",
        "line_item_usage_type": f"USE1-MP:USE1_{kind}_tokens_standard-Units",
        "line_item_usage_amount": Decimal(tokens) / 1_000_000,
        "pricing_unit": "1M tokens",
        "line_item_unblended_cost": cost,
        "line_item_currency_code": "USD",
        "line_item_iam_principal": arn,
        "product": json.dumps({"product_name": "Claude Opus 5 (Amazon Bedrock Edition)"}),
        "tags": json.dumps(tags),
    }


def _cur_schema() -> Any:
    times = dict.fromkeys(("line_item_usage_start_date", "line_item_usage_end_date"), pa.timestamp("ms", "UTC"))
    numbers = dict.fromkeys(("line_item_usage_amount", "line_item_unblended_cost"), pa.decimal128(38, 10))
    texts = dict.fromkeys(
        "bill_billing_entity bill_payer_account_id line_item_usage_account_id line_item_line_item_type line_item_product_code "
        "line_item_usage_type pricing_unit line_item_currency_code line_item_iam_principal product tags".split(),
        pa.string(),
    )
    return pa.schema({**times, **numbers, **texts})


def write_gateway(folder: Path, days: Window) -> None:
    """Write LiteLLM spend logs: requests of people and of two keys."""
    folder.mkdir(parents=True, exist_ok=True)
    header = (
        "request_id,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,custom_llm_provider,user,"
        "team_id,metadata,status"
    ).split(",")
    with (folder / "spend_logs.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for day in days:
            writer.writerows(_log_rows(day))


def _log_rows(day: date) -> Iterator[list[Any]]:
    random_ = _random("gateway", day)
    for number in range(40):
        member = random_.choice([m for m in members() if m.team in {"support", "sales", "marketing"}])
        prompt, completion = random_.randint(500, 60_000), random_.randint(50, 4_000)
        spend = (Decimal(prompt) * Decimal("1.25") + Decimal(completion) * 10) / 1_000_000
        start = datetime(day.year, day.month, day.day, 8 + number % 10, number, tzinfo=UTC)
        meta = json.dumps({"user_api_key_user_email": member.email, "user_api_key_alias": f"{member.team}-bot"})
        yield [
            f"req-{day}-{number}", f"hash-{member.login}", f"{spend:f}", prompt + completion, prompt, completion, start.isoformat(),
            (start + timedelta(seconds=4)).isoformat(), "gemini-2.5-pro", "gemini", member.login, member.team, meta, "success",
        ]  # fmt: skip


def _tokens(random_: random.Random, member: Member, day: date, share: float) -> int:
    """Return how many fresh input tokens *member* used on *day*: fewer at weekends, many if they run over."""
    active = random_.random() < share * (0.2 if day.weekday() >= 5 else 0.9)
    size = random_.lognormvariate(13.6, 0.7) * _HEAVY[member.team]
    heavy = 6 if member.login == OVERRUNNER else 1
    return int(size * heavy) if active else 0


def _random(vendor: str, day: date) -> random.Random:
    return random.Random(f"{SEED} {vendor} {day.toordinal() % 400}")
