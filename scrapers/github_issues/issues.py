"""Issues and comments of GitHub's REST API -> Records: pure.

An issue of a repository that is listed is known by its number, a comment by the issue's number and its own id (``17``, ``17/2301``); of
a search both stand behind the repository (``owner/name#17``). Pull requests are no issues, though the API lists them among them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.common.fields import Fields, told
from scrapers.common.page import Rights, from_iso, json_of, once, whole
from thresher.errors import PayloadError
from thresher.formats.github import as_text
from thresher.formats.markdown import links_and_images, quotes
from thresher.formats.mentions import hide_names
from thresher.model import Dead, Json, Page, Quote, Record, RecordStatus, Unread
from thresher.text import clean

RIGHTS = Rights(
    licence="unknown",
    licence_evidence="issues belong to their authors; a repository's licence is for its code",
    export_class="id_only",
)
DELETED = 410
GONE = 404
BLOCKED = 451
NOT_THERE = frozenset({DELETED, GONE, BLOCKED})
"""How the API answers for an issue that was deleted, that we may not see any more, or that a notice took down."""
HIDDEN = frozenset({"spam", "abuse", "off_topic"})
"""Reasons for which a comment is minimized that say what it is worth; the others (outdated, resolved, duplicate) say what became of it."""

_BOTH = (
    "author_association body_html body_text created_at events_url labels_url node_id performed_via_github_app pin timeline_url url "
    "minimized repository"
)
ISSUE = Fields(
    "issue",
    used="active_lock_reason author_association body closed_at comments created_at html_url id labels locked number pull_request "
    "reactions repository_url state state_reason title url user",
    ignored=f"{_BOTH} assignee assignees closed_by comments_url draft issue_dependencies_summary issue_field_values milestone "
    "parent_issue_url pinned_comment score sub_issues_summary type updated_at",
)
COMMENT = Fields(
    "comment",
    used="author_association body created_at html_url id issue_url node_id reactions updated_at url user",
    ignored=_BOTH,
)
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+)(?:/issues/(\d+))?$")
_COMMENT_ID = re.compile(r"((?:.*#)?\d+)/(\d+)")
_PAGE = re.compile(r"^https?://[^/]+/([^/]+/[^/]+)/(issues|pull)/(\d+)")


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Every issue and comment of an answer. Each that was ``asked`` for and is not in it is a Record ``gone``, or ``deleted`` where the API
    says so."""
    asked = page.context.get("asked", "").split(";")
    if page.status in NOT_THERE:
        status: RecordStatus = "deleted" if page.status == DELETED else "removed" if page.status == BLOCKED else "gone"
        yield from (_away(page, native_id, status) for native_id in asked)
        return
    body = json_of(page)
    things = things_of(body)
    alone = things == [body] and "asked" in page.context
    hidden: dict[str, str] = json.loads(page.context.get("minimized", "{}"))
    names = frozenset(name for thing in things if isinstance(thing, dict) for name in _names(thing))
    answered = set()
    for result in once(_results(page, things, hidden, names)):
        if alone and result.native_id not in asked:
            continue  # it was transferred, and is answered as what it is now
        answered.add(result.native_id)
        yield result
    for native_id in filter(None, asked):
        if native_id not in answered:
            yield _away(page, native_id, "gone")
    issues = [thing for thing in things if isinstance(thing, dict) and not is_comment(thing)]
    yield from told(ISSUE.unread(issues), COMMENT.unread(t for t in things if isinstance(t, dict) and is_comment(t)))


def things_of(body: Any) -> list[Any]:
    """The issues or comments of a listing, a search, or one alone; PayloadError where it is something else."""
    if isinstance(body, dict) and isinstance(body.get("items"), list):
        body = body["items"]
    if isinstance(body, list):
        return body
    if isinstance(body, dict) and (is_comment(body) or ("number" in body and "title" in body)):
        return [body]
    said = body.get("message") if isinstance(body, dict) else None
    raise PayloadError(f"no issues or comments in it: {str(said or body)[:120]}", reason="not_issues")


