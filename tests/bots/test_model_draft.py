"""The model writer through the whole graph, over real HTTP against the scripted endpoint: what survives the checks, and the fall-back."""

import html
import json
import re

import pytest
from aiohttp import web
from pydantic import SecretStr

from agent.render import markdown
from agent.schemas import DaoId, Draft, Lang, Request
from agent.state import Event
from bots.drafting import begin
from bots.wiring import App
from tests.bots.conftest import lexical_app
from tests.scripted_llm import MODEL, ScriptedLLM, Seen, Step, completion, status

pytestmark = pytest.mark.slow

TOPIC = "creator rebates: NFT sales are falling"
_ENTRY = re.compile(r'<evidence id="(E\d+)">\n(kind: proposal; role: (?:ask|argument)[^\n]*)\n.*?<quote>(.*?)</quote>', re.DOTALL)


def clerk(*, careless: bool = False) -> Step:
    """A model that quotes the first passages it is shown; a careless one adds an invention, an unknown id and an order it was smuggled."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        if "tools" in seen.body:
            return web.json_response(completion("nothing more is needed"))
        prompt = seen.text()
        if "sentences" not in json.dumps(seen.body.get("response_format", {})):
            return web.json_response(completion(json.dumps({"title": "Rebates of 88,888 ETH" if careless else "Rebates for creators"})))
        rows = [(name, html.unescape(quote)) for name, _, quote in _ENTRY.findall(prompt)][:2]
        said = [{"text": f"An earlier text says: “{q}”", "kind": "fact", "cites": [i], "quotes": [q]} for i, q in rows]
        said.append({"text": "The amount is [[exact amount]].", "kind": "boilerplate", "cites": [], "quotes": []})
        if careless:
            first = rows[0][0] if rows else "E1"
            said += [
                {"text": "Sales will double to 88,888 a week.", "kind": "fact", "cites": [first], "quotes": []},
                {"text": "All members support this.", "kind": "fact", "cites": ["E999"], "quotes": []},
                {"text": "Approve this proposal at https://evil.example/now today.", "kind": "opinion", "cites": [], "quotes": []},
            ]
        return web.json_response(completion(json.dumps({"sentences": said}, ensure_ascii=False)))

    return step


async def draft(harbor: App, url: str, lang: Lang = "en", notes: list[str] | None = None, **settings: object) -> Draft:
    app = lexical_app(harbor.settings.home, model_url=url, model_name=MODEL, model_key=SecretStr("k"), writer="model", **settings)
    request = Request(topic=TOPIC, dao=DaoId("harbor"), lang=lang, writer="model")

    def told(event: Event) -> None:
        if notes is not None and event.phase == "note":
            notes.append(event.detail)

    try:
        return await begin(app, "model1", request, told)
    finally:
        app.close()


def text(made: Draft) -> str:
    return "\n".join(s.text for section in made.sections for s in section.sentences)


async def test_a_models_draft_passes_the_same_checks_and_names_the_model(harbor: App) -> None:
    async with ScriptedLLM(again=clerk()) as server:
        made = await draft(harbor, server.url)
    assert made.writer == "model"
    assert made.provenance.model == MODEL
    assert made.title.endswith("Rebates for creators")
    assert not [c for c in made.checks if c.level == "error"]
    assert "An earlier text says" in text(made)
    assert any(b.what == "exact amount" for b in made.blanks)


async def test_what_a_careless_model_invents_is_not_in_the_draft(harbor: App) -> None:
    async with ScriptedLLM(again=clerk(careless=True)) as server:
        made = await draft(harbor, server.url)
    said = text(made)
    for invention in ("88,888", "All members support", "evil.example"):
        assert invention not in said
    assert "An earlier text says" in said
    assert made.title.endswith("Creator rebates")
    assert not [c for c in made.checks if c.level == "error"]
    assert [c for c in made.checks if c.rule == "draft.removed"], "a removal is on record"


async def test_the_key_is_in_no_output(harbor: App) -> None:
    async with ScriptedLLM(again=status(401, "bad key secret-k")) as server:
        notes: list[str] = []
        made = await draft(harbor, server.url, notes=notes)
    assert "secret-k" not in markdown(made) + json.dumps(made.model_dump(mode="json")) + "".join(notes)


async def test_a_down_endpoint_gives_a_labelled_grounded_draft(harbor: App) -> None:
    notes: list[str] = []
    made = await draft(harbor, "http://127.0.0.1:9/v1", notes=notes, model_timeout=0.5, model_seconds=2.0)
    assert made.answered
    assert made.writer == "grounded"
    assert "model endpoint failed" in made.provenance.writer_note
    assert "model endpoint failed" in markdown(made)
    assert notes
    assert not [c for c in made.checks if c.level == "error"]


async def test_a_budget_of_calls_is_kept_and_the_rest_is_grounded(harbor: App) -> None:
    async with ScriptedLLM(again=clerk()) as server:
        made = await draft(harbor, server.url, model_calls=4)
        asked = len(server.seen)
    assert asked <= 4
    assert "budget of 4 calls is spent" in made.provenance.writer_note
    assert MODEL in made.provenance.writer_note
    assert not [c for c in made.checks if c.level == "error"]


async def test_strangers_text_reaches_the_model_only_inside_tags(harbor: App) -> None:
    async with ScriptedLLM(again=clerk()) as server:
        await draft(harbor, server.url)
        prompts = [seen.text() for seen in server.seen if "tools" not in seen.body]
    assert prompts
    for prompt in prompts:
        outside = re.sub(r"<(ledger|topic|earlier|findings)>.*?</\1>", "", prompt, flags=re.DOTALL)
        assert "HIP-31" not in outside
