"""The sample GitHub: trees, commits, raw files, and the book in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import requests
from lxml import etree

from sample import World
from sample.content import WORLD, blob_id
from sample.sites.github import REPOSITORY
from sample.sites.github_issues import TRACKER

Get = Callable[..., requests.Response]


CNX = "{http://cnx.rice.edu/cnxml}"
API = f"/repos/{REPOSITORY}"


def test_blob_ids_are_those_of_git(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"hello\n")
    said = subprocess.run(["git", "hash-object", str(file)], capture_output=True, text=True, check=True).stdout
    assert blob_id(b"hello\n") == said.strip()


def test_every_file_of_the_tree_is_served_raw_at_its_commit(get: Get) -> None:
    sha = get("github_api", f"{API}/commits/main").json()["sha"]
    tree = get("github_api", f"{API}/git/trees/{sha}", recursive=1).json()
    assert tree["truncated"] is False
    for row in tree["tree"]:
        if row["type"] == "blob":
            assert blob_id(get("github_raw", f"/{REPOSITORY}/{sha}/{row['path']}").content) == row["sha"]


def test_a_known_etag_is_answered_with_304(get: Get) -> None:
    path = f"/{REPOSITORY}/main/META-INF/books.xml"
    tag = get("github_raw", path).headers["ETag"]
    again = get("github_raw", path, {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_second_night_is_another_commit_and_the_first_stays(world: World, get: Get) -> None:
    first = get("github_api", f"{API}/commits/main").json()["sha"]
    world.night = 2
    assert get("github_api", f"{API}/commits/main").json()["sha"] != first
    module = "modules/m70003/index.cnxml"
    assert b"20,800" in get("github_raw", f"/{REPOSITORY}/{first}/{module}").content
    assert b"20,808" in get("github_raw", f"/{REPOSITORY}/main/{module}").content


def test_what_is_not_there_is_404_on_both_hosts(get: Get) -> None:
    assert get("github_api", "/repos/sample-press/nothing").json()["message"] == "Not Found"
    assert get("github_raw", f"/{REPOSITORY}/main/nothing").status_code == 404


def test_the_book_has_its_exercises_and_one_broken_module() -> None:
    exercises, broken = 0, []
    for path in sorted(WORLD.glob("book/modules/*/index.cnxml")):
        try:
            exercises += len(etree.parse(str(path)).findall(f".//{CNX}exercise"))
        except etree.XMLSyntaxError:
            broken.append(path.parent.name)
    assert exercises == 70
    assert broken == ["m70008"]


def test_issues_are_listed_by_change_with_pull_requests_among_them_and_led_from_page_to_page(get: Get) -> None:
    first = get("github_api", f"/repos/{TRACKER}/issues", state="all", sort="updated", direction="asc", per_page=4)
    assert [issue["number"] for issue in first.json()] == [41, 42, 43, 44]
    assert "pull_request" in first.json()[3]
    second = requests.get(first.links["next"]["url"], timeout=5)
    assert [issue["number"] for issue in second.json()] == [45, 46, 47]
    assert "next" not in second.links


def test_in_the_second_night_an_issue_and_a_comment_are_deleted(world: World, get: Get) -> None:
    assert get("github_api", f"/repos/{TRACKER}/issues/47").status_code == 200
    world.night = 2
    assert get("github_api", f"/repos/{TRACKER}/issues/47").status_code == 410
    assert [c["id"] for c in get("github_api", f"/repos/{TRACKER}/issues/41/comments").json()] == [7001]
    assert get("github_api", f"/repos/{TRACKER}/issues/41").json()["comments"] == 1
