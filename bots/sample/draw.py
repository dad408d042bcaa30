"""Draws the chart pictures of the sample DAO from its series: `python -m bots.sample.draw`.

Pillow and its built-in font only, which has no Chinese glyphs: the labels are Latin, the Chinese title is in charts.jsonl.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from agent.schemas import Chart, ChartFact, Point, Series
from bots.sample.png import encode

FOLDER = Path(__file__).parent
SIZE = (900, 520)
_NEARLY_WHITE = 250
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SCALE = 3  # drawn three times as large and averaged down: smooth lines
_BOX = (84, 118, 872, 430)  # left, top, right, bottom of the plot
_WHITE, _GRID, _AXIS = (255, 255, 255), (220, 226, 232), (110, 122, 134)
_TEXT, _SOFT, _BLUE, _PALE = (28, 38, 50), (92, 104, 118), (20, 98, 176), (150, 190, 228)


@dataclass(frozen=True, slots=True)
class Figure:
    """What to draw: the last `points` points of a series."""

    file: str
    metric: str
    points: int
    style: str
    title: str
    title_zh: str
    subtitle: str
    x_label: str
    y_label: str
    top: float
    step: float
    digits: int
    tick: str


FIGURES = (
    Figure(
        file="nft-sales.png",
        metric="nft_sales_weekly",
        points=5,
        style="line",
        title="NFT sales on Harbor Market, March 2025",
        title_zh="港湾市场 NFT 每周成交数，2025 年 3 月",
        subtitle="Works sold in the seven days up to the date shown",
        x_label="week ending (2025)",
        y_label="sales a week",
        top=1400,
        step=200,
        digits=0,
        tick="day",
    ),
    Figure(
        file="protocol-fees.png",
        metric="protocol_fees_monthly",
        points=12,
        style="bar",
        title="Protocol fees of Harbor Market by month",
        title_zh="港湾市场每月协议手续费（ETH）",
        subtitle="2 % of every sale, collected in the month shown",
        x_label="month",
        y_label="ETH a month",
        top=100,
        step=20,
        digits=1,
        tick="month",
    ),
)


class Canvas:
    """A drawing whose coordinates are those of the finished picture."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (SIZE[0] * _SCALE, SIZE[1] * _SCALE), _WHITE)
        self._draw = ImageDraw.Draw(self.image)

    def box(self, left: float, top: float, right: float, bottom: float, fill: tuple[int, int, int]) -> None:
        self._draw.rectangle([left * _SCALE, top * _SCALE, right * _SCALE - 1, bottom * _SCALE - 1], fill=fill)

    def line(self, points: list[tuple[float, float]], fill: tuple[int, int, int], width: float) -> None:
        self._draw.line([(x * _SCALE, y * _SCALE) for x, y in points], fill=fill, width=round(width * _SCALE), joint="curve")

    def dot(self, x: float, y: float, radius: float, fill: tuple[int, int, int]) -> None:
        self._draw.ellipse([(x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE], fill=fill)

    def text(self, at: tuple[float, float], text: str, size: int, fill: tuple[int, int, int] = _TEXT, anchor: str = "la") -> None:
        """Text with a white rim, so that grid lines do not run through it."""
        place, rim = (at[0] * _SCALE, at[1] * _SCALE), 3 * _SCALE
        self._draw.text(place, text, font=_font(size), fill=fill, anchor=anchor, stroke_width=rim, stroke_fill=_WHITE)
        self._draw.text(place, text, font=_font(size), fill=fill, anchor=anchor)

    def finish(self) -> Image.Image:
        """The picture at its own size, its colours rounded so that a palette can hold them."""
        small = self.image.reduce(_SCALE)
        return small.point([min(255, round(value / 12) * 12 + 3) if value < _NEARLY_WHITE else 255 for value in range(256)] * 3)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size * _SCALE)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("draw: this Pillow was built without FreeType and has no scalable font")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)  # the same with and without libraqm


def read_series() -> dict[str, Series]:
    """The sample's series by metric."""
    rows = [json.loads(line) for line in (FOLDER / "series.jsonl").read_text(encoding="utf-8").split("\n") if line]
    found = [Series.model_validate({key: value for key, value in row.items() if key != "record"}) for row in rows]
    return {series.metric: series for series in found}


def points_of(figure: Figure) -> tuple[Point, ...]:
    """The points a figure shows, oldest first."""
    return read_series()[figure.metric].points[-figure.points :]


