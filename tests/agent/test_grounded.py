"""The grounded writer's catalogues and its small rules."""

import re

import pytest

import prompts
from agent.grounded.asks import ask_of
from agent.grounded.sections import COMPOSE
from agent.grounded.view import rounded, tidy
from agent.grounded.words import say
from agent.grounded.writer import _shortened
from agent.text import utf16_len

_KEY = re.compile(r"^([a-z][a-z0-9-]*) =", re.MULTILINE)


def test_both_languages_have_the_same_messages() -> None:
    english, chinese = (set(_KEY.findall(prompts.catalogue(lang))) for lang in ("en", "zh"))
    assert english == chinese
    assert len(english) > 80


def test_each_message_takes_the_same_values_in_both_languages() -> None:
    def values(lang: str) -> dict[str, set[str]]:
        parts = _KEY.split(prompts.catalogue(lang))[1:]
        return {key: set(re.findall(r"\{ ?\$([a-z-]+)", text)) for key, text in zip(parts[::2], parts[1::2], strict=True)}

    assert values("en") == values("zh")


def test_a_missing_value_is_our_error_and_not_a_gap_in_the_text() -> None:
    with pytest.raises(ValueError, match="precedent"):
        say("en", "precedent", name="HIP-1")


@pytest.mark.parametrize(
    ("topic", "ask"),
    [
        ("creator rebates: NFT sales are falling", "creator rebates"),
        ("创作者返还：NFT 成交数下降", "创作者返还"),
        ("Consensus Check: Raise the proposal quorum threshold", "Consensus Check: Raise the proposal quorum threshold"),
        ("[EP 5.2] Commit funds", "[EP 5.2] Commit funds"),
        ("developer grants", "developer grants"),
    ],
)
def test_an_observation_behind_a_colon_is_not_part_of_the_ask(topic: str, ask: str) -> None:
    assert ask_of(topic) == ask


def test_strangers_titles_lose_markup_hidden_characters_and_pings() -> None:
    assert tidy("# **Pay**\u202e `now` <b>https://evil.example @everyone") == "Pay now b"
    assert len(tidy("word " * 100)) <= 111


@pytest.mark.parametrize(("value", "shown"), [(129479.6055, "129,480"), (0.4567, "0.46"), (40.0, "40"), ("passed", "passed")])
def test_recorded_values_are_shown_at_a_sensible_precision(value: float | str, shown: str) -> None:
    assert rounded(value) == shown


@pytest.mark.parametrize("topic", ["a" * 90, "one two three " * 20, "Short clause: " + "long tail " * 30, "创作者" * 60])
def test_a_title_is_shortened_within_the_limit(topic: str) -> None:
    assert 0 < utf16_len(_shortened(topic, 44)) <= 44


def test_every_common_section_has_a_composer() -> None:
    from agent.rules import common

    assert {key for key, section in common().items() if section.own} <= set(COMPOSE)
