"""Prices: the dated public list prices of genai-prices, bundled with it; nothing is fetched.

Batches     half the price, for answers within a day, as the list says per model (genai-prices 0.2.3): Anthropic, OpenAI, Google
            https://platform.claude.com/docs/en/build-with-claude/batch-processing, https://developers.openai.com/api/docs/pricing,
            https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini (read 2026-11-28)
            Google's cache reads cost the same in batches. The list states no price of batches for AWS and Azure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

PER = Decimal(1_000_000)
ENDLESS = 2**62
PROVIDERS = {
    "amazon web services": "aws",
    "aws": "aws",
    "bedrock": "aws",
    "azure openai": "azure",
    "microsoft": "azure",
    "google cloud": "google",
    "vertex_ai": "google",
    "gemini": "google",
    "xai": "x-ai",
}
"""Vendor names as bills write them to provider ids of genai-prices; others are their lower-case selves."""
_FALLBACK = {
    "uncached_input_tokens": ("input_mtok",),
    "cache_read_tokens": ("cache_read_mtok", "input_mtok"),
    "cache_write_5m_tokens": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "cache_write_1h_tokens": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output_tokens": ("output_mtok",),
}
"""A class without a price of its own costs what the next one does."""


_BATCH = {"processing": "batch"}


class GenaiPrices:
    """Answers from the data that came with the library."""

    def prices(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return one row per wanted model, day and tier; see `bot.ports.PriceBook`."""
        return [row for item in wanted for row in _rows(item["provider_name"], item["model"], item["day"])]

    def batches(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the same for batches, of the models that are cheaper then."""
        usual = self.prices(wanted)
        batched = (row for item in wanted for row in _rows(item["provider_name"], item["model"], item["day"], _BATCH))
        return [row for row in batched if row not in usual]


def _rows(provider: str | None, model: str | None, day: date, context: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    price = _model_price(provider, model, day, context)
    if price is None:
        return
    found = {name: _first(price, keys) for name, keys in _FALLBACK.items()}
    starts = sorted({0, *(tier.start for value in found.values() for tier in getattr(value, "tiers", ()))})
    for low, high in zip(starts, [*starts[1:], ENDLESS], strict=True):
        prices = {f"{name}_price": _at(value, low) / PER for name, value in found.items()}
        above = low or -1
        yield {
            "provider_name": provider,
            "model": model,
            "day": day,
            "above_tokens": above,
            "up_to_tokens": high,
            **prices,
        }


def _model_price(provider: str | None, model: str | None, day: date, context: dict[str, str] | None) -> Any:
    """Return the price object of *model* on *day* in a *context*, None where the list does not know it."""
    if not model:
        return None
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - only loads without costs need it: a second of start-up

    name = (provider or "").lower()
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    try:
        usage = Usage(input_tokens=1, output_tokens=1)
        of = PROVIDERS.get(name, name) or None
        return calc_price(usage, model, provider_id=of, genai_request_timestamp=at, price_context=context).model_price
    except (LookupError, ValueError):
        return None


def _first(price: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = getattr(price, key, None)
        if value is not None:
            return value
    return Decimal(0)


def _at(value: Any, tokens: int) -> Decimal:
    """Return the price of a call with more than *tokens* input tokens; a tier's price holds for all tokens of the call."""
    if isinstance(value, Decimal):
        return value
    passed = [tier.price for tier in value.tiers if tier.start <= tokens and tokens]
    return Decimal(passed[-1] if passed else value.base)
