"""What stands in a post of Bluesky: its text with links and names resolved, its pictures, the post that it quotes. Pure.

A text is plain; what its stretches are is said beside it, in *facets* that count bytes of UTF-8 (``app.bsky.richtext.facet``), and in posts
of 2023 in *entities* that count units of UTF-16. An *embed* comes twice: in the record as its author wrote it, and in the post as it is
shown, where alone a quoted post has its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapers.common.page import whole
from thresher.formats.mentions import hide_names
from thresher.text import clean


@dataclass(frozen=True, slots=True)
class Written:
    """A text as people read it. ``links`` and ``tags`` each once, in order."""

    text: str
    links: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quoted:
    """The post that another one shows below itself."""

    uri: str
    text: str
    post: Mapping[str, Any]
    author: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bytes of a text that are more than text: a link's address, or the name of somebody (``name``)."""

    start: int
    end: int
    link: str = ""
    name: bool = False


def written(record: Mapping[str, Any]) -> Written:
    """The text of a record: shortened links in full, names as ``@someone``. Stretches that overlap or end outside of it are left out."""
    text = str(record.get("text") or "")
    raw = text.encode("utf-8", "surrogatepass")
    stretches, tags = _facets(record.get("facets"))
    stretches = stretches or _entities(record.get("entities"), text)
    parts, place = [], 0
    for stretch in sorted(stretches, key=lambda s: s.start):
        if place <= stretch.start < stretch.end <= len(raw):
            shown = raw[stretch.start : stretch.end].decode("utf-8", "replace")
            parts += [raw[place : stretch.start], _in_full(stretch, shown).encode("utf-8", "surrogatepass")]
            place = stretch.end
    plain = b"".join([*parts, raw[place:]]).decode("utf-8", "replace")
    links = dict.fromkeys(stretch.link for stretch in stretches if stretch.link)
    return Written(hide_names(clean(plain)), tuple(links), tuple(tags))


def _in_full(stretch: _Stretch, shown: str) -> str:
    """Words that were made a link stay words; an address that was cut (``example.org/a/lo...``) is written out."""
    if stretch.name:
        return "@someone"
    bare = shown.removeprefix("https://").removeprefix("http://").removesuffix("...").removesuffix("\u2026")
    return stretch.link if bare and bare in stretch.link else shown


def _facets(facets: object) -> tuple[list[_Stretch], dict[str, None]]:
    stretches: list[_Stretch] = []
    tags: dict[str, None] = {}
    for facet in _objects(facets):
        index = facet.get("index")
        start, end = (whole(index.get(name)) if isinstance(index, dict) else None for name in ("byteStart", "byteEnd"))
        for feature in _objects(facet.get("features")):
            kind, uri, tag = str(feature.get("$type")).rpartition("#")[2], feature.get("uri"), feature.get("tag")
            if kind == "tag" and isinstance(tag, str) and tag:
                tags[clean(tag)] = None
            elif start is not None and end is not None and (kind == "mention" or (kind == "link" and isinstance(uri, str))):
                stretches.append(_Stretch(start, end, link=str(uri) if kind == "link" else "", name=kind == "mention"))
    return stretches, tags


def _entities(entities: object, text: str) -> list[_Stretch]:
    """Those of 2023, their places in bytes."""
    units = text.encode("utf-16-le", "surrogatepass")
    stretches = []
    for entity in _objects(entities):
        index = entity.get("index")
        places = [whole(index.get(name)) if isinstance(index, dict) else None for name in ("start", "end")]
        start, end = (len(units[: 2 * place].decode("utf-16-le", "replace").encode()) if place and place > 0 else place for place in places)
        kind, value = entity.get("type"), entity.get("value")
        if start is not None and end is not None and isinstance(value, str) and kind in {"link", "mention"}:
            stretches.append(_Stretch(start, end, link=value if kind == "link" else "", name=kind == "mention"))
    return stretches


def _embeds(thing: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The embed of a post or record, and of one with a quotation *and* media the media."""
    embed = thing.get("embed")
    if isinstance(embed, dict):
        yield embed
        if isinstance(embed.get("media"), dict):
            yield embed["media"]


def alternative_texts(post: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """For each picture or video what its author says that it shows, empty where nothing is said; screenshots are often written out."""
    for thing in (record, post):
        texts = [text for embed in _embeds(thing) for text in _pictures(embed)]
        if texts:
            return texts
    return []


def _pictures(embed: Mapping[str, Any]) -> Iterator[str]:
    for image in _objects(embed.get("images")):
        yield _word(image, "alt")
    if str(embed.get("$type")).partition("#")[0].endswith(".video"):
        yield _word(embed, "alt")


def links_of(post: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """The page of which a post shows a card."""
    cards = [embed["external"] for thing in (record, post) for embed in _embeds(thing) if isinstance(embed.get("external"), dict)]
    return list(dict.fromkeys(uri for card in cards if (uri := _word(card, "uri"))))


def quoted_post(post: Mapping[str, Any]) -> Quoted | None:
    """What is quoted, where it is a post that can be seen: not one that is gone, blocked, or taken out by its author."""
    embed = post.get("embed")
    shown = embed.get("record") if isinstance(embed, dict) else None
    if isinstance(shown, dict) and isinstance(shown.get("record"), dict):  # beside media, it is one level deeper
        shown = shown["record"]
    value = shown.get("value") if isinstance(shown, dict) else None
    if not isinstance(shown, dict) or not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return None
    author = shown.get("author")
    return Quoted(str(shown.get("uri") or ""), written(value).text, shown, author if isinstance(author, dict) else {})


def _objects(value: object) -> list[dict[str, Any]]:
    return [thing for thing in value if isinstance(thing, dict)] if isinstance(value, list) else []


def _word(thing: Mapping[str, Any], name: str) -> str:
    value = thing.get(name)
    return clean(value) if isinstance(value, str) else ""
