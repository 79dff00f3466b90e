"""The page in a real browser: by keys alone, quick, and deaf to what texts of strangers would have it do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, item
from small_pictures import png
from verdicts_given import LIKELY, OPEN, decided

HOSTILE = [
    "<script>window.hit=1</script>",
    "<img src=x onerror='window.hit=1'>",
    "<svg onload=window.hit=1><a xlink:href='javascript:window.hit=1'>x</a></svg>",
    "[a](javascript:window.hit=1) [b](data:text/html,<script>window.hit=1</script>) <javascript:window.hit=1>",
    "![a](javascript:window.hit=1) ![b](https://tracker.example/pixel.png)",
    "`<b onclick=window.hit=1>` &lt;script&gt;window.hit=1&lt;/script&gt;",
    "$\\href{javascript:window.hit=1}{x}$ $\\htmlData{a=b}{x}$ \\(\\url{javascript:window.hit=1}\\)",
    "$\\includegraphics{https://tracker.example/p.png}$",
    "<iframe srcdoc='<script>parent.window.hit=1</script>'></iframe><style>*{display:none}</style><base href=https://evil.example/>",
    "<form action=https://evil.example><button id=save name=innerHTML>x</button></form><a id=config href=x>",
    "\u202etxt.exe \x00 \ud7ff | a | b |\n|---|---|\n| <img src=x onerror=window.hit=1> | c |",
    "# <details open ontoggle=window.hit=1>",
    "> <math><mtext><table><mglyph><style><!--</style><img title='--><img src onerror=window.hit=1>'>",
    "$" + "{" * 3_000 + "$ \\[" + "\\def\\a{\\a\\a}\\a" + "\\]",
]


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window; what the page complains of fails the test."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" and "409" not in line.text else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.asked = asked
    yield page
    context.close()
    assert complaints == []


def opened(page: Any, desk: Desk, reviewer: str = "ann") -> None:
    page.goto(f"http://{desk.host}/")
    page.evaluate("name => localStorage.setItem('reviewer', JSON.stringify(name))", reviewer)
    page.reload()
    page.wait_for_selector(".card")


def waited(page: Any, text: str) -> None:
    page.wait_for_function("text => document.querySelector('.said')?.textContent.includes(text)", arg=text)


def test_no_item_is_passed_over_where_many_were_decided_meanwhile(page: Any, tmp_path: Path) -> None:
    many = [item(n) for n in range(1, 521)]
    desk = Desk(tmp_path, many)
    try:
        opened(page, desk)
        decided_elsewhere = [{"item_id": one["item_id"], "version": 1, "last": ""} for one in many[:30]]
        desk.json("/api/verdicts", {"verdict": "active", "reviewer": "ann", "items": decided_elsewhere})
        down = "dispatchEvent(new KeyboardEvent('keydown', {key: 'j'}))"
        page.evaluate(f"for (let n = 0; n < 499; n++) {down}")
        page.wait_for_function(f"() => {{ {down}; return document.querySelector('.card')?.textContent.includes('What is 520 + 1?') }}")
        page.goto("about:blank")
    finally:
        desk.close()


def test_items_are_decided_by_keys_alone_with_a_note_and_taken_back(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.keyboard.press("n")
    page.wait_for_selector("input.note:focus")
    page.keyboard.type("a clear case")
    page.keyboard.press("Enter")
    page.keyboard.press("a")
    waited(page, "accept")
    page.keyboard.press("r")
    waited(page, "reject")
    page.keyboard.press("u")
    waited(page, "is proposed again")
    assert [(line["verdict"], line["reason"]) for line in desk.lines()] == [
        ("active", "a clear case"), ("rejected", "bad item"), ("proposed", "taken back"),
    ]  # fmt: skip


def test_keys_that_come_faster_than_the_page_is_drawn_each_decide_an_item_of_their_own(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.evaluate("""() => { for (const key of "aaaaa") dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })) }""")
    page.wait_for_function("() => document.querySelector('.progress')?.textContent.includes('5 by you')")
    assert len({line["item_id"] for line in desk.lines()}) == 5


def test_who_decides_is_asked_once(page: Any, desk: Desk) -> None:
    page.goto(f"http://{desk.host}/")
    page.wait_for_selector(".card")
    page.keyboard.press("a")
    page.wait_for_selector(".dialog input:focus")
    page.keyboard.type("Zoë")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dialog", state="detached")
    page.keyboard.press("a")
    waited(page, "accept")
    assert [line["author"] for line in desk.lines()] == ["Zoë"]
    assert not page.locator(".id").inner_text().startswith(desk.lines()[0]["item_id"]), "the next one is looked at"


def test_a_second_reviewer_sees_that_somebody_was_quicker(browser: Any, page: Any, desk: Desk) -> None:
    opened(page, desk)
    context = browser.new_context()
    other = context.new_page()
    opened(other, desk, "bob")
    other.keyboard.press("w")
    waited(other, "waive")
    page.keyboard.press("a")
    waited(page, "bob decided meanwhile: waived")
    context.close()
    assert [line["author"] for line in desk.lines()] == ["bob"]


def test_all_of_a_filter_are_decided_at_once_and_taken_back_at_once(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.keyboard.press("b")
    page.wait_for_selector(".dialog")
    page.keyboard.press("r")
    waited(page, "5 items: reject")
    page.keyboard.press("u")
    waited(page, "5 items as before")
    assert [line["verdict"] for line in desk.lines()] == ["rejected"] * 5 + ["proposed"] * 5


def test_mathematics_code_and_both_responses_are_shown_as_they_were_meant(page: Any, tmp_path: Path) -> None:
    prompt = "Solve $x^2 = 4$ and\n\n```python\nprint('<b>')\n```\n\n| a | b |\n|---|---|\n| 1 | *2* |\n\nIt costs $5 or $6."
    pair = item(
        1, kind="preference", messages=[{"role": "user", "content": prompt}], choices=["It is **2**.", "It is 3."], target="It is **2**."
    )
    desk = Desk(tmp_path, [pair])
    try:
        opened(page, desk)
        assert page.locator(".turn .katex").count() == 1
        assert page.inner_text(".turn pre") == "print('<b>')"
        assert page.inner_text(".turn td em") == "2"
        assert "It costs $5 or $6." in page.inner_text(".turn")
        assert page.inner_text(".option.right strong") == "2"
        assert page.locator(".option").count() == 2
    finally:
        desk.close()


def test_an_item_is_edited_by_keys_shown_as_a_difference_and_taken_back(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.keyboard.press("e")
    page.wait_for_selector(".editor textarea:focus")
    page.keyboard.press("End")
    page.keyboard.type(" Show the steps.")
    page.keyboard.press("Escape")
    page.wait_for_selector(".editor", state="detached")
    page.keyboard.press("e")
    page.wait_for_selector(".editor textarea:focus")
    assert "Show the steps." in page.input_value(".editor textarea:focus"), "what was begun is there again"
    page.keyboard.press("Control+Enter")
    waited(page, "is version 2")
    assert page.inner_text(".changes ins").strip() == "Show the steps."
    page.keyboard.press("g")
    page.wait_for_selector(".dialog input:focus")
    page.keyboard.type(" sums")
    page.keyboard.press("Enter")
    waited(page, "is version 3")
    for version in (4, 5):
        page.keyboard.press("u")
        waited(page, f"again (version {version})")
    page.wait_for_selector(".changes", state="detached")
    assert [line["tags"] for line in desk.lines()] == [None, ["arithmetic", "sums"], None, None]


class Line:
    """Notes what it is asked, and does it to the queue."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.desk: Desk | None = None

    def complete(self, *given: str) -> str:
        self.asked.append(("complete", *given))
        return "f" * 32

    def reopen(self, *given: str) -> None:
        self.asked.append(("reopen", *given))

    def merge(self, *given: str) -> None:
        self.asked.append(("merge", *given))

    def split(self, *given: str) -> str:
        self.asked.append(("split", *given))
        return item(2)["item_id"]  # type: ignore[no-any-return]

    def evidence(self, _: str) -> list[dict[str, Any]]:
        span = {"sort": "words", "start": 2, "end": 9}
        posts = [{"record_key": text, "role": text, "title": text, "text": text, "created_at": None, "spans": [span],
                  "pictures": [{"position": 0, "text": text, "refused": text}]} for text in HOSTILE]  # fmt: skip
        plain = {**posts[0], "text": "\U0001f600 it fails", "spans": [{"sort": "words", "start": 2, "end": 10}], "pictures": []}
        return [plain, *posts, {**plain, "pictures": [{"position": 3, "text": "seen", "refused": ""}]}]

    def picture(self, *_: object) -> bytes:
        return png()


