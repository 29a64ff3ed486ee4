"""A browser without script: WebTest with cookies, and the headers that a browser sends."""

from typing import Any

from webtest import TestApp, TestResponse

from tests.support.tokens import TOKENS

HEADERS = {
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8",
    "REMOTE_ADDR": "127.0.0.1",
}


class Browser(TestApp):
    """A browser in which someone has signed in with a token."""

    def __init__(self, app: Any, token: str | None = TOKENS["registrar"]) -> None:
        super().__init__(app, extra_environ={**HEADERS})
        if token:
            self.sign_in(token)

    def sign_in(self, token: str) -> TestResponse:
        form = self.get("/sign-in").form
        form["token"] = token
        return form.submit(status=303)


def form_to(page: TestResponse, end: str) -> Any:
    """The form of a page whose path ends like this."""
    (form,) = {
        id(form): form
        for form in page.forms.values()
        if (form.action or page.request.path).endswith(end) and form.method == "post"
    }.values()
    return form


def boxes(form: Any, name: str) -> list[Any]:
    """The boxes of a list in a form. Each has its value in its name, such as drop-20."""
    fields = (field for same in form.fields.values() for field in same if hasattr(field, "checked"))
    return [box for box in fields if box.name == f"{name}-{box._value}"]


def tick(form: Any, name: str, *values: int | str) -> None:
    """Tick these boxes of a list, and no others of the list."""
    for box in boxes(form, name):
        box.checked = box._value in map(str, values)


def text(page: TestResponse) -> str:
    """What a page says, without tags and line breaks."""
    return " ".join(page.html.find("main").get_text(" ").split())
