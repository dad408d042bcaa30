"""What an endpoint sends back, read leniently: completions, thinking, fences, the JSON object inside. Pure, bounded."""

import json
import re
from collections.abc import Iterator
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from agent.errors import SourceError

ModelT = TypeVar("ModelT", bound=BaseModel)

TEXT_LIMIT = 200_000
"""Characters of an answer that are looked at."""
OBJECT_TRIES = 24
"""Opening braces that are tried: bounds the work on hostile text."""

_OPEN = re.compile(r"\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
_CLOSE = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)


class Theirs(BaseModel):
    """Base of other people's data: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Usage(Theirs):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Function(Theirs):
    name: str = ""
    arguments: JsonValue = "{}"
    """JSON text; some servers send the object itself."""


class Asked(Theirs):
    """A tool call the model asks for."""

    id: str | None = None
    function: Function = Function()


class Message(Theirs):
    content: JsonValue = None
    refusal: str | None = None
    tool_calls: tuple[Asked, ...] | None = None


class Choice(Theirs):
    message: Message = Message()
    finish_reason: str | None = None


class Completion(Theirs):
    choices: tuple[Choice, ...]
    usage: Usage | None = None


class Misfit(ValueError):
    """An answer that does not fit; the message is for the model, and quotes nothing it wrote."""


def read_completion(raw: bytes) -> Completion:
    """Read the body of a 200. Raises SourceError on a web page, other JSON or no choices."""
    try:
        completion = Completion.model_validate_json(raw)
    except ValidationError as error:
        start = raw[:200].lstrip().lower()
        if start.startswith(b"<"):
            what = "answered with a web page instead of JSON, check that model_url ends in /v1 and that no proxy answers in its place"
        else:
            what = "answered with something that is no chat completion, check that model_url is an OpenAI-compatible endpoint"
        raise SourceError("model", what) from error
    if not completion.choices:
        raise SourceError("model", "answered without any choice, check the server's log")
    return completion


def content_text(message: Message) -> str:
    """The text of a message, whether it came as a string or as parts; at most TEXT_LIMIT characters."""
    content = message.content
    if isinstance(content, list):
        parts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        content = "".join(cast(list[str], parts))
    return _whole(content)[:TEXT_LIMIT] if isinstance(content, str) else ""


def without_thinking(text: str) -> str:
    """The answer after the model's reasoning; an unclosed thought leaves nothing, a lone closing tag ends one."""
    text = text.strip()
    if text.startswith(("{", "```")):
        return text  # the answer itself: a tag inside it is a stranger's
    close = _CLOSE.search(text)
    if close is None:
        return "" if _OPEN.match(text) else text
    return text[close.end() :].strip()


def find_object(text: str, schema: type[ModelT]) -> ModelT:
    """The first JSON object in the text that fits the schema, fenced or among prose. Raises Misfit saying what is wrong."""
    problem: str | None = None
    for candidate in _objects(text):
        try:
            return schema.model_validate(_clean(candidate))
        except ValidationError as error:
            problem = problem or _describe(error)
    raise Misfit(problem or "no complete JSON object was found in it")


def _objects(text: str) -> Iterator[dict[str, JsonValue]]:
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(OBJECT_TRIES):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find("{", end)


def _whole(text: str) -> str:
    """Without half characters, which JSON may smuggle in and UTF-8 cannot write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _clean(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _clean(item) for key, item in value.items()}
    return value


def _describe(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = ["/".join(str(part)[:40] for part in row["loc"]) + ": " + row["msg"][:160] for row in found[:5]]
    return "; ".join(lines) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")


_OURS = frozenset({"default", "properties", "minLength", "maxLength", "maxItems", "pattern"})


def strict_schema(schema: type[BaseModel]) -> dict[str, JsonValue]:
    """The JSON schema as strict structured output wants it: every property required, no others, no defaults.

    Upper bounds on lengths stay with us: compiled into a grammar they slow servers down a lot (mlc-ai/xgrammar issue 852),
    and from 2,000 on llama.cpp refuses them. What comes back is validated in full.
    """
    return cast(dict[str, JsonValue], _strict(schema.model_json_schema()))


def _strict(node: JsonValue) -> JsonValue:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {key: _strict(value) for key, value in node.items() if key not in _OURS}
    properties = node.get("properties")
    if isinstance(properties, dict):
        out["properties"] = {name: _strict(value) for name, value in properties.items()}
        out["required"] = list(properties)
        out["additionalProperties"] = False
    return out
