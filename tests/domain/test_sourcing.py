from __future__ import annotations

from bot.domain.sourcing import clash, covers, stated_elsewhere


def test_a_provider_covers_its_accounts_and_not_the_like_named() -> None:
    assert covers("anthropic", "Anthropic/claude.ai")
    assert covers("anthropic", "anthropic")
    assert not covers("anthropic/claude.ai", "anthropic")
    assert not covers("open", "openai")


def test_two_sources_of_one_scope_clash_in_either_order() -> None:
    assert clash(["anthropic"], "gateway", {"anthropic/claude.ai": "claude"}) == (
        "anthropic",
        "anthropic/claude.ai",
        "claude",
    )
    assert clash(["anthropic/claude.ai"], "claude", {"anthropic": "gateway"}) == (
        "anthropic/claude.ai",
        "anthropic",
        "gateway",
    )


def test_accounts_side_by_side_and_the_same_source_do_not_clash() -> None:
    assert clash(["anthropic/console"], "api", {"anthropic/claude.ai": "claude"}) is None
    assert clash(["anthropic"], "gateway", {"anthropic": "gateway"}) is None


def test_what_another_source_states_is_left_to_it() -> None:
    assert stated_elsewhere("gateway", {"openai": "openai", "gemini": "gateway"}) == ["openai"]
