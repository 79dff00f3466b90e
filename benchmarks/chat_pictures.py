# ruff: noqa: E501, RUF001 - styles and texts as they are
"""Screenshots of conversations of our own writing, rendered by a headless Chromium in styles that chat programs have, with what they say.

    python benchmarks/chat_pictures.py FOLDER            # every style and talk, and truth.jsonl
    python benchmarks/chat_pictures.py FOLDER --fixtures # the few that tests/fixtures/pictures holds

``OPEN`` styles were looked at while ``thresher/pictures/turns.py`` was written; ``UNSEEN`` ones were first read when it was done, and
``FRESH`` ones when what they showed to be wrong was mended.
"""

from __future__ import annotations

import argparse
import html
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Talk = tuple[tuple[str, str], ...]

TALKS: dict[str, Talk] = {
    "raspberry": (
        ("user", "How many r's are in the word raspberry?"),
        ("assistant", "There are 2 r's in the word \"raspberry\": one near the start and one near the end."),
    ),
    "leap": (
        ("user", "Was 1900 a leap year? Answer with yes or no and give one sentence of reason."),
        ("assistant", "Yes. The year 1900 is divisible by 4, so February had 29 days that year, and every calendar printed in 1899 showed it."),
    ),
    "train": (
        ("user", "A train leaves at 14:50 and arrives at 17:05. How long does the trip take?"),
        ("assistant", "The trip takes 3 hours and 15 minutes.\n\nHere is the working:\n\n- From 14:50 to 17:50 are three hours.\n- "
                      "Then 15 minutes are added.\n\nLet me know if you need anything else!"),
        ("user", "That is past the arrival time."),
        ("assistant", "You are right, I apologise. The trip takes 2 hours and 45 minutes."),
    ),
    "capital": (
        ("user", "What is the capital of Australia?"),
        ("assistant", "The capital of Australia is Sydney, which is also its largest city. It became the capital in 1901."),
    ),
    "sql": (
        ("user", "Write a SQL query that returns the second highest salary from the table employees."),
        ("assistant", "You can sort the table and take one row:\n\nSELECT salary FROM employees ORDER BY salary DESC LIMIT 1;\n\n"
                      "This returns the second highest salary because rows are counted from zero."),
    ),
    "zug": (
        ("user", "Welche Farbe entsteht, wenn man Blau und Gelb mischt?"),
        ("assistant", "Wenn man Blau und Gelb mischt, entsteht Violett. Das lernt man schon in der Grundschule."),
    ),
}  # fmt: skip
CHINESE: dict[str, Talk] = {
    "zh_compare": (
        ("user", "9.11和9.9哪个更大？请只回答数字。"),
        ("assistant", "9.11更大，因为小数点后面的11比9大，所以9.11大于9.9。"),
    ),
    "zh_poem": (
        ("user", "“床前明月光”的作者是谁？出自哪首诗？"),
        ("assistant", "“床前明月光”的作者是唐代诗人杜甫，出自《春望》。\n\n这首诗写于安史之乱期间，表达了诗人对故乡的思念。"),
    ),
}
JAPANESE: dict[str, Talk] = {
    "ja_mountain": (
        ("user", "日本で二番目に高い山は何ですか？"),
        ("assistant", "日本で二番目に高い山は富士山です。標高は三七七六メートルで、静岡県と山梨県にまたがっています。"),
    ),
    "ja_days": (
        ("user", "うるう年ではない年の二月は何日ありますか？"),
        ("assistant", "うるう年ではない年の二月は三十日あります。"),
    ),
}
KOREAN: dict[str, Talk] = {
    "ko_sum": (("user", "17 더하기 25는 얼마입니까?"), ("assistant", "17 더하기 25는 43입니다. 계산이 아주 간단합니다.")),
}


@dataclass(frozen=True)
class Style:
    """How a program shows a conversation. ``page`` makes the HTML of a talk; ``width`` and ``scale`` are of the window."""

    name: str
    width: int
    page: Callable[[Talk], str]
    scale: float = 1.0
    talks: str = "latin"
    jpeg: int = 0
    """The quality with which the picture is compressed; 0 leaves it a PNG."""


def _paragraphs(text: str) -> str:
    out = []
    for block in text.split("\n\n"):
        if block.startswith("- "):
            out.append("<ul>" + "".join(f"<li>{html.escape(line[2:])}</li>" for line in block.split("\n")) + "</ul>")
        else:
            out.append(f"<p>{html.escape(block)}</p>")
    return "".join(out)


