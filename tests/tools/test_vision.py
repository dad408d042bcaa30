"""Charts through the endpoint over real HTTP, and the honest answer without one."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from agent.errors import SourceError, StoreError
from agent.ports import ChartReader
from agent.schemas import ChartFact, Picture
from tests.scripted_llm import MODEL, ScriptedLLM, Step, says, status
from tools.budget import Budget
from tools.llm import ChatModel
from tools.picture import open_picture
from tools.vision import LONGEST_SIDE, NoReader, VisionReader


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    image = Image.new("RGB", (120, 80), "white")
    ImageDraw.Draw(image).line([(10, 10), (110, 70)], fill="navy", width=3)
    image.save(tmp_path / "chart.png")
    return open_picture(tmp_path / "chart.png", tmp_path / "store")


def value(name: str, number: float, confidence: float = 0.9, time: str = "") -> dict[str, str | float]:
    return {"name": name, "value": number, "time": time, "confidence": confidence}


def reads(*values: dict[str, str | float], readable: bool = True) -> Step:
    return says({"readable": readable, "metric": "Sales", "unit": "sales a week", "series": "all", "values": [dict(one) for one in values]})


async def read(picture: Picture, *steps: Step) -> tuple[list[ChartFact], VisionReader, ScriptedLLM]:
    async with ScriptedLLM(steps) as server, ChatModel(url=server.url, model=MODEL, budget=Budget(9, 99_000, 60)) as chat:
        reader = VisionReader(chat)
        port: ChartReader = reader
        return await port.read(picture), reader, server


async def test_a_chart_becomes_facts_with_confidence_and_a_recomputed_change(picture: Picture) -> None:
    facts, reader, server = await read(
        picture,
        reads(
            value("first", 1240, time="3 Mar"),
            value("last", 744, 0.8, "2 Apr"),
            value("min", 744),
            value("max", 1240),
            value("change_pct", -55),
        ),
    )
    assert facts == [
        ChartFact(name="first", value=1240, unit="sales a week", time="3 Mar", confidence=0.9),
        ChartFact(name="last", value=744, unit="sales a week", time="2 Apr", confidence=0.8),
        ChartFact(name="change_pct", value=-40.0, unit="%", confidence=0.8),
        ChartFact(name="min", value=744, unit="sales a week", confidence=0.9),
        ChartFact(name="max", value=1240, unit="sales a week", confidence=0.9),
    ]
    assert reader.last is not None
    assert reader.last.metric == "Sales"
    content = server.seen[0].messages[0]["content"]
    assert isinstance(content, list)
    shown = content[0]
    assert isinstance(shown, dict)
    assert shown["image_url"] == {"url": "data:image/png;base64," + base64.b64encode(Path(picture.path).read_bytes()).decode()}
    assert "do not do it" in server.seen[0].text()


async def test_what_the_model_is_not_sure_of_is_left_out(picture: Picture) -> None:
    facts, _, _ = await read(
        picture, reads(value("first", 10), value("last", 5, 0.3), value("min", 9), value("max", 2), value("change_pct", -50))
    )
    assert [fact.name for fact in facts] == ["first"]


async def test_what_is_no_chart_gives_nothing(picture: Picture) -> None:
    assert (await read(picture, reads(value("first", 1), readable=False)))[0] == []


@pytest.mark.parametrize("bad", [value("first", 1, 7), value("median", 1), {"name": "first"}])
async def test_a_malformed_reading_is_asked_for_again(picture: Picture, bad: dict[str, str | float]) -> None:
    facts, _, server = await read(picture, reads(bad), reads(value("first", 2)))
    assert [(fact.name, fact.value) for fact in facts] == [("first", 2)]
    assert len(server.seen) == 2


async def test_infinite_numbers_do_not_get_in(picture: Picture) -> None:
    endless = says(
        '{"readable": true, "metric": "", "unit": "", "series": "", "values": [{"name": "first", "value": Infinity, "time": "", "confidence": 1}]}'
    )
    with pytest.raises(SourceError, match="finite number"):
        await read(picture, endless, endless, endless)


async def test_a_dead_endpoint_is_a_source_error(picture: Picture) -> None:
    with pytest.raises(SourceError):
        await read(picture, status(401))


async def test_a_large_picture_is_sent_smaller(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 1500), "white").save(tmp_path / "big.jpg")
    _, _, server = await read(open_picture(tmp_path / "big.jpg", tmp_path), reads(value("first", 1)))
    content = server.seen[0].messages[0]["content"]
    assert isinstance(content, list)
    url = str(content[0])
    assert "data:image/jpeg" in url
    data = base64.b64decode(url.partition("base64,")[2].partition("'")[0])
    assert Image.open(io.BytesIO(data)).size == (LONGEST_SIDE, LONGEST_SIDE // 2)


async def test_a_stored_copy_that_is_gone_is_named(picture: Picture) -> None:
    Path(picture.path).unlink()
    with pytest.raises(StoreError, match="cannot be read, add the picture again"):
        await read(picture)


async def test_without_a_model_nothing_is_read_and_the_reason_is_given_in_both_languages(picture: Picture) -> None:
    reader = NoReader()
    port: ChartReader = reader
    assert await port.read(picture) == []
    assert reader.why == "cannot read pictures without a vision model; tell me what it shows"
    assert NoReader("zh").why == "没有视觉模型，无法读图；请告诉我图中内容"