LEAD = {
    **dict.fromkeys(("source", "site", "model", "language", "licence", "title"), "x"), "record_key": "a:b:c", "reason": "no_prompt_found",
    "fails": 0.9, "claim": "a second Tuesday", "prompt": None, "text": "It invents a second Tuesday.", "url": "", "said_at": None,
}  # fmt: skip


def test_a_lead_is_completed_and_items_merged_and_parted_by_keys(page: Any, tmp_path: Path) -> None:
    line = Line()
    near = {"other_id": item(2)["item_id"], "score": 0.9, "reason": "near", "text": "What is 2 + 1?"}
    merged = {"item_id": item(9)["item_id"], "text": "What is nine?"}
    desk = Desk(tmp_path, [item(1, neighbours=[near], merged=[merged]), item(2)], line)
    desk.queue.leads = [LEAD]
    try:
        opened(page, desk)
        page.keyboard.press("o")
        page.wait_for_selector(".editor")
        assert page.inner_text(".asked mark") == "a second Tuesday"
        page.keyboard.press("p")
        page.keyboard.type("Which days?")
        page.keyboard.press("Control+Enter")
        waited(page, "it is a report of item ffffffff")
        page.keyboard.press("Escape")
        page.keyboard.press("u")
        waited(page, "taken back")
        page.keyboard.press("o")
        page.wait_for_selector(".turn")
        page.keyboard.press("m")
        page.keyboard.press("1")
        waited(page, "is a report of")
        page.keyboard.press("s")
        page.keyboard.press("1")
        waited(page, "is an item of its own again")
        assert line.asked == [
            ("complete", "a:b:c", "Which days?", "", "ann", ""), ("reopen", "a:b:c", "ann"),
            ("merge", item(1)["item_id"], item(2)["item_id"], "ann", ""), ("split", item(9)["item_id"], "ann", ""),
        ]  # fmt: skip
    finally:
        desk.close()


