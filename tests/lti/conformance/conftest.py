"""Each case is run with launches of two libraries, as a teacher and as a learner."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.lti.platform import Platform, serving
from tests.lti.signers import SIGNERS, LibraryPlatform
from tests.visitor import Visitor

REFERENCE = re.compile(r"\b[0-9A-F]{8}\b")

Refuses = Callable[[Visitor], AbstractContextManager[None]]


@pytest.fixture(params=SIGNERS)
def signed_by(request: pytest.FixtureRequest) -> str:
    """The library that makes the messages."""
    return str(request.param)


@pytest.fixture(params=["teacher", "learner"])
def who(request: pytest.FixtureRequest) -> str:
    """Whoever launches."""
    return str(request.param)


@pytest.fixture
def platform(signed_by: str, register: Callable[[Platform], int]) -> Iterator[LibraryPlatform]:
    """In place of the platform of all other tests."""
    with serving(SIGNERS[signed_by]()) as made:
        register(made)
        assert isinstance(made, LibraryPlatform)
        yield made


@pytest.fixture
def refuses(administrator: Visitor, counts: Callable[[], dict[str, int]]) -> Refuses:
    """What is done within is refused on a page with a reference that the administrator finds, and nothing written."""

    @contextmanager
    def refusing(visitor: Visitor) -> Iterator[None]:
        before = counts()
        yield
        assert counts() == before
        reference = REFERENCE.search(visitor.text())
        assert reference is not None, visitor.text()
        administrator.get("/admin/platforms")
        assert reference.group() in administrator.text()

    return refusing
