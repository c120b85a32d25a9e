"""Markup: the short ways that a template and its text take give what the long ones give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from bot.messages import markup


@given(st.text() | st.text("\n\t\xa0\u2009\u2066\x00\ufffe–a<"))
def test_what_can_be_printed_is_legal(text: str) -> None:
    """Text is looked through letter by letter only where something in it cannot be printed."""
    assert markup._legal(text) == markup._FORBIDDEN.sub("\ufffd", text)


@given(st.text() | st.text("&<>\"'a") | st.text("&<>\"'a").map(Markup) | st.integers())
def test_what_needs_no_escaping_is_what_escaping_leaves(value: object) -> None:
    """Only text without any of the five letters is left as it is."""
    assert str(markup._Worded.safe(value)) == str(escape(value))


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_a_share_is_read_as_it_was_written(numerator: int, denominator: int) -> None:
    """The meter of a budget carries its share as a fraction."""
    share = markup.Fraction(numerator, denominator)
    read = markup.parse(f'<card><title>t</title><progress share="{share}">p</progress></card>').blocks[0]
    assert read == markup.Progress(share, "p")