def test_the_posts_behind_an_item_are_shown_letter_by_letter_with_their_picture(page: Any, tmp_path: Path) -> None:
    desk = Desk(tmp_path, [item(1)], Line())
    try:
        opened(page, desk)
        page.keyboard.press("t")
        page.wait_for_selector(".source img")
        page.wait_for_function("() => document.querySelector('.source img').naturalWidth === 60")
        assert page.locator(".source mark").first.inner_text() == "it fails"
        assert page.locator("main script, main iframe, main form, main style, main object, main embed").count() == 0
        assert page.locator("main img").count() == 1
        assert page.evaluate("window.hit") is None
        assert [url for url in page.asked if not url.startswith(f"http://{desk.host}/")] == []
    finally:
        desk.close()


def test_texts_of_strangers_in_leads_and_neighbours_are_shown_and_never_obeyed(page: Any, tmp_path: Path) -> None:
    near = [{"other_id": item(n)["item_id"], "score": 0.9, "reason": text, "text": text} for n, text in enumerate(HOSTILE, 2)]
    merged = [{"item_id": item(n)["item_id"], "text": text} for n, text in enumerate(HOSTILE, 2)]
    desk = Desk(tmp_path, [item(1, neighbours=near, merged=merged)], Line())
    desk.queue.leads = [{**LEAD, **dict.fromkeys(("title", "text", "claim", "prompt", "url", "reason"), text)} for text in HOSTILE]
    try:
        opened(page, desk)
        for key in ("m", "Escape", "s", "Escape", "o", *["j"] * len(HOSTILE)):
            page.keyboard.press(key)
            page.wait_for_timeout(20)
            assert page.locator("body script, body img, body iframe, body form, body style, body object, body embed").count() == 0
        assert page.evaluate("window.hit") is None
        assert [url for url in page.asked if not url.startswith(f"http://{desk.host}/")] == []
    finally:
        desk.close()


