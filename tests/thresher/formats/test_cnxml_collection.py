"""Tables of contents and licences."""

from __future__ import annotations

import pytest

from thresher.errors import PayloadError
from thresher.formats.books.licence import Licence, strictest
from thresher.formats.cnxml.collection import books, read_book

CC = "http://creativecommons.org/licenses"


@pytest.mark.parametrize(
    ("url", "spdx", "export_class"),
    [
        (f"{CC}/by/4.0/", "CC-BY-4.0", "full"),
        (f"{CC}/by-sa/4.0", "CC-BY-SA-4.0", "full"),
        (f"{CC}/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0", "full"),
        (f"{CC}/by-nc/3.0/", "CC-BY-NC-3.0", "full"),
        (f"{CC}/by-nc-nd/4.0/", "CC-BY-NC-ND-4.0", "none"),
        (f"{CC}/by-nd/4.0/", "CC-BY-ND-4.0", "none"),
        (f"{CC}/by/3.0/us/", "CC-BY-3.0-US", "full"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0", "full"),
        ("https://example.org/our-own-terms", "unknown", "none"),
        ("", "unknown", "none"),
    ],
)
def test_licence_decides_what_may_leave(url: str, spdx: str, export_class: str) -> None:
    licence = Licence(url)
    assert (licence.spdx, licence.export_class) == (spdx, export_class)


def test_strictest_of_several_licences_holds() -> None:
    free, restricted = Licence(f"{CC}/by/4.0/"), Licence(f"{CC}/by-nc/4.0/")
    assert strictest([free, restricted]) == restricted
    assert strictest([]).export_class == "none"


def collection(content: str) -> bytes:
    return f"""<collection xmlns="http://cnx.rice.edu/collxml" xmlns:md="http://cnx.rice.edu/mdml">
      <metadata><md:title>Sails</md:title><md:slug>sails</md:slug></metadata><content>{content}</content></collection>""".encode()


def chapter(title: str, *modules: str, inner: str = "") -> str:
    listed = "".join(f'<module document="{m}"/>' for m in modules)
    return f"<subcollection><md:title>{title}</md:title><content>{listed}{inner}</content></subcollection>"


def test_chapters_count_over_units_and_introductions_have_no_number() -> None:
    unit_one = chapter("Unit", inner=chapter("First", "m1", "m2") + chapter("Second", "m3", "m4", "m5"))
    unit_two = chapter("Unit", inner=chapter("Third", "m6", "m7"))
    book = read_book(collection('<module document="m0"/>' + unit_one + unit_two))
    assert [(p.module, p.number, p.chapter) for p in book.places] == [
        ("m0", "", ""),
        ("m1", "", "1 First"),
        ("m2", "1.1", "1 First"),
        ("m3", "", "2 Second"),
        ("m4", "2.1", "2 Second"),
        ("m5", "2.2", "2 Second"),
        ("m6", "", "3 Third"),
        ("m7", "3.1", "3 Third"),
    ]
    assert [p.order for p in book.places] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_book_without_licence_is_unknown() -> None:
    assert read_book(collection("")).licence.spdx == "unknown"


def test_list_of_books_never_leaves_the_repository() -> None:
    hrefs = ("../collections/a.collection.xml", "../../b.collection.xml", "/etc/c.collection.xml", "../collections/../../d.collection.xml")
    listed = "".join(f'<book href="{h}"/>' for h in hrefs)
    body = f'<container xmlns="https://openstax.org/namespaces/book-container">{listed}</container>'.encode()
    assert books(body) == ["collections/a.collection.xml"]


def test_collection_that_is_none_is_refused() -> None:
    with pytest.raises(PayloadError) as caught:
        read_book(b"<collection/>")
    assert caught.value.reason == "wrong_root"
