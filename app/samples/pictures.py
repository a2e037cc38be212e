"""Pictures for visual question answering, drawn here, so that nobody's photographs are needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

__all__ = ["PICTURES", "draw_pictures"]

_SIZE = (640, 420)
_SCALE = 2
"""Drawn at twice the size and reduced, which smooths the edges."""
_INK, _PAPER, _GREY = "#22313f", "#fbfaf7", "#c9ced3"
_TEAL, _AMBER, _RED, _BLUE, _GREEN, _PLUM = "#1b7f79", "#e3a72f", "#c8553d", "#3b6ea5", "#6a994e", "#7d5a8c"

Draw = Callable[[ImageDraw.ImageDraw], None]


def _s(*values: float) -> Any:
    return tuple(value * _SCALE for value in values)


def _text(
    d: ImageDraw.ImageDraw,
    x: float,
    y: float,
    text: str,
    size: int = 16,
    fill: str = _INK,
    anchor: str = "la",
) -> None:
    d.text(_s(x, y), text, fill=fill, font=ImageFont.load_default(size * _SCALE), anchor=anchor)


def _box(
    d: ImageDraw.ImageDraw,
    x: float,
    y: float,
    w: float,
    h: float,
    fill: str,
    outline: str | None = None,
    radius: int = 3,
) -> None:
    d.rounded_rectangle(_s(x, y, x + w, y + h), radius * _SCALE, fill=fill, outline=outline, width=2 * _SCALE)


def _dot(d: ImageDraw.ImageDraw, x: float, y: float, r: float, fill: str, outline: str | None = None) -> None:
    d.ellipse(_s(x - r, y - r, x + r, y + r), fill=fill, outline=outline, width=2 * _SCALE)


def _line(
    d: ImageDraw.ImageDraw, points: list[tuple[float, float]], fill: str = _INK, width: int = 2
) -> None:
    d.line([_s(*point) for point in points], fill=fill, width=width * _SCALE, joint="curve")


def _bars(
    title: str, names: list[str], values: list[int], top: int, colours: list[str] | None = None
) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        _text(d, 40, 24, title, 20)
        for step in range(5):
            y = 340 - step * 65
            _line(d, [(80, y), (600, y)], _GREY, 1)
            _text(d, 70, y, str(top * step // 4), 14, anchor="rm")
        width = 480 / len(values)
        for number, (name, value) in enumerate(zip(names, values, strict=True)):
            height = 260 * value / top
            x = 100 + number * width
            colour = (colours or [_TEAL] * len(values))[number]
            _box(d, x, 340 - height, width * 0.62, height, colour)
            _text(d, x + width * 0.31, 356, name, 14, anchor="ma")

    return draw


def _clock(hour: int, minute: int, label: str) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        from math import cos, pi, sin

        _dot(d, 320, 200, 150, "#ffffff", _INK)
        for mark in range(12):
            angle = mark * pi / 6
            inner = 128 if mark % 3 else 118
            _line(
                d,
                [
                    (320 + inner * sin(angle), 200 - inner * cos(angle)),
                    (320 + 140 * sin(angle), 200 - 140 * cos(angle)),
                ],
                width=3,
            )
        for angle, length, width in ((pi * (hour % 12 + minute / 60) / 6, 78, 8), (pi * minute / 30, 116, 5)):
            _line(d, [(320, 200), (320 + length * sin(angle), 200 - length * cos(angle))], width=width)
        _dot(d, 320, 200, 8, _RED)
        _text(d, 320, 378, label, 16, anchor="ma")

    return draw


def _shelf(rows: list[list[str]]) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        colours = {"r": _RED, "b": _BLUE, "g": _GREEN, "y": _AMBER, "p": _PLUM}
        for number, row in enumerate(rows):
            y = 120 + number * 120
            _box(d, 40, y, 560, 10, "#8d6e53")
            for place, thing in enumerate(row):
                x = 62 + place * 66
                if thing[0] == "o":
                    _dot(d, x + 22, y - 24, 23, colours[thing[1]])
                elif thing[0] == "t":
                    d.polygon([_s(x, y), _s(x + 46, y), _s(x + 23, y - 52)], fill=colours[thing[1]])
                else:
                    _box(d, x, y - 62, 36, 62, colours[thing[1]])

    return draw


def _street(cars: list[str], windows_lit: int, trees: int, bus: bool) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        _box(d, 0, 0, 640, 420, "#dfe9ee", radius=0)
        lit = windows_lit
        for house, (x, w, h, colour) in enumerate(
            ((30, 150, 190, "#b5651d"), (200, 130, 230, "#8fa3ad"), (350, 160, 170, "#c98f6b"))
        ):
            _box(d, x, 290 - h, w, h, colour)
            for row in range(3 if house == 1 else 2):
                for column in range(3):
                    on, lit = lit > 0, lit - 1
                    _box(
                        d,
                        x + 14 + column * (w - 20) / 3,
                        290 - h + 22 + row * 64,
                        26,
                        34,
                        "#ffe08a" if on else "#4a5b66",
                    )
        for tree in range(trees):
            x = 530 + tree * 36
            _box(d, x, 250, 8, 42, "#6b4f36")
            _dot(d, x + 4, 236, 20, _GREEN)
        _box(d, 0, 290, 640, 130, "#5b6770", radius=0)
        for dash in range(9):
            _box(d, 20 + dash * 72, 352, 36, 5, "#eef1f3")
        for number, colour in enumerate(cars):
            x = 40 + number * 118
            _box(d, x, 312, 92, 26, colour, radius=8)
            _box(d, x + 20, 298, 48, 20, colour, radius=8)
            _dot(d, x + 22, 340, 10, _INK)
            _dot(d, x + 70, 340, 10, _INK)
        if bus:
            _box(d, 430, 366, 170, 42, _AMBER, radius=6)
            _text(d, 440, 374, "12 Station", 18)

    return draw


def _menu(title: str, lines: list[tuple[str, str]]) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        _box(d, 120, 20, 400, 380, "#fffdf5", _INK, radius=10)
        _text(d, 320, 44, title, 24, anchor="ma")
        for number, (name, price) in enumerate(lines):
            y = 104 + number * 46
            _text(d, 150, y, name, 18)
            _text(d, 490, y, price, 18, anchor="ra")
            _line(d, [(150, y + 30), (490, y + 30)], _GREY, 1)

    return draw


def _map() -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        _box(d, 20, 20, 600, 380, "#eef3e6", _GREY)
        _line(d, [(20, 300), (180, 270), (330, 310), (620, 250)], "#8bb8d8", 14)
        _line(d, [(90, 40), (120, 380)], "#d9c9a3", 8)
        _line(d, [(110, 180), (590, 160)], "#d9c9a3", 8)
        _line(d, [(400, 165), (430, 390)], "#d9c9a3", 8)
        for x, y, name in (
            (112, 110, "Mill"),
            (250, 172, "School"),
            (400, 130, "Station"),
            (510, 162, "Museum"),
            (424, 350, "Harbour"),
        ):
            _dot(d, x, y, 11, _RED)
            _text(d, x + 16, y - 30, name, 18)
        _line(d, [(590, 90), (590, 50)], width=4)
        _text(d, 590, 28, "N", 18, anchor="ma")

    return draw


def _lines(title: str, series: dict[str, tuple[str, list[int]]]) -> Draw:
    def draw(d: ImageDraw.ImageDraw) -> None:
        _text(d, 40, 24, title, 20)
        for step in range(5):
            y = 340 - step * 65
            _line(d, [(80, y), (540, y)], _GREY, 1)
            _text(d, 70, y, str(step * 10), 14, anchor="rm")
        for name, (colour, values) in series.items():
            points = [(90.0 + number * 85, 340 - value * 6.5) for number, value in enumerate(values)]
            _line(d, points, colour, 4)
            _text(d, points[-1][0] + 14, points[-1][1] - 8, name, 16, colour)
        for number, month in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun")):
            _text(d, 90 + number * 85, 356, month, 14, anchor="ma")

    return draw


_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]
_SHELF = _shelf(
    [
        ["or", "kb", "tg", "or", "ky", "op"],
        ["tb", "tb", "kr", "og", "kp"],
        ["ky", "or", "tp", "kg", "kb", "or", "ty"],
    ]
)
_STREET = _street([_RED, _BLUE, _RED], 7, 3, True)
_NIGHT = _street([_GREEN], 13, 2, False)
_CAFE = _menu(
    "Mole Cafe",
    [
        ("Soup of the day", "5.20"),
        ("Cheese toast", "4.80"),
        ("Apple cake", "3.90"),
        ("Pot of tea", "3.40"),
        ("Lemonade", "3.10"),
    ],
)
_SCENES: tuple[tuple[str, Draw, str, tuple[tuple[str, str, str], ...]], ...] = (
    ("visitors", _bars("Visitors a day", _DAYS, [40, 65, 30, 80, 95], 100), "Bar chart of visitors on five weekdays",
     (("Which day had the most visitors?", "Friday", "clear"), ("How many days had fewer than 50 visitors?", "2", "clear"))),
    ("rain", _bars("Rain in mm", ["Oslo", "Bern", "Rome", "Cork"], [60, 88, 24, 112], 120, [_BLUE, _BLUE, _AMBER, _BLUE]),
     "Bar chart of rain in four cities", (("Which city is shown in another colour?", "Rome", "clear"), ("Which city had the least snow?", "not shown", "cannot_tell"))),
    ("clock-a", _clock(3, 40, "Platform 4"), "A clock on a platform", (("What time is it?", "3:40", "clear"), ("Which platform is it?", "4", "clear"))),
    ("clock-b", _clock(10, 5, "Reading room"), "A clock in a reading room", (("What time is it?", "10:05", "close_look"),)),
    ("shelf", _SHELF, "Shapes on three shelves", (("How many red balls are there?", "4", "close_look"), ("How many triangles are on the middle shelf?", "2", "clear"), ("What stands at the far right of the top shelf?", "purple ball", "clear"))),
    ("street", _STREET, "A street with houses, cars and a bus", (("How many red cars are there?", "2", "clear"), ("How many trees are there?", "3", "clear"), ("Where does the bus go?", "Station", "clear"))),
    ("night", _NIGHT, "A street in the evening", (("How many windows are lit?", "13", "close_look"), ("How many people are in the street?", "0", "clear"))),
    ("menu", _CAFE, "The menu of a cafe", (("What does the apple cake cost?", "3.90", "clear"), ("Which is the cheapest?", "Lemonade", "clear"))),
    ("map", _map(), "A map with five places", (("Which place is south of the river?", "Harbour", "close_look"), ("Which place is furthest east?", "Museum", "clear"))),
    ("sales", _lines("Sales in thousands", {"Tents": (_TEAL, [8, 12, 20, 28, 33, 38]), "Skis": (_RED, [36, 30, 18, 9, 5, 3])}),
     "Line chart of the sales of tents and skis", (("In which month do tents overtake skis?", "March", "close_look"),)),
    ("clock-c", _clock(6, 30, "Gate B"), "A clock at a gate", (("What time is it?", "6:30", "clear"),)),
    ("shelf-b", _shelf([["kr", "kr", "kb"], ["oy", "og", "oy", "ob"], ["tr", "tg"]]), "Shapes on three shelves",
     (("How many yellow balls are there?", "2", "clear"),)),
    ("loans", _bars("Library loans", ["Novels", "Maps", "Films", "Music"], [150, 45, 120, 75], 200), "Bar chart of loans",
     (("What was lent most?", "Novels", "clear"),)),
    ("bakery", _menu("Bakery", [("Rye bread", "4.60"), ("Roll", "0.60"), ("Pretzel", "1.10"), ("Croissant", "1.90")]),
     "The price list of a bakery", (("What do two pretzels cost?", "2.20", "clear"),)),
    ("street-b", _street([_BLUE, _GREEN, _RED, _AMBER], 4, 1, False), "A street with four cars",
     (("What colour is the third car from the left?", "red", "clear"),)),
    ("water", _lines("Water level in cm", {"Elbe": (_BLUE, [12, 18, 34, 30, 22, 15]), "Oder": (_PLUM, [10, 11, 13, 16, 14, 12])}),
     "Line chart of two rivers", (("Which river was higher in March?", "Elbe", "clear"),)),
)  # fmt: skip

PICTURES: tuple[dict[str, Any], ...] = tuple(
    {
        "id": f"{name}-{number}",
        "image": f"samples/{name}.png",
        "alt": alt,
        "prompt": question,
        "gold": {"answer": answer, "certainty": certainty},
        "picture": name,
    }
    for name, _, alt, questions in _SCENES
    for number, (question, answer, certainty) in enumerate(questions, 1)
)
"""One item per question; a picture may have several."""


def draw_pictures(media_dir: Path) -> list[Path]:
    """Draw every picture into the media folder; the same bytes each time. Returns their paths."""
    folder = media_dir / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw, *_ in _SCENES:
        image = Image.new("RGB", (_SIZE[0] * _SCALE, _SIZE[1] * _SCALE), _PAPER)
        draw(ImageDraw.Draw(image))
        path = folder / f"{name}.png"
        image.resize(_SIZE, Image.Resampling.LANCZOS).save(path, optimize=True)
        paths.append(path)
    return paths
