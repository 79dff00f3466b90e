"""The settings: files, the environment over them, and errors that say what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import scrapers
from flows.line import settings
from scrapers.common.searching import Searching
from scrapers.settings import Source
from thresher.errors import SettingsError

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path / "config")
    return tmp_path / "config"


def test_the_shipped_configuration_is_valid_and_says_of_every_source_what_it_brings_and_expects_and_what_may_leave() -> None:
    sources = settings.load(CONFIG, {}).sources
    assert sorted(sources) == scrapers.names()
    assert [
        name
        for name, source in sources.items()
        if not source.what or not source.rights or not source.expect.min_records or not source.expect.fill
    ] == []
    assert [name for name, source in sources.items() if not source.enabled and not source.why_off] == []


def test_a_source_that_needs_a_key_is_off_and_says_what_it_needs() -> None:
    reddit = settings.load(CONFIG, {}).source("reddit")
    assert not reddit.enabled
    assert "THRESHER_REDDIT_CLIENT_ID" in reddit.why_off
    assert settings.missing_needs(reddit, {}) == ["THRESHER_REDDIT_CLIENT_ID", "THRESHER_REDDIT_CLIENT_SECRET"]


def test_the_environment_stands_over_the_file() -> None:
    loaded = settings.load(CONFIG, {"THRESHER_NETWORK_CONTACT": "ops@example.org", "THRESHER_NETWORK_PORTS": "[443]"})
    assert loaded.network.contact == "ops@example.org"
    assert loaded.network.ports == (443,)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("thresher.toml", "deadline_s = 60", "deadline_s = -1", ["thresher.toml", "network.deadline_s", "greater than 0", "-1"]),
        ("thresher.toml", "deadline_s = 60", "dead_line_s = 60", ["network.dead_line_s", "allowed keys", "deadline_s"]),
        ("dedupe.toml", "neighbours = 10", "neighbours = 'many'", ["dedupe.toml", "neighbours", "'many'"]),
        ("sources/discourse.toml", "min_interval_s = 2.0", "min_interval_s = -2.0", ["discourse.toml", "pace.min_interval_s"]),
        ("sources/discourse.toml", 'name = "discourse"', 'name = "forum"', ["discourse.toml", "name of the file"]),
        ("export.toml", 'version = "5"', "version = ", ["export.toml", "not valid TOML"]),
        ("queries.toml", "'\"asked chatgpt\" wrong'", "'asked chatgpt\" wrong'", ["queries.toml", "queries.0", "not closed"]),
    ],
)
def test_an_error_names_file_key_and_what_is_allowed(folder: Path, file: str, old: str, new: str, said: list[str]) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        settings.load(folder, {})
    for words in said:
        assert words in str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "dedupe.toml").unlink()
    with pytest.raises(SettingsError, match=r"dedupe\.toml: missing"):
        settings.load(folder, {})


def test_the_origin_of_each_value_is_told_and_the_salt_is_not_shown() -> None:
    environ = {"THRESHER_NETWORK_CONTACT": "ops@example.org", "THRESHER_SALT": "do-not-print-me"}
    rows = {key: (value, origin) for key, value, origin in settings.flat(settings.load(CONFIG, environ), environ)}
    assert rows["network.contact"] == ('"ops@example.org"', "environment (THRESHER_NETWORK_CONTACT)")
    assert rows["network.deadline_s"] == ("60.0", "thresher.toml")
    assert rows["network.tries"] == ("5", "default")
    assert "do-not-print-me" not in repr(rows)


def test_the_shared_queries_complain_in_many_languages_and_go_to_every_place_that_searches() -> None:
    loaded = settings.load(CONFIG, {})
    assert len({query.language for query in loaded.queries.queries}) >= 6
    source = Source(
        name="made-up", sites=({"name": "all"}, {"name": "german", "languages": ["de"]}, {"name": "klingon", "languages": ["tlh"]})
    )
    everything, german, klingon = (settings.validated_site(Searching, source, p, CONFIG, loaded.queries.queries) for p in source.sites)
    assert everything.asked == loaded.queries.queries
    assert {query.language for query in german.asked} == {"de"}
    with pytest.raises(SettingsError, match=r"klingon: nothing to search for in tlh"):
        _ = klingon.asked
