"""Where a database is: which texts are URLs, and what is printed of one."""

from pathlib import Path

import pytest

from enrollment.model.location import ServerUrl, location, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("//host/school", "//host/school"),
        ("//ada@host/school", "//ada@host/school"),
        ("//ada:secret@host:5433/school", "//ada@host:5433/school"),
        ("//ada:se%40cret@host,other/school", "//ada@host,other/school"),
        ("//ada:se:c#r[e&t@[::1]:5433/school", "//ada@[::1]:5433/school"),
        ("//host/school?password=secret", "//host/school"),
        ("//host/school?user=ada&password=secret&port=1", "//host/school?user=ada&port=1"),
        ("//host/school?sslpassword=secret&sslkey=key", "//host/school?sslkey=key"),
        ("//host/school?password=secret&sslpassword=secret", "//host/school"),
        ("//host/school?oauth_client_secret=secret&port=1", "//host/school?port=1"),
    ],
)
def test_a_url_is_shown_without_its_secrets(text: str, shown: str):
    url = location("postgresql:" + text)
    assert isinstance(url, ServerUrl)

    assert str(url) == "postgresql:" + shown
    assert url.text == "postgresql:" + text


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:secret@[::1/school",
        "postgresql://ada:se%cret@host/school",
        "postgresql://ada:se cret@host/school",
        "postgresql://ada:se@cret@host/school",
        "postgresql://ada:se/cret@host/school",
        "postgresql://ada:se?cret@host/school",
        "postgresql://ada:se\ncret@host/school",
        "postgresql://ada:se%cret/school",
        "postgresql://host/school?password=se%cret",
        "postgresql://host/school?password=se cret",
        "mysql://ada:secret@host/school",
        "mysql://host/school?password=secret",
    ],
)
def test_what_is_no_url_is_refused_and_shown_without_its_secrets(text: str):
    with pytest.raises(ValueError):
        location(text)

    assert "se" not in without_secrets(text).replace("postgresql:", "")
    assert "cret" not in without_secrets(text)


@pytest.mark.parametrize("text", ["enrollment.db", "/var/lib/a@b/c.db", "a?b"])
def test_the_name_of_a_file_is_one(text: str):
    assert location(text) == Path(text)


def test_a_url_needs_neither_host_nor_database():
    for text in (
        "postgresql://",
        "postgres:///school",
        "postgresql://%2Frun/school?host=/run&port=1",
    ):
        assert str(location(text)) == text
