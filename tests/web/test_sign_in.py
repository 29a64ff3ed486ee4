"""Signing in: tokens, links, sessions, cookies, and forms of other sites."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from webtest import Upload

from enrollment.app import App
from enrollment.data import session
from enrollment.model.location import Location
from tests.support.browser import Browser, form_to, text
from tests.support.client import Client, with_settings
from tests.support.engine import stored_in
from tests.support.tokens import MONITOR_TOKEN, TOKENS, add_monitor_token

PAGE = {"Accept": "text/html"}


@pytest.fixture
def stranger(app: App) -> Browser:
    """A browser in which no one has signed in."""
    return Browser(app, token=None)


def make_link(app: App, token_id: int = 2) -> str:
    with app.database.write() as db:
        return f"/sign-in/{session.insert_link(db, token_id, 'a test')}"


def execute(app: App, sql: str) -> None:
    with app.database.write() as db:
        db.execute(sql)


def test_a_browser_is_led_to_the_sign_in_and_then_to_the_start(stranger: Browser):
    page = stranger.get("/", headers=PAGE).follow().follow()

    form = page.form
    form["token"] = TOKENS["registrar"]
    start = form.submit(status=303).follow()

    assert "Find a student" in text(start)
    assert start.html.find("a", href="/docs")


def test_a_program_gets_json_at_the_root(client: Client):
    assert client.get("/").json["docs"] == "/docs"


def test_the_sign_in_leads_to_the_page_that_was_asked_for(stranger: Browser):
    page = stranger.get("/courses?show=full", status=303).follow()
    form = page.form
    form["token"] = TOKENS["reader"]

    assert form.submit().location == "/courses?show=full"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/x\r\nSet-Cookie: a=b", ""],
)
def test_the_sign_in_leads_to_no_other_site(stranger: Browser, elsewhere: str):
    form = stranger.get("/sign-in").form
    form["next"], form["token"] = elsewhere, TOKENS["reader"]

    assert form.submit().location == "/start"


def test_a_token_that_is_unknown_or_revoked_is_refused_in_the_same_words(
    app: App, stranger: Browser
):
    execute(app, "UPDATE token SET revoked_at = created_at, revoked_by = 'x' WHERE id = 3")
    said = set()
    for token in ("enr_nothing", TOKENS["reader"]):
        form = stranger.get("/sign-in").form
        form["token"] = token
        said.add(text(form.submit(status=422)))

    assert len(said) == 1
    assert "unknown, expired or revoked" in said.pop()


def test_wrong_tokens_count_towards_the_limit_of_the_api(app: App, stranger: Browser):
    form = stranger.get("/sign-in").form
    form["token"] = "enr_nothing"
    for _ in range(10):
        form.submit(status=422)

    assert "Too many wrong tokens. Wait" in text(form.submit(status=429))
    api = Client(app, "enr_nothing")
    api.extra_environ["REMOTE_ADDR"] = "127.0.0.1"
    assert api.get("/v1/students", status=429).json["code"] == "too_many_failures"


def test_the_cookie_is_kept_from_scripts_and_other_sites(stranger: Browser):
    cookie = stranger.sign_in(TOKENS["reader"]).headers["Set-Cookie"]

    assert cookie.startswith("enrollment=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")


def test_over_https_the_cookie_is_secure(app: App):
    behind_a_proxy = with_settings(app, trusted_proxies=(ip_network("127.0.0.1"),))
    browser = Browser(behind_a_proxy, token=None)
    browser.extra_environ["HTTP_X_FORWARDED_PROTO"] = "https"

    cookie = browser.sign_in(TOKENS["reader"]).headers["Set-Cookie"]

    assert cookie.startswith("__Host-enrollment=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    browser.extra_environ["HTTP_COOKIE"] = cookie.partition(";")[0]
    browser.get("/students", status=200)


@pytest.mark.parametrize(
    "environ",
    [{"REMOTE_ADDR": "10.0.0.7"}, {"HTTP_X_FORWARDED_PROTO": "https"}],
    ids=["from elsewhere", "through a proxy that is not trusted"],
)
def test_over_http_no_one_signs_in_from_elsewhere(
    app: App, stranger: Browser, environ: dict[str, str]
):
    link = make_link(app)
    form = stranger.get("/sign-in").form
    form["token"] = TOKENS["reader"]
    stranger.extra_environ |= environ

    assert "Signing in needs https" in text(form.submit(status=403))
    stranger.get("/sign-in", status=403)
    stranger.get(link, status=403)


def test_a_link_signs_in_once_and_a_look_does_not_use_it_up(app: App, stranger: Browser):
    link = make_link(app)
    stranger.get(link)
    page = stranger.get(link)
    assert "Sign in as registrar?" in text(page)

    page.form.submit(status=303)

    stranger.get("/students", status=200)
    assert "each works once" in text(stranger.get(link, status=410))
    page.form.submit(status=410)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE sign_in_link SET expires_at = '2020-01-01T00:00:00.000Z'",
        "UPDATE token SET revoked_at = created_at, revoked_by = 'x'",
        "UPDATE token SET expires_at = '2020-01-01T00:00:00.000Z'",
    ],
    ids=["over", "token revoked", "token expired"],
)
def test_a_link_ends_with_its_time_and_with_its_token(app: App, stranger: Browser, sql: str):
    link = make_link(app)
    execute(app, sql)

    stranger.get(link, status=410)
    stranger.post(link, status=410)


def test_wrong_links_count_as_wrong_tokens(stranger: Browser):
    for _ in range(10):
        stranger.get(f"/sign-in/link_{'0' * 48}", status=410)

    stranger.get(f"/sign-in/link_{'0' * 48}", status=429)


def test_signing_out_ends_the_session(browser: Browser):
    cookie = browser.cookies["enrollment"]

    page = form_to(browser.get("/start"), "/sign-out").submit(status=303).follow()

    assert "You are signed out" in text(page)
    browser.set_cookie("enrollment", cookie)
    browser.get("/students", status=303)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE token SET revoked_at = created_at, revoked_by = 'x'",
        "UPDATE token SET expires_at = '2020-01-01T00:00:00.000Z'",
        "UPDATE session SET expires_at = '2020-01-01T00:00:00.000Z'",
        "UPDATE session SET seen_at = '2020-01-01T00:00:00.000Z'",
    ],
    ids=["token revoked", "token expired", "too long", "unused"],
)
def test_a_session_ends(app: App, browser: Browser, ada: int, sql: str):
    form = form_to(browser.get(f"/students/{ada}"), "/holds")
    form["hold_reason"] = "library fees"
    execute(app, sql)

    page = form.submit(status=403)

    assert "Your session has ended Nothing was changed." in text(page)
    browser.get("/students", status=303)


def test_what_was_typed_is_sent_again_after_the_sign_in(
    app: App, browser: Browser, client: Client, ada: int
):
    form = form_to(browser.get(f"/students/{ada}"), "/holds")
    form["hold_reason"] = "library \u201cfees\u201d"
    execute(app, "UPDATE session SET expires_at = '2020-01-01T00:00:00.000Z'")

    page = form.submit(status=403).form.submit(status=403)
    assert client.get("/v1/holds").json["items"] == []
    browser.sign_in(TOKENS["registrar"])
    page = page.form.submit(status=303).follow()

    assert "On hold" in text(page)
    assert [hold["reason"] for hold in client.get("/v1/holds").json["items"]] == [
        "library \u201cfees\u201d"
    ]


def test_a_form_without_a_session_that_was_one_is_not_read(app: App, browser: Browser, ada: int):
    form = form_to(browser.get(f"/students/{ada}"), "/holds")
    form["hold_reason"] = "library fees"
    execute(app, "DELETE FROM session")

    assert "/sign-in" in form.submit(status=303).location


def test_a_file_has_to_be_chosen_again_after_the_sign_in(app: App, browser: Browser):
    form = form_to(browser.get("/import"), "/import")
    form["file"] = Upload("students.csv", b"Number\n", "text/csv")
    execute(app, "UPDATE session SET expires_at = '2020-01-01T00:00:00.000Z'")

    page = form.submit(status=303, headers={"Referer": "http://localhost:80/import"}).follow()

    assert "Your session has ended, so what you sent was not done" in text(page)
    page.form["token"] = TOKENS["registrar"]
    assert page.form.submit().location == "/import"


def test_a_session_that_is_used_goes_on(app: App, browser: Browser):
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    execute(app, f"UPDATE session SET seen_at = '{hour_ago:%Y-%m-%dT%H:%M:%S}.000Z'")
    before = seen(app)

    browser.get("/students")
    app.authenticator.flush_token_uses()

    assert seen(app) > before


def seen(app: App) -> str:
    with app.database.read() as db:
        return db.execute("SELECT seen_at FROM session").fetchone()[0]


def test_the_role_is_read_from_the_token_at_each_request(app: App, browser: Browser):
    browser.get("/students/new", status=200)
    execute(app, "UPDATE token SET role = 'reader' WHERE id = 2")

    assert "does not allow this" in text(browser.get("/students/new", status=403))


def test_a_monitor_sees_no_page(app: App):
    add_monitor_token(app.database)

    Browser(app, MONITOR_TOKEN).get("/start", status=403)


def test_the_cookie_does_not_open_the_api(browser: Browser):
    assert browser.get("/v1/students", status=401).json["code"] == "token_missing"


def test_a_token_does_not_open_a_page(app: App):
    Client(app).get("/students", status=303)


FOREIGN = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "typed in": {"Sec-Fetch-Site": "none"},
    "another origin": {"Origin": "https://evil.example"},
    "no origin": {"Origin": "null"},
    "an origin that is none": {"Origin": "http://["},
    "nothing": {},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("path", ["/students/new", "/sign-in", "/sign-out"])
def test_a_form_of_another_site_is_refused(browser: Browser, path: str, headers: dict[str, str]):
    del browser.extra_environ["HTTP_SEC_FETCH_SITE"]

    page = browser.post(path, {"family_name": "Mallory"}, headers=headers, status=403)

    assert "comes from another site" in text(page)
    browser.get("/students", status=200)


def test_a_browser_without_sec_fetch_site_sends_its_origin(browser: Browser, client: Client):
    del browser.extra_environ["HTTP_SEC_FETCH_SITE"]
    form = browser.get("/students/new").forms
    (new,) = {id(one): one for one in form.values() if "family_name" in one.fields}.values()
    new["family_name"] = "Curie"

    new.submit(headers={"Origin": "http://localhost:80"}, status=303)

    assert client.get("/v1/students").json["items"][0]["family_name"] == "Curie"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Encoding": "gzip"}, b"family_name=Curie", 415),
        ({"Content-Type": "text/plain"}, b"family_name=Curie", 415),
        ({}, b"family_name=Cur\xeee", 400),
        ({}, b"family_name=%ff", 400),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    browser: Browser, client: Client, headers: dict[str, str], body: bytes, status: int
):
    browser.post("/students/new", body, headers=headers, status=status)

    assert client.get("/v1/students").json["items"] == []


def test_secrets_are_not_stored(app: App, browser: Browser, location: Location):
    link = make_link(app)

    content = stored_in(location)

    assert b"a test" in content
    assert browser.cookies["enrollment"].encode() not in content
    assert link.rpartition("/")[2].encode() not in content


def test_a_page_that_does_not_exist_is_a_page(browser: Browser):
    page = browser.get("/nothing", status=404)
    assert "nothing at this URL" in text(page)
    assert "/docs" not in text(page)
    links = [link["href"] for link in page.html.select("main a")]
    assert links == ["/students", "/courses", "/start"]
    assert "There is no student 999" in text(browser.get("/students/999", status=404))
