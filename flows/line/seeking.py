"""What to search for tonight besides the fixed queries: phrases made of what models fail, of what grows, and of what has few cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from dedupe.guard.words import lexicon
from flows.line.run import LiveRun
from flows.line.workspace import Workspace
from scrapers.common.queries import Query
from scrapers.common.searching import Searching
from scrapers.settings import Source
from store import cases, weak_spots
from store.file.database import Connection
from store.weak_spots import Post, Spot
from thresher.cues import fold
from thresher.distinctive import Text, words_of
from thresher.errors import SettingsError
from thresher.rulebook import ties
from thresher.rulebook.reading import load
from thresher.shares import wilson

ASSISTANT = "chatgpt"
"""Named in a phrase where the posts of a cluster name no assistant: people call every assistant so."""
_GROWING = ("growing", "resurfaced")
_LEAST_ASKED = 3
"""Pairs of an item and a model, before a share of failures says anything of a cluster."""
_EVERYDAY = 5e-5
"""The share of a language's words from which on a word tells nothing of what failed: *cannot* and *whole* are above, *letters* is below."""
_UNPARTED = {"ja", "zh", "th", "lo", "km", "my"}
"""Languages that put no spaces between words: no word is picked out of them here."""


def seek(run: LiveRun, sources: Sequence[Source]) -> None:
    """Make the phrases of this run; none where [seek] says so or no place searches for the shared queries. The report names each."""
    work, settings = run.work, run.work.settings.seek
    if settings.share and settings.most and any(_takes_phrases(site, work) for source in sources for site in work.sites(source)):
        with work.database.reader() as con:
            run.sought = sought(work, con)


def _takes_phrases(site: Any, work: Workspace) -> bool:
    return isinstance(site, Searching) and site.searches and site.queries == work.settings.queries.queries


def sought(work: Workspace, con: Connection) -> tuple[Query, ...]:
    """At most ``seek.most`` phrases: in turn of a cluster that models fail, of one that grows or is back, and of a rule with few cases."""
    posts, spots = weak_spots.posts(con), weak_spots.spots(con)
    failed = [spot for spot in spots if spot.asked >= _LEAST_ASKED and spot.failed]
    failed.sort(key=lambda spot: -wilson(spot.failed, spot.asked)[0])
    growing = [spot for spot in spots if spot.trend in _GROWING]
    by_failure = _of_clusters(work, posts, [(spot, f"models failed {spot.failed} of {spot.asked}") for spot in failed])
    by_trend = _of_clusters(work, posts, [(spot, spot.trend) for spot in growing])
    chosen: dict[str, Query] = {}
    for query in chain.from_iterable(zip_longest(by_failure, by_trend, _of_rules(work, con, posts, spots))):
        if query is not None:
            chosen.setdefault(query.words, query)
    known = {query.words for query in work.settings.queries.queries}
    return tuple(query for query in chosen.values() if query.words not in known)[: work.settings.seek.most]


def mixed(site: Any, work: Workspace, phrases: Sequence[Query], turn: int) -> Any:
    """A place that searches for the shared queries, with phrases in the place of some of them, so that it is asked as much as before. Each
    night others make room, and go on from where they stood when it is their turn again. What is kept explores what nobody knows of."""
    if not phrases or not _takes_phrases(site, work):
        return site
    fixed = [query for query in site.queries if not site.languages or query.language in site.languages]
    fitting = [query for query in phrases if not site.languages or query.language in site.languages]
    room = min(len(fitting), int(work.settings.seek.share * len(fixed)))
    begin = turn * room % len(fixed) if fixed else 0
    return site.model_copy(update={"queries": (*[*fixed[begin:], *fixed[:begin]][room:], *fitting[:room])})


def _of_clusters(work: Workspace, posts: Sequence[Post], wanted: Sequence[tuple[Spot, str]]) -> Iterator[Query]:
    """One phrase for each cluster, in the language in which most report it."""
    of: dict[str, list[Post]] = {spot.cluster_id: [] for spot, _ in wanted}
    for post in posts:
        if post.cluster_id in of:
            of[post.cluster_id].append(post)
    language = {cluster_id: Counter(post.language for post in own).most_common(1)[0][0] for cluster_id, own in of.items() if own}
    words: dict[str, tuple[str, ...]] = {}
    for one in sorted(set(language.values()) - _UNPARTED):
        texts = [Text.of(post.cluster_id, post.author, post.text) for post in posts if post.language == one]
        words |= words_of(texts, [cluster_id for cluster_id, spoken in language.items() if spoken == one], _left_out(work, texts, one))
    for spot, why in wanted:
        if spot.cluster_id in words:
            assistant = _assistant(work, [post.text for post in of[spot.cluster_id]])
            yield Query(
                words=" ".join((assistant, *words[spot.cluster_id])), language=language[spot.cluster_id],
                why=f'failure cluster {spot.cluster_id[:12]}, "{spot.label}": {why}',
            )  # fmt: skip


def _of_rules(work: Workspace, con: Connection, posts: Sequence[Post], spots: Sequence[Spot]) -> Iterator[Query]:
    """Rules with few cases, by the posts of clusters that report a breach of them, the fewest cases first. A rule that no cluster reports
    gives no phrase: words of a rule are not those in which people complain."""
    try:
        book = load(work.settings.rulebook.path(work.settings.folder))
    except SettingsError:  # a benchmark may go without a rulebook
        return
    rules = [rule for rule in book.rules.values() if rule.layer == "legislation" and rule.phrases]
    items = cases.evidence(con)
    tied = ties.ties(rules, items, None, cases.said(con, work.folder))
    enough = work.settings.rulebook.cases
    counted = ties.coverage(rules, items, tied, least=work.settings.rulebook.tie_confidence, enough=enough)
    thin = sorted((counted.cases(rule.id), rule.id) for rule in rules if counted.cases(rule.id) < enough)
    by_label = {spot.label: spot for spot in spots}
    wanted = [(by_label[phrase], f"rule {rule_id} has {n} of {enough} cases")
              for n, rule_id in thin for phrase in book.rules[rule_id].phrases if phrase in by_label]  # fmt: skip
    yield from _of_clusters(work, posts, wanted)


def _assistant(work: Workspace, texts: Sequence[str]) -> str:
    """The assistant that at least every other of these names, without its version."""
    named = Counter(
        name for text in texts for name in {one.name.split()[0].lower() for one in work.rules.names.find(fold(text)) if one.sure}
    )
    return next((name for name, n in named.most_common() if name.isalpha() and 2 * n >= len(texts)), ASSISTANT)


def _left_out(work: Workspace, texts: Sequence[Text], language: str) -> set[str]:
    """The words of these that name a model, since one is named anyway, or that everybody uses."""
    counted = lexicon(language)
    everyday = _EVERYDAY * sum(counted.values())
    words = {word for text in texts for word in text.words}
    return {word for word in words if counted.get(word, 0) > everyday or any(one.sure for one in work.rules.names.find(fold(word)))}
