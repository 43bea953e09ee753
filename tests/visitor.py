"""A visitor at the front door: reads pages, fills in forms as they are on the page, and presses their buttons."""

from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ORIGIN = "https://127.0.0.1:8000"


class Page(BeautifulSoup):
    """An answer's page, which is read when somebody first looks into it: that takes as long as to make it."""

    def __init__(self, answer: TestResponse) -> None:
        self.__dict__["answer"] = answer

    def __getattr__(self, name: str) -> Any:
        answer = self.__dict__.pop("answer", None)
        if answer is None:
            return super().__getattr__(name)
        super().__init__(answer.data, "xml" if answer.mimetype.endswith("xml") else "html.parser")
        return getattr(self, name)


class Visitor:
    """What was last answered is in ``response`` and ``page``."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client: FlaskClient = app.test_client()
        self.response: TestResponse
        self.page: BeautifulSoup
        if token:
            with self.client.session_transaction(base_url=ORIGIN) as session:
                session["_user_id"], session["_fresh"] = token, True

    def get(self, path: str, status: int = 200, **options: Any) -> BeautifulSoup:
        return self._took(self.client.get(path, base_url=ORIGIN, **options), status, "GET", path)

    def follow(self) -> BeautifulSoup:
        """Go where the last answer sends one."""
        return self.get(self.response.headers["Location"])

    def press(self, button: str, status: int = 302, **typed: Any) -> BeautifulSoup:
        """Press the button with these words, in its form, with what is typed and what is filled in already."""
        pressed = self._button(button)
        form = pressed.find_parent("form")
        assert form is not None, f"the button {button} is in no form"
        fields = _filled_in(form) | {name: str(value) for name, value in typed.items()}
        if pressed.get("name"):
            fields[str(pressed["name"])] = str(pressed.get("value", ""))
        path = str(pressed.get("formaction") or form.get("action") or self.response.request.full_path)
        if form.get("method", "get").lower() == "get":
            fields.pop("csrf_token", None)
            return self.get(path.split("?", maxsplit=1)[0], status, query_string=fields)
        return self.post(path.partition("#")[0], fields, status)

    def post(self, path: str, fields: dict[str, Any], status: int = 302) -> BeautifulSoup:
        answer = self.client.post(path, data=fields, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"})
        return self._took(answer, status, "POST", path)

    def csrf_token(self, path: str = "/sign-in/forgotten") -> str:
        """A token that this visitor's forms carry, for posting what no page offers."""
        found = self.get(path).select_one("input[name=csrf_token]")
        assert found is not None
        return str(found["value"])

    def text(self) -> str:
        main = self.page.select_one("main")
        return " ".join((main or self.page).get_text(" ").split())

    def _took(self, answer: TestResponse, status: int, method: str, path: str) -> BeautifulSoup:
        self.response = answer
        self.page = Page(answer)
        assert answer.status_code == status, f"{method} {path} gave {answer.status_code}: {self.text()[:600]}"
        return self.page

    def _button(self, words: str) -> Tag:
        for button in self.page.select("main button, header button, .app-account button"):
            if " ".join(button.get_text(" ").split()) == words:
                return button
        raise AssertionError(f"no button {words!r} on the page: {self.text()[:600]}")


def _filled_in(form: Tag) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), field.get("type", "text")
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            fields[name] = str(chosen["value"]) if chosen else ""
        elif field.name == "textarea":
            fields[name] = field.get_text().removeprefix("\n")
        elif kind not in ("radio", "checkbox", "submit") or field.has_attr("checked"):
            fields[name] = str(field.get("value", ""))
    return fields
