"""Where a database is: what is printed of its URL."""

import pytest

from enrollment.model.location import ServerUrl


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("//host/school", "//host/school"),
        ("//ada@host/school", "//ada@host/school"),
        ("//ada:secret@host:5433/school", "//ada@host:5433/school"),
        ("//ada:se@cret@host,other/school", "//ada@host,other/school"),
        ("//host/school?password=secret", "//host/school"),
        ("//host/school?user=ada&password=secret&port=1", "//host/school?user=ada&port=1"),
        ("//host/school?sslpassword=secret&sslkey=key", "//host/school?sslkey=key"),
        ("//host/school?password=secret&sslpassword=secret", "//host/school"),
        ("//host/school?oauth_client_secret=secret&port=1", "//host/school?port=1"),
    ],
)
def test_a_url_is_shown_without_its_secrets(text: str, shown: str):
    url = ServerUrl("postgresql:" + text)

    assert str(url) == "postgresql:" + shown
    assert url.text == "postgresql:" + text