def is_comment(thing: Mapping[str, Any]) -> bool:
    """Whether it stands under an issue."""
    return "issue_url" in thing


def is_pull_request(issue: Mapping[str, Any]) -> bool:
    """Issues once had ``pull_request`` too, with nothing in it."""
    links = issue.get("pull_request")
    return isinstance(links, dict) and any(links.values())


def issue_of(comment: Mapping[str, Any]) -> int | None:
    """The number of the issue under which a comment stands; None for comments of pull requests."""
    shown = _PAGE.match(str(comment.get("html_url") or ""))
    if shown and shown[2] == "pull":
        return None
    match = _REPOSITORY.search(str(comment.get("issue_url") or ""))
    return whole(match[2]) if match else None


def repository_of(thing: Mapping[str, Any]) -> str:
    """``owner/name``, as the answer says it; empty where it does not."""
    shown = _PAGE.match(str(thing.get("html_url") or ""))
    asked = _REPOSITORY.search(str(thing.get("issue_url") or thing.get("repository_url") or ""))
    return asked[1] if asked else shown[1] if shown else ""


def _results(page: Page, things: list[Any], hidden: Mapping[str, str], names: frozenset[str]) -> Iterator[Record | Dead]:
    for thing in things:
        if not isinstance(thing, dict):
            yield Dead("not_an_issue", f"a JSON {type(thing).__name__} in the place of an issue or comment")
        elif is_comment(thing):
            if issue_of(thing) is not None or not str(thing.get("html_url") or "").partition("/pull/")[1]:
                yield _comment(page, thing, hidden, names)
        elif not is_pull_request(thing):
            yield _issue(page, thing, names)


def _known_as(page: Page, thing: Mapping[str, Any], number: int) -> str:
    """By what the issue is known: its number where the page is of one repository. A transferred one is of another."""
    repository = repository_of(thing)
    return str(number) if "repository" in page.context else f"{repository}#{number}" if repository else ""


def _issue(page: Page, issue: Mapping[str, Any], names: frozenset[str]) -> Record | Dead:
    number = whole(issue.get("number"))
    native_id = _known_as(page, issue, number) if number else ""
    if not native_id:
        return Dead("no_identity", "an issue without number or repository", str(issue.get("id") or ""))
    if not isinstance(issue.get("title"), str):
        return Dead("no_title", f"title is {type(issue.get('title')).__name__}, not text", native_id)
    body = issue.get("body")
    text = _text(body, names)
    labels = issue.get("labels")
    marks: dict[str, Json] = {
        "tags": [str(name) for label in labels if (name := label.get("name") if isinstance(label, dict) else label)]
        if isinstance(labels, list)
        else None,
        "comments": whole(issue.get("comments")),
        "closed": str(issue.get("state_reason") or "closed") if issue.get("state") == "closed" else None,
        "locked": str(issue.get("active_lock_reason") or "locked") if issue.get("locked") is True else None,
    }
    return _record(page, issue, native_id, "live", text, marks, title=clean(issue["title"]), thread=native_id, parent=None)


def _comment(page: Page, comment: Mapping[str, Any], hidden: Mapping[str, str], names: frozenset[str]) -> Record | Dead:
    number, comment_id = issue_of(comment), whole(comment.get("id"))
    thread = _known_as(page, comment, number) if number else ""
    if not thread or comment_id is None:
        return Dead("no_identity", "a comment without id or issue", str(comment.get("id") or ""))
    native_id = f"{thread}/{comment_id}"
    if not isinstance(comment.get("body"), str):
        return Dead("no_text", f"body is {type(comment.get('body')).__name__}, not text", native_id)
    reason = hidden.get(str(comment.get("node_id")), "")
    created, updated = from_iso(comment.get("created_at")), from_iso(comment.get("updated_at"))
    edited = created is not None and updated is not None and updated > created
    status: RecordStatus = "removed" if reason in HIDDEN else "edited" if edited else "live"
    marks: dict[str, Json] = {"minimized": reason or None}
    text = _text(comment["body"], names)
    return _record(page, comment, native_id, status, text, marks, thread=thread, parent=thread)


