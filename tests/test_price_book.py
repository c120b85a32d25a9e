"""The price list: what waits for its answer costs less, where the list says so."""

from __future__ import annotations

from datetime import date

from adapters.prices import GenaiPrices

NOVEMBER = date(2026, 11, 3)


def asked(*models: tuple[str, str]) -> list[dict[str, object]]:
    return [{"provider_name": provider, "model": model, "day": NOVEMBER} for provider, model in models]


def test_batches_are_half_the_price_but_for_googles_cache_reads() -> None:
    wanted = asked(("Anthropic", "claude-opus-5"), ("OpenAI", "gpt-5.4"), ("gemini", "gemini-2.5-pro"))
    usual, batched = GenaiPrices().prices(wanted), GenaiPrices().batches(wanted)
    assert [row["model"] for row in batched] == [row["model"] for row in usual]
    for name in ("uncached_input_tokens_price", "output_tokens_price"):
        assert [row[name] * 2 for row in batched] == [row[name] for row in usual]
    reads = {row["model"]: row["cache_read_tokens_price"] for row in reversed(usual)}
    found = {row["model"]: row["cache_read_tokens_price"] for row in reversed(batched)}
    assert found["claude-opus-5"] * 2 == reads["claude-opus-5"]
    assert found["gemini-2.5-pro"] == reads["gemini-2.5-pro"]


def test_models_without_a_price_of_batches_have_none() -> None:
    assert GenaiPrices().batches(asked(("AWS", "claude-opus-5"), ("Azure", "gpt-5.4"), ("Acme", "large-1"))) == []
