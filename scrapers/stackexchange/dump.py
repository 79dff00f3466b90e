"""``Posts.xml`` of a Stack Exchange data dump, parsed row by row. A bad row costs itself alone."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from scrapers.common.fields import Fields, told
from scrapers.common.page import from_iso, text_marks, whole
from scrapers.stackexchange.rights import granted
from scrapers.stackexchange.rows import ROW, TAIL, readable
from thresher.errors import PayloadError
from thresher.formats.html import render
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, Role, Unread
from thresher.text import clean

POST_TYPES = {
    3: "orphaned_tag_wiki",
    4: "tag_wiki_excerpt",
    5: "tag_wiki",
    6: "moderator_nomination",
    7: "wiki_placeholder",
    8: "privilege_wiki",
}
"""PostTypeId of what is neither question (1) nor answer (2) (the dump's readme)."""
_ID = re.compile(rb'\s+Id="(\d{1,18})"')
_COLUMNS = Fields(
    "row",
    used="AcceptedAnswerId AnswerCount Body ClosedDate ContentLicense CreationDate Id LastEditDate OwnerDisplayName OwnerUserId ParentId "
    "PostTypeId Score Tags Title ViewCount",
    ignored="CommentCount CommunityOwnedDate DeletionDate FavoriteCount LastActivityDate LastEditorDisplayName LastEditorUserId",
)
_TAGS = re.compile(r"<([^<>]+)>")


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every row as a Record or a Dead."""
    parts = page.body.split(ROW)
    if len(parts) == 1:
        raise PayloadError("no rows in it: not a dump of posts", reason="not_posts")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    unread: Counter[str] = Counter()
    seen: set[str] = set()
    for number, part in enumerate(parts[1:], 1):
        part, repaired = readable(part.removesuffix(TAIL))
        try:
            row = etree.fromstring(ROW + part, parser)
        except (etree.XMLSyntaxError, ValueError) as exc:
            native_id = _ID.match(part)
            yield Dead("bad_row", f"row {number} of the page: {str(exc)[:120]}", native_id[1].decode() if native_id else "")
            continue
        columns = {str(k): str(v) for k, v in row.attrib.items()}
        unread += _COLUMNS.unread([columns])
        result = _record(columns, page, repaired=repaired)
        if isinstance(result, Record) and result.native_id in seen:
            result = Dead("repeated", "the row's Id is in the page more than once; the first one counts", result.native_id)
        seen.add(result.native_id)
        yield result
    yield from told(unread)


_SAYS_CLOSED = re.compile(r"\s\[(?:closed|duplicate|on[ -]hold|migrated|locked)\]\s*$", re.IGNORECASE)
"""In dumps up to 2013 a question that was closed says so in its title, or, as a duplicate, in a box above its text; not all have a date."""
_DUPLICATE = re.compile(r"\s*<blockquote>\s*<p>\s*<strong>\s*Possible Duplicate:?\s*</strong>", re.IGNORECASE)


def _record(row: Mapping[str, str], page: Page, *, repaired: bool) -> Record | Dead:
    post, kind = whole(row.get("Id")), whole(row.get("PostTypeId"))
    if post is None or kind is None:
        return Dead("no_identity", "the row has no Id or no PostTypeId", row.get("Id", ""))
    question = whole(row.get("ParentId")) if kind == 2 else post
    if question is None:
        return Dead("no_parent", "an answer without ParentId", str(post))
    if "Body" not in row:
        return Dead("no_text", "the row has no Body", str(post))
    site_url = page.context.get("site_url", "")
    role: Role = "question" if kind == 1 else "answer" if kind == 2 else "post"
    url = f"{site_url}/{'a' if kind == 2 else 'q'}/{post}"
    rendered = render(row["Body"], base_url=site_url)
    title = _SAYS_CLOSED.sub("", clean(html.unescape(row.get("Title", ""))))
    created = from_iso(row.get("CreationDate"))
    terms = granted(
        page, row.get("ContentLicense"), created, evidence="ContentLicense of the row in the data dump", title=title, url=url,
        user=whole(row.get("OwnerUserId")),
    )  # fmt: skip
    marks = _marks(row, kind) | text_marks(rendered) | ({"repaired": True} if repaired else {})
    return Record(
        page.source,
        page.site,
        str(post),
        url,
        role=role,
        text=hide_names(rendered.text),
        title=title,
        thread_id=str(question),
        parent_id=str(question) if kind == 2 else None,
        author_key=clean(row.get("OwnerUserId") or row.get("OwnerDisplayName", "")) or None,
        created_at=created,
        edited_at=from_iso(row.get("LastEditDate")),
        quotes=tuple(Quote(hide_names(q.text), q.of) for q in rendered.quotes),
        marks={k: v for k, v in marks.items() if v is not None},
        **terms,
    )


def _marks(row: Mapping[str, str], kind: int) -> dict[str, Json]:
    """An answer does not say here that it was accepted: its question does, in ``accepted_id``."""
    accepted = whole(row.get("AcceptedAnswerId"))
    return {
        "score": whole(row.get("Score")),
        "post_type": None if kind in (1, 2) else POST_TYPES.get(kind, str(kind)),
        "tags": _tags(row.get("Tags", "")) or None,
        "accepted_id": str(accepted) if accepted else None,
        "solved": True if accepted else None,
        "answers": whole(row.get("AnswerCount")),
        "views": whole(row.get("ViewCount")),
        "closed": "closed" if row.get("ClosedDate") or _SAYS_CLOSED.search(row.get("Title", "")) or _DUPLICATE.match(row["Body"]) else None,
    }


def _tags(value: str) -> list[Any]:
    """``<a><b>`` in older dumps, ``|a|b|`` since 2024."""
    return [clean(t) for t in (_TAGS.findall(value) if "<" in value else value.split("|")) if t]