@pytest.mark.parametrize("place", ["prompt", "evidence", "edit"])
def test_texts_of_strangers_are_shown_and_never_obeyed(page: Any, tmp_path: Path, place: str) -> None:
    common = {"record_key": "a:b:c", "tier": "claimed", "created_at": None}
    reports = [
        {**dict.fromkeys(("source", "site", "attribution", "licence"), text), "url": f"javascript:window.hit=1//{text}",
         "claim": {"words": {"text": text}}, "failing": [{"text": text, "model": text}], **common}
        for text in HOSTILE
    ]  # fmt: skip
    made = [item(n, messages=[{"role": "user", "content": text}], tags=[text]) for n, text in enumerate(HOSTILE, 1)]
    if place == "edit":
        told = [
            {"version": 1, "author": text, "given_at": "2026-01-01", "verdict": "edited", "reason": text, "target": text, "rubric": text,
             "messages": [{"role": "user", "content": text}], "tags": [text]}
            for text in HOSTILE
        ]  # fmt: skip
        made = [item(n) | {"verdicts": [{**one, "verdict_id": str(n), "item_id": item(n)["item_id"]}]} for n, one in enumerate(told, 1)]
    evidence = [item(1, reports=reports, attribution=HOSTILE[0], cluster={"label": HOSTILE[1], "cluster_id": "c", "reports": 2})]
    desk = Desk(tmp_path, evidence if place == "evidence" else made)
    try:
        opened(page, desk)
        for _ in range(len(desk.queue)):
            for clickable in page.locator("main a, main button").all()[:20]:
                assert not (clickable.get_attribute("href") or "").lower().startswith(("javascript", "data"))
            if place == "edit":
                page.keyboard.press("e")
                page.wait_for_selector(".editor textarea:focus")
                page.keyboard.press("Escape")
            page.keyboard.press("j")
        assert page.evaluate("window.hit") is None
        assert page.locator("main script, main img, main iframe, main form, main style, main object, main embed").count() == 0
        assert [url for url in page.asked if not url.startswith(f"http://{desk.host}/")] == []
        assert "<script>window.hit=1</script>" in page.evaluate("document.querySelector('main').textContent") or place != "evidence"
    finally:
        desk.close()


def test_the_next_item_is_there_before_its_key_is_pressed(page: Any, tmp_path: Path) -> None:
    """Each press of the key draws from what is at hand: no answer is waited for."""
    desk = Desk(tmp_path, [item(n) for n in range(1, 60)])
    try:
        opened(page, desk)
        page.wait_for_load_state("networkidle")
        drawn = page.evaluate(
            """async () => { const seen = []; for (let n = 0; n < 4; n++) {
                 dispatchEvent(new KeyboardEvent("keydown", { key: "j" })); await new Promise((done) => setTimeout(done, 0));
                 seen.push(document.querySelector(".turn .text")?.textContent) } return seen }"""
        )
        ids = desk.json("/api/queue?state=open")["ids"][1:5]
        assert drawn == [json.loads(desk.ask(f"/api/items?id={one}")[1])[0]["messages"][0]["content"] for one in ids]
    finally:
        desk.close()


def test_the_order_is_chosen_by_keys_says_why_and_stays_in_the_address(page: Any, tmp_path: Path) -> None:
    desk = Desk(tmp_path, [*decided(), *OPEN])
    desk.queue.learn()
    try:
        opened(page, desk)
        assert page.locator(".why").inner_text() == "somebody says that a model failed"
        page.keyboard.press("q")
        assert page.locator(".calibration tbody tr").count() >= 2
        page.keyboard.press("2")
        page.wait_for_function("() => document.querySelector('.why')?.textContent.includes('likely to be accepted')")
        assert page.locator(".id").inner_text().startswith(LIKELY)
        page.reload()
        page.wait_for_selector(".card")
        assert page.locator(".id").inner_text().startswith(LIKELY), "the address holds it"
    finally:
        desk.close()


def test_the_page_says_when_there_are_too_few_verdicts_to_learn_from(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.keyboard.press("q")
    page.keyboard.press("3")
    waited(page, "0 accepted and 0 rejected so far")
    assert page.locator(".why").inner_text() == "somebody says that a model failed"


def test_a_key_is_read_by_the_keys_before_it_and_not_by_what_is_drawn(page: Any, desk: Desk) -> None:
    opened(page, desk)
    page.evaluate("""() => { for (const key of "q3") dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })) }""")
    waited(page, "0 accepted and 0 rejected so far")
