"""The JSON of a Discourse -> Records: one for each post. Pure.

A post is known as ``<topic id>/<post number>``, because that is how replies and quotes name it; the site-wide post id is in
``marks["post_id"]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from scrapers.common.fields import Fields, told
from scrapers.common.page import from_iso, json_of, rights, text_marks, whole
from thresher.errors import PayloadError
from thresher.formats.bbcode import quoted
from thresher.formats.html import render
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Role, Unread
from thresher.payload import json_value
from thresher.text import clean

GONE = frozenset({403, 404, 410})
"""Statuses of a topic that was deleted or closed to the public."""
POST_TYPES = {1: "regular", 2: "moderator_action", 3: "small_action", 4: "whisper"}
"""Post.types of Discourse; small actions are the site's own notes (closed, pinned, moved)."""
LIKE = 2
"""PostActionType of a like."""
MAX_GAP = 1000
"""More missing post numbers in a row are a broken page, not deletions."""
_DELETED_WORDS = frozenset(
    {
        "(post deleted by author)",
        "(topic deleted by author)",
        "(post withdrawn by author, will be automatically deleted in 24 hours unless flagged)",
    }
)


_POST = Fields(
    "post",
    used="accepted_answer actions_summary category_id cooked cooked_hidden created_at deleted_at has_accepted_answer hidden id "
    "post_number post_type raw reactions reply_to_post_number staff topic_accepted_answer topic_id topic_title updated_at user_deleted "
    "user_id username version wiki",
    # what a reader's browser wants: rights of the reader, looks of the author, counts that other marks hold, who said it beside user_id
    ignored="action_code action_code_path action_code_who admin animated_avatar avatar_template badges_granted bookmarked bookmarks "
    "calendar_details can_accept_answer can_delete can_edit can_permanently_delete can_recover can_see_hidden_post can_unaccept_answer "
    "can_view_edit_history can_vote can_wiki category_slug current_user_reaction current_user_used_main_reaction deleted_by "
    "display_username edit_reason event excerpt flair_bg_color flair_color flair_group_id flair_name flair_url group_moderator "
    "has_post_localizations incoming_link_count is_localized language last_wiki_edit link_counts locale localization_outdated locked "
    "mentioned_users moderator name notice polls polls_votes post_url posts_count primary_group_name quote_count reaction_users_count "
    "read readers_count reads reply_count reply_to_user reviewable_id reviewable_score_count reviewable_score_pending_count score "
    "title_is_group topic_archetype topic_html_title topic_slug trust_level truncated user_cakedate user_birthdate user_created_at "
    "user_custom_fields user_signature user_status user_suspended user_title via_email yours",
)
"""Out of Discourse's own PostSerializer and its bundled plugins."""
_TOPIC = Fields(
    "topic",
    used="accepted_answer accepted_answers archived category_id closed highest_post_number id post_stream posts_count tags title views",
    ignored="actions_summary archetype bumped bumped_at bookmarked bookmarks can_vote chunk_size created_at current_post_number "
    "deleted_at deleted_by details draft draft_key draft_sequence external_id fancy_title featured_link featured_link_root_domain "
    "has_accepted_answer has_cached_summary has_deleted has_summary image_url is_hot last_poster_username last_posted_at "
    "last_read_post_id last_read_post_number like_count locale message_bus_last_id participant_count pinned pinned_at pinned_globally "
    "pinned_until posted related_messages related_topics reply_count show_read_indicator slow_mode_enabled_until slow_mode_seconds slug "
    "suggested_topics summarizable tags_descriptions thumbnails timeline_lookup topic_timer unicode_title unpinned unseen user_id "
    "user_voted valid_reactions visible vote_count word_count",
)