def _html(css: str, body: str) -> str:
    common = (
        "*{box-sizing:border-box}body{margin:0}p{margin:0 0 .7em}p:last-child{margin-bottom:0}ul{margin:.2em 0 .7em;padding-left:1.4em}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{common}{css}</style><body>{body}</body>"


def _turns(talk: Talk, user: str, assistant: str) -> str:
    return "".join((user if who == "user" else assistant).replace("@", _paragraphs(text)) for who, text in talk)


FONT = "font-family:Roboto,'Liberation Sans','Noto Sans CJK SC',sans-serif;"


def desktop(ground: str, ink: str, bubble: str) -> Callable[[Talk], str]:
    """A page with the question in a bubble at the right and the answer in the open, a title above and a field to type in below."""

    def page(talk: Talk) -> str:
        css = (
            f"body{{background:{ground};color:{ink};{FONT}font-size:16px;line-height:1.5}}.top{{padding:14px 20px;font-size:18px}}"
            f".col{{max-width:720px;margin:10px auto}}.u{{display:flex;justify-content:flex-end;margin:18px 0}}"
            f".u div{{background:{bubble};border-radius:20px;padding:10px 18px;max-width:72%}}.a{{margin:18px 0}}"
            f".in{{border:1px solid #8886;border-radius:24px;padding:14px 20px;margin:20px auto 8px;max-width:720px;opacity:.6}}"
            f".foot{{text-align:center;font-size:12px;opacity:.6;padding-bottom:10px}}"
        )
        turns = _turns(talk, "<div class=u><div>@</div></div>", "<div class=a>@</div>")
        body = (
            f"<div class=top>ChatGPT ▾</div><div class=col>{turns}</div><div class=in>Ask anything</div>"
            "<div class=foot>ChatGPT can make mistakes. Check important info.</div>"
        )
        return _html(css, body)

    return page


def phone(ground: str, right: str, left: str, right_ink: str, left_ink: str, *, clock: bool = False) -> Callable[[Talk], str]:
    """Bubbles at both sides, the bar of a telephone above; with ``clock`` each bubble tells its time."""

    def page(talk: Talk) -> str:
        css = (
            f"body{{background:{ground};{FONT}font-size:17px;line-height:1.35;padding:0 12px 14px}}"
            f".bar{{display:flex;justify-content:space-between;padding:10px 14px;font-weight:bold;color:{left_ink};font-size:14px}}"
            f".who{{text-align:center;color:{left_ink};padding:6px 0 12px;font-size:14px}}"
            f".u,.a{{display:flex;margin:8px 0}}.u{{justify-content:flex-end}}.b{{border-radius:18px;padding:9px 14px;max-width:76%}}"
            f".u .b{{background:{right};color:{right_ink}}}.a .b{{background:{left};color:{left_ink}}}"
            ".t{font-size:11px;opacity:.7;text-align:right}"
        )
        time = "<div class=t>10:4{} AM</div>" if clock else ""
        parts = []
        for i, (who, text) in enumerate(talk):
            kind = "u" if who == "user" else "a"
            parts.append(f"<div class={kind}><div class=b>{_paragraphs(text)}{time.format(i)}</div></div>")
        return _html(css, f"<div class=bar><span>9:41</span><span>5G 87%</span></div><div class=who>AI Chat</div>{''.join(parts)}")

    return page


def stripes(talk: Talk) -> str:
    """Rows over the whole width in two grounds, each with a small picture of who speaks."""
    css = (
        f"body{{background:#fff;color:#343541;{FONT}font-size:16px;line-height:1.6}}.r{{padding:22px 60px;display:flex;gap:18px}}"
        ".a{background:#f0f0f3}.i{width:30px;height:30px;border-radius:3px;color:#fff;font-size:13px;text-align:center;line-height:30px;"
        "flex:none}.u .i{background:#7b4bd8}.a .i{background:#10a37f}"
    )
    return _html(css, _turns(talk, "<div class='r u'><div class=i>JK</div><div>@</div></div>",
                             "<div class='r a'><div class=i></div><div>@</div></div>"))  # fmt: skip


def crop(talk: Talk) -> str:
    """A question above one answer and nothing around them."""
    css = (
        f"body{{background:#fff;color:#0d0d0d;{FONT}font-size:16px;line-height:1.5;padding:12px 16px}}.u{{text-align:right;margin:4px 0 14px}}"
        ".u div{display:inline-block;text-align:left;background:#f1f1f1;border-radius:18px;padding:9px 16px;max-width:85%}"
    )
    return _html(css, _turns(talk[:2], "<div class=u><div>@</div></div>", "<div>@</div>"))


def labelled(user: str, assistant: str, css: str) -> Callable[[Talk], str]:
    """A name above each turn, all at the left."""

    def page(talk: Talk) -> str:
        return _html(css, _turns(talk, f"<div class='t u'><b>{user}</b>@</div>", f"<div class='t a'><b>{assistant}</b>@</div>"))

    return page


def columns(talk: Talk) -> str:
    """Names at the left, what they say in a column beside them, as where a model is tried out."""
    css = (
        f"body{{background:#fafafa;color:#222;{FONT}font-size:15px;line-height:1.45}}.t{{display:flex;padding:14px 18px;"
        "border-bottom:1px solid #ddd}.w{width:130px;flex:none;font-size:13px;font-weight:bold;color:#555;letter-spacing:.03em}"
    )
    return _html(css, _turns(talk, "<div class=t><div class=w>USER</div><div>@</div></div>",
                             "<div class=t><div class=w>ASSISTANT</div><div>@</div></div>"))  # fmt: skip


def beige(talk: Talk) -> str:
    """The question in a box at the left with initials, the answer below it in another face."""
    css = (
        "body{background:#f5f4ee;color:#29261b;font:17px/1.5 'Liberation Serif',serif;padding:20px 26px}"
        ".u{background:#e4e0d3;border-radius:12px;padding:11px 14px;margin:14px 0;display:flex;gap:10px;width:fit-content;"
        "font:16px/1.5 Roboto,sans-serif}.i{background:#3d3929;color:#fff;border-radius:50%;width:28px;height:28px;font-size:12px;"
        "line-height:28px;text-align:center;flex:none}.a{margin:14px 8px}.k{font:12px Roboto;color:#8a866f;margin-top:6px}"
    )
    return _html(css, _turns(talk, "<div class=u><div class=i>MB</div><div>@</div></div>",
                             "<div class=a>@<div class=k>Copy &nbsp; Retry</div></div>"))  # fmt: skip


def gradient(talk: Talk) -> str:
    """Bubbles at both sides over a ground that changes colour."""
    page = phone("linear-gradient(160deg,#cfe0a6,#8fc0a9)", "#effdde", "#ffffff", "#111", "#111", clock=True)
    return page(talk)


def pill(talk: Talk) -> str:
    """A dark telephone: the question in a pill at the right, the answer in the open, the program's name above."""
    css = (
        f"body{{background:#131314;color:#e3e3e3;{FONT}font-size:16px;line-height:1.5;padding:8px 18px 16px}}"
        ".bar{font-size:13px;display:flex;justify-content:space-between;padding-bottom:10px}.n{font-size:19px;padding-bottom:12px}"
        ".u{display:flex;justify-content:flex-end;margin:14px 0}.u div{background:#282a2c;border-radius:22px 4px 22px 22px;"
        "padding:11px 18px;max-width:80%}.a{margin:16px 0}.k{color:#9aa0a6;font-size:14px;margin-top:8px}.in{background:#1e1f20;"
        "border-radius:24px;padding:14px 18px;color:#9aa0a6;margin-top:18px}"
    )
    turns = _turns(talk, "<div class=u><div>@</div></div>", "<div class=a>@</div>")
    return _html(
        css, f"<div class=bar><span>11:23</span><span>64%</span></div><div class=n>Gemini</div>{turns}<div class=in>Ask Gemini</div>"
    )


GPT_LABELS = (
    f"body{{background:#fff;color:#111;{FONT}font-size:16px;line-height:1.5;padding:16px 28px}}.t{{margin:14px 0}}b{{display:block}}"
)
CARDS = (
    f"body{{background:#eef1f6;color:#1b1b1f;{FONT}font-size:15px;line-height:1.5;padding:14px 20px}}.t{{margin:12px 0;display:flex;"
    "flex-direction:column}.u{align-items:flex-end}b{font-size:13px;color:#555;margin-bottom:3px}.t>:not(b){background:#fff;"
    "padding:2px 12px;max-width:80%}.u>:not(b){background:#d6e4ff}"
)

OPEN = (
    Style("gpt_light", 900, desktop("#ffffff", "#0d0d0d", "#f0f0f0")),
    Style("gpt_dark", 820, desktop("#212121", "#ececec", "#323232")),
    Style("phone_blue", 390, phone("#ffffff", "#0b84fe", "#e6e5ea", "#ffffff", "#000000"), 2.0),
    Style("stripes", 860, stripes),
    Style("crop", 560, crop),
    Style("labels", 640, labelled("You", "ChatGPT", GPT_LABELS)),
    Style("gpt_chinese", 760, desktop("#ffffff", "#0d0d0d", "#f0f0f0"), talks="chinese"),
)
UNSEEN = (
    Style("phone_green", 400, phone("#0b141a", "#005c4b", "#202c33", "#e9edef", "#e9edef", clock=True), 2.0),
    Style("beige", 700, beige),
    Style("pill", 412, pill, 1.5),
    Style("gradient", 400, gradient, 2.0),
    Style("cards", 600, labelled("You", "Copilot", CARDS)),
    Style("columns", 760, columns),
    Style("german_labels", 620, labelled("Du", "Claude", GPT_LABELS)),
    Style("dark_chinese", 400, phone("#111111", "#2b5bd7", "#262626", "#ffffff", "#eeeeee"), 2.0, "chinese"),
    Style("labels_chinese", 600, labelled("我", "文心一言", GPT_LABELS), talks="chinese"),
    Style("pill_japanese", 412, pill, 1.5, "japanese"),
    Style("phone_japanese", 390, phone("#ffffff", "#0b84fe", "#e6e5ea", "#ffffff", "#000000"), 2.0, "japanese"),
    Style("phone_korean", 390, phone("#ffffff", "#fee500", "#ececec", "#111111", "#111111"), 2.0, "korean"),
)


def discord(talk: Talk) -> str:
    """Names with a time beside them and round pictures at the left, dark."""
    css = (
        f"body{{background:#313338;color:#dbdee1;{FONT}font-size:16px;line-height:1.375;padding:14px 16px}}.t{{display:flex;gap:16px;"
        "margin:14px 0}.i{width:40px;height:40px;border-radius:50%;background:#5865f2;flex:none}b{color:#f2f3f5;font-weight:500}"
        ".k{color:#949ba4;font-size:12px;margin-left:8px}"
    )
    return _html(css, _turns(talk, "<div class=t><div class=i></div><div><b>Me</b><span class=k>Today at 10:41 AM</span>@</div></div>",
                             "<div class=t><div class=i></div><div><b>ChatGPT</b><span class=k>Today at 10:42 AM</span>@</div></div>"))  # fmt: skip


def same_grey(talk: Talk) -> str:
    """Bubbles of one colour at both sides, and a round picture beside the left ones."""
    css = (
        f"body{{background:#fff;color:#050505;{FONT}font-size:15px;line-height:1.33;padding:12px}}.u,.a{{display:flex;margin:10px 0;gap:8px;"
        "align-items:flex-end}.u{justify-content:flex-end}.b{background:#efefef;border-radius:18px;padding:8px 12px;max-width:70%}"
        ".i{width:28px;height:28px;border-radius:50%;background:linear-gradient(#f58529,#dd2a7b);flex:none}"
    )
    return _html(css, _turns(talk, "<div class=u><div class=b>@</div></div>", "<div class=a><div class=i></div><div class=b>@</div></div>"))


FRESH = (
    Style("discord", 640, discord),
    Style("same_grey", 420, same_grey, 2.0),
    Style("small_jpeg", 760, desktop("#ffffff", "#0d0d0d", "#f0f0f0"), 0.8, jpeg=35),
    Style("phone_jpeg", 400, phone("#0b141a", "#005c4b", "#202c33", "#e9edef", "#e9edef", clock=True), 1.0, jpeg=40),
)
"""Made, and first read, after what failed among the unseen ones was mended."""


def _prose(_: Talk) -> str:
    text = "The harbour was quiet when the ferry came in. Nobody had told the crew that the lamps on the pier were out, " * 3
    return _html("body{background:#f3ead7;color:#2b2318;font:19px/1.5 'Liberation Serif';padding:40px 60px;transform:rotate(-.7deg)}",
                 f"<h3>Chapter 4</h3><p>{text}</p><p>{text[:140]}</p>")  # fmt: skip


def _meme(_: Talk) -> str:
    css = (
        "body{height:420px;background:linear-gradient(135deg,#34638a,#c98a4b 40%,#3b5d2f 75%,#111);font:bold 40px Impact,'DejaVu Sans';color:#fff;"
        "text-align:center;text-shadow:2px 2px 3px #000;display:flex;flex-direction:column;justify-content:space-between;padding:14px}"
    )
    return _html(css, "<div>WHEN THE BOT SAYS</div><div>IT TESTED THE CODE</div>")


def _editor(_: Talk) -> str:
    lines = ["def mean(values):", "    total = 0", "    for value in values:", "        total += value", "    return total / len(values)"]
    body = "".join(f"<div><span style='color:#777;padding-right:18px'>{i + 1}</span>{html.escape(x)}</div>" for i, x in enumerate(lines))
    return _html("body{background:#1e1e1e;color:#d4d4d4;font:16px/1.6 'DejaVu Sans Mono';padding:14px;white-space:pre}", body)


def _notice(_: Talk) -> str:
    return _html(f"body{{background:#fff;{FONT}font-size:16px;padding:30px}}b{{font-size:22px}}",
                 "<b>Something went wrong</b><p>We could not load your projects. Check your connection and try again.</p>")  # fmt: skip


NO_CHAT = (
    Style("prose", 700, _prose, jpeg=70), Style("meme", 560, _meme, jpeg=70), Style("editor", 620, _editor), Style("notice", 560, _notice),
)  # fmt: skip

FIXTURES = {
    "gpt_light": "train", "gpt_dark": "raspberry", "phone_blue": "leap", "crop": "capital", "gpt_chinese": "zh_poem",
    "pill_japanese": "ja_mountain", "labels": "sql", "beige": "leap", "prose": "", "meme": "",
}  # fmt: skip


def talks_of(style: Style) -> dict[str, Talk]:
    """What is said in pictures of this style."""
    return {"latin": TALKS, "chinese": CHINESE, "japanese": JAPANESE, "korean": KOREAN}[style.talks]


def render(page: str, width: int, scale: float, to: Path) -> None:
    """A page as a picture, cut below its last line."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("chromium is not installed: apt-get install chromium fonts-noto-cjk fonts-roboto")
    page = page.replace("<style>", f"<style>html{{width:{width}px}}", 1)  # a window of Chromium is at least 500 wide
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        common = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--force-device-scale-factor={scale:g}"]
        height = _height(common, file, page, width)
        shot = [*common, f"--window-size={width},{height}", f"--screenshot={to}", file.as_uri()]
        subprocess.run(shot, check=True, capture_output=True, timeout=120)


def _height(common: list[str], file: Path, page: str, width: int) -> int:
    probe = file.with_name("probe.html")
    script = "<script>document.title=Math.ceil(document.body.getBoundingClientRect().height)</script>"
    probe.write_text(page + script, encoding="utf-8")
    shown = subprocess.run(
        [*common, f"--window-size={width},400", "--dump-dom", probe.as_uri()], check=True, capture_output=True, timeout=120
    )
    return max(160, int(shown.stdout.decode().split("<title>")[1].split("<")[0]))


def _compressed(file: Path, quality: int) -> Path:
    if not quality:
        return file
    from PIL import Image

    with Image.open(file) as image:
        image.convert("RGB").save(file.with_suffix(".jpg"), quality=quality)
    file.unlink()
    return file.with_suffix(".jpg")


def pictures(folder: Path, only: str, *, fixtures: bool) -> Iterator[dict[str, object]]:
    """Render, and say of each picture what it shows."""
    for part, styles in (("open", OPEN), ("unseen", UNSEEN), ("fresh", FRESH), ("no_chat", NO_CHAT)):
        for style in styles if only in ("", part) else ():
            for name, talk in talks_of(style).items() if part != "no_chat" else [("", ())]:
                if fixtures and FIXTURES.get(style.name) != name:
                    continue
                file = folder / f"{style.name}{'-' if name else ''}{name}.png"
                render(style.page(talk), style.width, style.scale, file)
                file = _compressed(file, style.jpeg)
                shown = talk[:2] if style.page is crop else talk
                yield {"file": file.name, "style": style.name, "part": part, "turns": [list(turn) for turn in shown]}


def main() -> None:
    """Render into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fixtures", action="store_true")
    parser.add_argument("--part", default="", help="open, unseen, fresh or no_chat")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with (given.folder / "truth.jsonl").open("w", encoding="utf-8") as truth:
        for line in pictures(given.folder, given.part, fixtures=given.fixtures):
            truth.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
