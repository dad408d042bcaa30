"""The grounded writer's sentences in the draft's language, from the Fluent catalogues."""

from functools import cache

from fluent.runtime import FluentBundle, FluentResource

import prompts
from agent.schemas import Lang

LOCALES = {"en": "en-GB", "zh": "zh-Hans"}


@cache
def _bundle(lang: Lang) -> FluentBundle:
    bundle = FluentBundle([LOCALES[lang]], use_isolating=False)
    bundle.add_resource(FluentResource(prompts.catalogue(lang)))
    return bundle


def say(lang: Lang, key: str, **values: str | int) -> str:
    """One message of the catalogue. Raises KeyError on an unknown key and ValueError on a missing value: both are our bugs."""
    bundle = _bundle(lang)
    pattern = bundle.get_message(key).value
    if pattern is None:
        raise KeyError(f"grounded: message '{key}' in {lang} has no text")
    text, errors = bundle.format_pattern(pattern, values)
    if errors:
        raise ValueError(f"grounded: message '{key}' in {lang}: {errors[0]}")
    return str(text)
