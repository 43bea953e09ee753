"""The errors of pages and services: a request refused, and a person who has to sign in first."""


class Refused(Exception):
    """With its HTTP status, and the reason in plain words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class SignInFirst(Exception):
    """Nobody is signed in at this browser."""