@dataclass(frozen=True, slots=True)
class _Topic:
    """What the topic says about its posts."""

    id: int | None = None
    title: str = ""
    accepted: frozenset[int] = frozenset()
    marks: Mapping[str, Json] | None = None


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """A topic, a part of one, a list of posts, or one post. A body that is none of these raises PayloadError.

    Of a post that comes twice the newest version counts; the other is a Dead ``repeated``. Numbers missing from a topic that was fetched
    whole are posts that were deleted or moved: a Record ``gone`` each.
    """
    if page.status in GONE:
        yield from _gone_topic(page)
        return
    data = json_of(page)
    posts = _posts(data)
    head: dict[str, Any] = json_value(page.context.get("topic", "{}").encode())
    if isinstance(data, dict) and "title" in data:
        head = {**head, **data}
    topic = _read_topic(head)
    names = frozenset(name for post in posts if isinstance(post, dict) for name in _names(post))
    best: dict[str, tuple[tuple[int, str], Record]] = {}
    for post in posts:
        result = _record(post, topic, page, names)
        if isinstance(result, Dead):
            yield result
            continue
        rank = (whole(post.get("version")) or 1, str(post.get("updated_at") or ""))
        if result.native_id in best:
            yield Dead("repeated", f"post {post.get('id')} is in the page more than once; the newest version counts", result.native_id)
            if rank <= best[result.native_id][0]:
                continue
        best[result.native_id] = (rank, result)
    yield from (record for _, record in best.values())
    numbers = {whole(post.get("post_number")) for post in posts if isinstance(post, dict)}
    yield from _missing({number for number in numbers if number}, head, page)
    yield from told(_POST.unread(posts), _TOPIC.unread([data] if isinstance(data, dict) and "post_stream" in data else []))


