"""Sites of one source on real servers, one of which never ends: each gets its share of the requests, in every order, also after kills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from farm import BUDGET, Farm, Quiet, Tarpit

from sample.sites.discourse import Discourse
from sample.wire import Site


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path)
    yield farm
    farm.close()


@pytest.mark.parametrize(
    "sites",
    [
        {"a": Tarpit, "b": Discourse},
        {"a": Discourse, "b": Tarpit, "c": Discourse},
        {"a": Tarpit, "b": Tarpit, "c": Discourse},
    ],
)
def test_an_endless_site_starves_no_other_on_the_first_night(farm: Farm, sites: dict[str, Callable[[], Site]]) -> None:
    farm.open({name: make() for name, make in sites.items()})
    result = farm.harvest()
    honest = [name for name, make in sites.items() if make is Discourse]
    assert all(farm.records().get(name, 0) > 100 for name in honest)
    assert all(farm.asked[name] >= BUDGET // len(sites) for name, make in sites.items() if make is Tarpit)
    assert sum(farm.asked.values()) == BUDGET, "what the honest ones leave is still used"
    assert result.state == "partial"
    assert {error.partition(":")[0] for error in result.errors} == {name for name, make in sites.items() if make is Tarpit}


def test_a_site_cut_short_by_its_share_ends_with_what_the_others_left(farm: Farm) -> None:
    farm.open({"a": Discourse(), "b": Quiet(), "c": Quiet()}, max_requests=90)
    result = farm.harvest()
    assert (result.state, result.errors) == ("finished", ())
    assert farm.asked["a"] > 30
    assert farm.records()["a"] > 100


def test_with_fewer_requests_than_sites_every_site_has_its_turn_in_the_end(farm: Farm) -> None:
    farm.open({name: Tarpit() for name in "abcde"}, max_requests=2)
    asked: Counter[str] = Counter()
    for _ in range(5):
        farm.harvest()
        assert sum(farm.asked.values()) == 2
        asked += farm.asked
    assert asked == dict.fromkeys("abcde", 2)


def test_nights_that_are_killed_at_the_first_site_begin_with_another_one(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    farm.open({name: Tarpit() for name in "abc"})
    asked: Counter[str] = Counter()
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr("flows.line.harvesting._visit", _killed(farm))
            with pytest.raises(KeyboardInterrupt):
                farm.harvest()
        asked += farm.asked
    assert asked == dict.fromkeys("abc", 1)


def _killed(farm: Farm) -> Callable[..., None]:
    def visit(run: object, source: object, site: object, client: object) -> None:
        farm.asked[site.name] += 1  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    return visit


def test_an_endless_site_uses_its_share_of_the_minutes_alone(farm: Farm) -> None:
    farm.open({"a": Tarpit(), "b": Discourse()}, min_interval_s=1, max_minutes=2)
    result = farm.harvest()
    assert farm.records().get("b", 0) > 100
    assert result.state == "partial"
    assert "the 2 minutes of this run are used" in " ".join(result.errors)