def _record(
    page: Page, thing: Mapping[str, Any], native_id: str, status: RecordStatus, text: str, marks: Mapping[str, Json], *, thread: str,
    parent: str | None, title: str = "",
) -> Record:  # fmt: skip
    """What issues and comments have in common. Of one that was hidden nothing is kept but that it was there."""
    shown = status != "removed"
    links, images = links_and_images(text)
    reactions = thing.get("reactions")
    more: dict[str, Json] = {
        "score": whole(reactions.get("+1")) if isinstance(reactions, dict) else None,
        "association": _association(thing),
        "post_type": "bot" if _is_bot(thing) else None,
        "links": links or None,
        "images": images or None,
    }
    url = thing.get("html_url")
    return Record(
        page.source,
        page.site,
        native_id,
        url if isinstance(url, str) else _url(page, native_id),
        "post" if parent is None else "comment",
        text if shown else "",
        title=title if shown else "",
        thread_id=thread,
        parent_id=parent,
        author_key=_author(thing) if shown else None,
        created_at=from_iso(thing.get("created_at")),
        edited_at=from_iso(thing.get("updated_at")) if status == "edited" else None,
        quotes=tuple(map(Quote, quotes(text))) if shown else (),
        marks={name: value for name, value in {**marks, **more}.items() if value is not None} if shown else {},
        status=status,
        licence=RIGHTS["licence"],
        licence_evidence=RIGHTS["licence_evidence"],
        export_class=RIGHTS["export_class"] if shown else "none",
    )


def _away(page: Page, native_id: str, status: RecordStatus) -> Record:
    if not native_id:
        raise PayloadError(f"{page.url} answered {page.status}, and nothing says what was asked for", reason="http_status")
    thread, comment = _parted(native_id)
    return Record(
        page.source, page.site, native_id, _url(page, native_id), "comment" if comment else "post", "", thread_id=thread, status=status,
        licence=RIGHTS["licence"], licence_evidence=RIGHTS["licence_evidence"], export_class="none",
    )  # fmt: skip


def _parted(native_id: str) -> tuple[str, str]:
    """The issue of a known record, and the comment; empty for the issue itself."""
    match = _COMMENT_ID.fullmatch(native_id)
    return (match[1], match[2]) if match else (native_id, "")


def _url(page: Page, native_id: str) -> str:
    thread, comment = _parted(native_id)
    repository, _, number = thread.rpartition("#")
    home = f"https://github.com/{repository or page.context.get('repository', '')}/issues/{number}"
    return home + (f"#issuecomment-{comment}" if comment else "")


def _text(body: object, names: frozenset[str]) -> str:
    return hide_names(clean(as_text(body)), names) if isinstance(body, str) else ""


def _user(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    """The author; nobody where the account was deleted."""
    user = thing.get("user")
    return user if isinstance(user, dict) else {}


def _names(thing: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(login := _user(thing).get("login"), str) and len(login) > 2:
        yield login.lower()


def _author(thing: Mapping[str, Any]) -> str | None:
    user = _user(thing)
    number = whole(user.get("id"))
    return str(number) if number is not None else clean(user["login"]) or None if isinstance(user.get("login"), str) else None


def _is_bot(thing: Mapping[str, Any]) -> bool:
    user = _user(thing)
    return user.get("type") == "Bot" or str(user.get("login") or "").endswith("[bot]")


def _association(thing: Mapping[str, Any]) -> str | None:
    """``owner``, ``member``, ``collaborator``, ...: how the author stands to the repository; nothing for strangers."""
    association = thing.get("author_association")
    return association.lower() if isinstance(association, str) and association not in {"", "NONE"} else None