def picture(figure: Figure) -> bytes:
    """PNG bytes of a figure; the same on every machine with the same Pillow."""
    canvas, points = Canvas(), points_of(figure)
    left, top, right, bottom = _BOX
    canvas.text((28, 22), figure.title, 23)
    canvas.text((28, 54), figure.subtitle, 14, _SOFT)

    def height(value: float) -> float:
        return bottom - (bottom - top) * value / figure.top

    for tick in range(round(figure.top / figure.step) + 1):
        value = tick * figure.step
        canvas.box(left, height(value), right, height(value) + 1, _AXIS if tick == 0 else _GRID)
        canvas.text((left - 10, height(value)), f"{value:,.0f}", 14, _SOFT, "rm")
    canvas.text((left, top - 12), figure.y_label, 14, _SOFT, "ls")
    place = (right - left) / len(points)
    centres = [left + place * (i + 0.5) for i in range(len(points))]
    draw: Callable[[Canvas, list[float], list[float], float, float], None] = _line if figure.style == "line" else _bars
    draw(canvas, centres, [height(p.value) for p in points], bottom, place)
    for x, point in zip(centres, points, strict=True):
        canvas.text((x, height(point.value) - 12), f"{point.value:,.{figure.digits}f}", 16 if figure.style == "line" else 14, anchor="ms")
        canvas.text((x, bottom + 12), _tick(point, figure.tick), 14, anchor="ma")
    canvas.text(((left + right) / 2, bottom + 40), figure.x_label, 14, _SOFT, "ma")
    canvas.text((28, SIZE[1] - 16), f"Harbor DAO. Source: {read_series()[figure.metric].source}", 12, _SOFT, "ls")
    return encode(canvas.finish())


def _line(canvas: Canvas, xs: list[float], ys: list[float], _bottom: float, _place: float) -> None:
    canvas.line(list(zip(xs, ys, strict=True)), _BLUE, 3)
    for x, y in zip(xs, ys, strict=True):
        canvas.dot(x, y, 6, _BLUE)
        canvas.dot(x, y, 3, _WHITE)


def _bars(canvas: Canvas, xs: list[float], ys: list[float], bottom: float, place: float) -> None:
    for x, y in zip(xs, ys, strict=True):
        canvas.box(x - place * 0.32, y, x + place * 0.32, bottom, _BLUE if x == xs[-1] else _PALE)


def facts(figure: Figure) -> tuple[ChartFact, ...]:
    """first, last, change_pct, min and max of the points shown; the change is rounded half up to one decimal."""
    points, unit = points_of(figure), read_series()[figure.metric].unit
    first, last = points[0], points[-1]
    low, high = min(points, key=lambda p: p.value), max(points, key=lambda p: p.value)
    start, end = Decimal(str(first.value)), Decimal(str(last.value))
    change = ((end - start) / abs(start) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    named = [ChartFact(name=n, value=p.value, unit=unit, time=_day(p)) for n, p in (("first", first), ("last", last))]
    named.append(ChartFact(name="change_pct", value=float(change), unit="%", time=f"{_day(first)}/{_day(last)}"))
    named += [ChartFact(name=n, value=p.value, unit=unit, time=_day(p)) for n, p in (("min", low), ("max", high))]
    return tuple(named)


def alt(figure: Figure) -> str:
    """What a person hears instead of seeing the picture: every point."""
    values = "; ".join(f"{_day(p)}: {p.value:,.{figure.digits}f}" for p in points_of(figure))
    kind = "Line" if figure.style == "line" else "Bar"
    return f"{kind} chart. {figure.title}. {figure.y_label[0].upper()}{figure.y_label[1:]}: {values}."


def chart(figure: Figure, data: bytes) -> Chart:
    """The record of a picture, known by the hash of its bytes."""
    return Chart(
        dao=read_series()[figure.metric].dao,
        sha256=sha256(data).hexdigest(),
        metric=figure.metric,
        title=figure.title,
        title_zh=figure.title_zh,
        alt=alt(figure),
        facts=facts(figure),
    )


def _tick(point: Point, kind: str) -> str:
    """ "3 Mar" or "Mar 25", whatever the locale."""
    month = _MONTHS[point.time.month - 1]
    return f"{point.time.day} {month}" if kind == "day" else f"{month} {point.time:%y}"


def _day(point: Point) -> str:
    return point.time.date().isoformat()


def main(folder: Path = FOLDER) -> None:
    """Write charts/*.png and charts.jsonl into the folder."""
    (folder / "charts").mkdir(exist_ok=True)
    rows = []
    for figure in FIGURES:
        data = picture(figure)
        (folder / "charts" / figure.file).write_bytes(data)
        rows.append(json.dumps({"record": "chart", **chart(figure, data).model_dump(mode="json", exclude_none=True)}, ensure_ascii=False))
    (folder / "charts.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