def topic_of(body: bytes) -> int | None:
    """The topic of a file that holds a single post; None for every other file."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    single = isinstance(data, dict) and "post_number" in data and ("cooked" in data or "raw" in data)
    return whole(data.get("topic_id")) if single else None


class Outline(NamedTuple):
    """Of a topic's JSON: what its other pages need to know, the highest post number shown, and the ids of the posts not shown.

    ``readable`` is False for anything that is no topic: an outage page that a site serves with status 200, say."""

    head: dict[str, Json]
    shown: int = 0
    rest: Sequence[int] = ()
    readable: bool = True


def outline(body: bytes, topic: int) -> Outline:
    """Never raises."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("post_stream"), dict):
        return Outline({"id": topic}, readable=False)
    keys = (
        "title",
        "tags",
        "category_id",
        "closed",
        "archived",
        "views",
        "posts_count",
        "highest_post_number",
        "accepted_answer",
        "accepted_answers",
    )
    head: dict[str, Json] = {"id": topic, **{k: data[k] for k in keys if k in data}}
    head.update(accepted_answers=[{"post_number": n} for n in sorted(_accepted(data))], accepted_answer=None)
    shown = [p for p in _list(data["post_stream"].get("posts")) if isinstance(p, dict)]
    ids = {whole(p.get("id")) for p in shown}
    rest = [i for i in map(whole, _list(data["post_stream"].get("stream"))) if i and i not in ids]
    return Outline(head, max((whole(p.get("post_number")) or 0 for p in shown), default=0), list(dict.fromkeys(rest)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _posts(data: Any) -> list[Any]:
    """The posts, whatever they are wrapped in."""
    if isinstance(data, dict) and "post_stream" in data:
        data = data["post_stream"].get("posts") if isinstance(data["post_stream"], dict) else None
    elif isinstance(data, dict) and "latest_posts" in data:
        data = data["latest_posts"]
    elif isinstance(data, dict) and "post_number" in data:
        data = [data]
    if isinstance(data, list):
        return data
    content = str(data["errors"])[:200] if isinstance(data, dict) and "errors" in data else f"a JSON {type(data).__name__}"
    raise PayloadError(f"no posts in it: {content}", reason="not_posts")


def _accepted(data: Mapping[str, Any]) -> frozenset[int]:
    """Post numbers of the accepted answers: the Solved plugin says one, or a list of them."""
    answers = [data.get("accepted_answer"), *_list(data.get("accepted_answers"))]
    numbers = [whole(a.get("post_number")) for a in answers if isinstance(a, dict)]
    return frozenset(n for n in numbers if n)


def _read_topic(head: Mapping[str, Any]) -> _Topic:
    tags = [t.get("name") if isinstance(t, dict) else t for t in _list(head.get("tags"))]
    count = whole(head.get("posts_count"))
    marks: dict[str, Json] = {
        "tags": [clean(str(t)) for t in tags if t],
        "category": whole(head.get("category_id")),
        "closed": True if head.get("closed") or head.get("archived") else None,
        "views": whole(head.get("views")),
        "answers": count - 1 if count else None,
    }
    return _Topic(
        whole(head.get("id")), clean(str(head.get("title") or "")), _accepted(head), {k: v for k, v in marks.items() if v not in (None, [])}
    )


def _record(post: Any, topic: _Topic, page: Page, names: Set[str]) -> Record | Dead:
    if not isinstance(post, dict):
        return Dead("not_a_post", f"a JSON {type(post).__name__} in the place of a post")
    topic_id, number = whole(post.get("topic_id")) or topic.id, whole(post.get("post_number"))
    if not topic_id or not number or number < 1:
        return Dead("no_identity", "the post has no topic_id or no post_number", str(post.get("id") or ""))
    native_id = f"{topic_id}/{number}"
    status = _status(post)
    html, raw = post.get("cooked"), post.get("raw")
    if status == "live" and not isinstance(html, str) and not isinstance(raw, str):
        return Dead("no_text", "the post has neither cooked nor raw text", native_id)
    base_url = page.context.get("base_url", "")
    rendered = render(html if isinstance(html, str) and status == "live" else "", base_url=base_url)
    text, left = quoted(rendered.text if isinstance(html, str) or status != "live" else clean(str(raw)))
    text = hide_names(text, names)
    if status == "live" and rendered.text in _DELETED_WORDS:
        status, text = "deleted", ""
    live = status == "live"
    edited = (whole(post.get("version")) or 1) > 1
    return Record(
        page.source,
        page.site,
        native_id,
        f"{base_url}/t/{topic_id}/{number}",
        role=_role(number),
        text=text,
        title=(topic.title or clean(str(post.get("topic_title") or ""))) if live and number == 1 else "",
        thread_id=str(topic_id),
        parent_id=_parent(post, topic_id, number),
        position=number,
        author_key=_author(post) if live else None,
        created_at=from_iso(post.get("created_at")),
        edited_at=from_iso(post.get("updated_at")) if edited and live else None,
        quotes=tuple(Quote(hide_names(q.text, names), q.of) for q in (*rendered.quotes, *left)) if live else (),
        status=status,
        marks=_marks(post, topic, number) | text_marks(rendered) if live else _bare(post),
        **rights(page),
    )


def _names(post: Mapping[str, Any]) -> Iterator[str]:
    """Under which names its author is spoken to, in lower case."""
    for key in ("username", "name", "display_username"):
        if isinstance(name := post.get(key), str) and len(name) > 2 and " " not in name:
            yield name.lower()


def _role(number: int) -> Role:
    return "question" if number == 1 else "post"


def _status(post: Mapping[str, Any]) -> RecordStatus:
    if post.get("user_deleted") is True:
        return "deleted"
    if post.get("deleted_at") or post.get("hidden") is True or post.get("cooked_hidden") is True:
        return "removed"
    return "live"


def _parent(post: Mapping[str, Any], topic_id: int, number: int) -> str | None:
    """What it answers: the post that it replies to, else the one that opened the topic."""
    if number == 1:
        return None
    return f"{topic_id}/{whole(post.get('reply_to_post_number')) or 1}"


def _author(post: Mapping[str, Any]) -> str | None:
    user = whole(post.get("user_id"))
    return str(user) if user is not None else clean(str(post.get("username") or "")) or None


def _bare(post: Mapping[str, Any]) -> dict[str, Json]:
    """What is kept of a post that was taken away."""
    post_id = whole(post.get("id"))
    return {"post_id": post_id} if post_id else {}


def _marks(post: Mapping[str, Any], topic: _Topic, number: int) -> dict[str, Json]:
    likes = sum(
        whole(a.get("count")) or 0 for a in _list(post.get("actions_summary")) if isinstance(a, dict) and whole(a.get("id")) == LIKE
    )
    reactions = {
        clean(str(r["id"])): whole(r.get("count")) or 0 for r in _list(post.get("reactions")) if isinstance(r, dict) and r.get("id")
    }
    kind = whole(post.get("post_type")) or 1
    user = whole(post.get("user_id"))
    marks: dict[str, Json] = {
        "score": likes,
        "post_id": whole(post.get("id")),
        "version": whole(post.get("version")) or 1,
        "reactions": reactions or None,
        "post_type": POST_TYPES.get(kind, str(kind)) if kind != 1 else None,
        "system": True if user is not None and user < 0 else None,
        "staff": True if post.get("staff") is True else None,
        "wiki": True if post.get("wiki") is True else None,
        "category": whole(post.get("category_id")),
        "accepted": True if number > 1 and (number in topic.accepted or post.get("accepted_answer") is True) else None,
    }
    if number == 1:
        marks |= _question_marks(post, topic)
    return {k: v for k, v in marks.items() if v is not None}


def _question_marks(post: Mapping[str, Any], topic: _Topic) -> dict[str, Json]:
    accepted = sorted(topic.accepted - {1})
    topic_id = topic.id or whole(post.get("topic_id"))
    solved = True if accepted or post.get("topic_accepted_answer") is True or post.get("has_accepted_answer") is True else None
    return {**(topic.marks or {}), "solved": solved, "accepted_id": f"{topic_id}/{accepted[0]}" if accepted else None}


# What is no longer shown


def _gone(page: Page, topic_id: int, number: int, marks: Mapping[str, Json]) -> Record:
    url = f"{page.context.get('base_url', '')}/t/{topic_id}/{number}"
    native_id = f"{topic_id}/{number}"
    parts = {"thread_id": str(topic_id), "position": number, "status": "gone", "marks": marks}
    return Record(page.source, page.site, native_id, url, role=_role(number), text="", **parts, **rights(page))  # type: ignore[arg-type]


def _gone_topic(page: Page) -> Iterator[Record]:
    """A topic that is not shown any more: its first post, marked ``thread_gone``, and every post that was asked for."""
    topic_id = _read_topic(json_value(page.context.get("topic", "{}").encode())).id
    if not topic_id:
        raise PayloadError(f"status {page.status}, and no topic is known to be concerned", reason="http_status")
    asked = {n for a in page.context.get("asked", "").split(";") if (n := whole(a.partition("/")[2]))}
    for number in sorted({1, *asked}):
        yield _gone(page, topic_id, number, {"thread_gone": True})


def _missing(numbers: set[int], head: Mapping[str, Any], page: Page) -> Iterator[Record | Dead]:
    """Post numbers that a topic fetched whole does not show. After a part that was skipped nothing is known."""
    after = 0 if "first" in page.context else whole(page.context.get("after"))
    if after is None or (head.get("skips") and "first" not in page.context):
        return
    topic_id = whole(head.get("id"))
    last = max([after, *numbers])
    if "last" in page.context:
        asked = [whole(a.partition("/")[2]) or 0 for a in page.context.get("asked", "").split(";")]
        last = max([last, whole(head.get("highest_post_number")) or 0, *asked])
    if not topic_id:
        return
    if last - after - len(numbers) > MAX_GAP:
        yield Dead("number_gap", f"{last - after - len(numbers)} post numbers are missing from topic {topic_id}", str(topic_id))
        return
    for number in range(after + 1, last + 1):
        if number not in numbers:
            yield _gone(page, topic_id, number, {})
