"""Who is in a course, as the platform says.

Names and Role Provisioning Services 2.0, section 2: https://www.imsglobal.org/spec/lti-nrps/v2p0
A list is read page by page. Where the platform offers to tell what has changed since (``rel="differences"``), that is
all that is asked the next time. Names are held in this process's memory alone, and not for long.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from pylti1p3.roles import StudentRole, TeacherRole
from requests import Response
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from lti.addresses import with_query
from lti.claims import email_of, has_role, identifier, name_of
from lti.errors import LaunchRefused
from lti.models import Platform, PlatformState, ResourceLink
from lti.services import Service, ServiceRefused, json_of, linked, next_page

MEMBERS_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
PAGE_SIZE = 200
"""Asked for, since a whole course on one page can be longer than we read; a platform may give fewer, or more."""
MOST_PAGES = 50
PATIENCE = 10.0  # seconds for all of it: somebody waits for the page
QUEUES_FOR = 1.0
"""Seconds that somebody waits while the same list is read for somebody else: a slow one holds one thread, not all."""
READS_AT_ONCE = 2
"""Of one platform's lists, in this process."""
PAUSE = timedelta(seconds=30)
"""After a read that failed, before that list is asked for again."""
DIFFERENCES_FOR = timedelta(hours=1)
"""After that all of it is read again, whatever the differences were."""
SERVES_FOR = timedelta(hours=24)
MOST_COURSES = 200
MOST_PEOPLE = 100_000
"""Held at a time, in all courses together: about 50 MB."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a course; name and e-mail address are empty where the platform keeps them to itself."""

    sub: str
    name: str
    email: str
    is_learner: bool
    is_instructor: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """The active members of a course by ``sub``, and when the platform said so."""

    members: Mapping[str, Member]
    read_at: datetime

    @property
    def learners(self) -> list[Member]:
        return [member for member in self.members.values() if member.is_learner]


_Key = tuple[int, int, str]  # platform, deployment, memberships URL
_Entry = tuple[str, Member | None]  # who, and what they are now; nothing: they are no active member


@dataclass
class _Held:
    """What is held of one course; ``lock`` is for who reads it."""

    addresses: tuple[str, ...]
    lock: threading.Lock = field(default_factory=threading.Lock)
    roster: Roster | None = None
    differences: str = ""
    whole_at: datetime | None = None
    tried_at: datetime | None = None
    fault: TryAgain | ServiceRefused | None = None

    def is_due(self, asked_at: datetime) -> bool:
        """Whether the platform is to be asked, for somebody who came at that moment."""
        if self.tried_at is None:
            return True
        if self.fault is not None and abs(now() - self.tried_at) < PAUSE:
            return False
        return self.tried_at < asked_at

    @property
    def people(self) -> int:
        return len(self.roster.members) if self.roster else 0


class Rosters:
    """The rosters that this process holds: those last used, for a day, while their platforms are as they were."""

    def __init__(self) -> None:
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self._reads: Counter[int] = Counter()  # under way, by platform
        self._lock = threading.Lock()

    def read(self, link: ResourceLink) -> Roster:
        """The members of a link's course, as the platform has them now. Raises ``TryAgain`` or ``ServiceRefused``.

        Ends the present transaction: none stays open while the platform is asked. Of several who ask at the same
        moment one reads; the others have what comes of that within a second, else ``TryAgain``. So has whoever asks
        soon after a read that failed, or while other lists of the platform are being read.
        """
        service, asked_at = Service(link.platform, [MEMBERS_READ], within=PATIENCE), now()
        platform_id, url, held = link.platform.id, link.roster_url, self._of(link)
        db.session.rollback()
        self._make_room()
        if not held.lock.acquire(timeout=QUEUES_FOR):
            raise TryAgain("the list of members is being read for somebody else, and takes long")
        try:
            if held.is_due(asked_at):
                with self._reading(platform_id):
                    _renew(held, service, url)
            if held.fault is not None:
                raise held.fault.with_traceback(None)  # it may be raised many times: the tracebacks would pile up
            if held.roster is None:
                raise TryAgain("the platform's list of members was not read")
            return held.roster
        finally:
            held.lock.release()
            self._make_room()

    @contextmanager
    def _reading(self, platform_id: int) -> Iterator[None]:
        """One of the reads that a platform may have under way; raises ``TryAgain`` where there are enough."""
        with self._lock:
            if self._reads[platform_id] >= READS_AT_ONCE:
                raise TryAgain("other lists of the platform are being read")
            self._reads[platform_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._reads[platform_id] -= 1

    def last(self, link: ResourceLink) -> Roster | None:
        """What was read last, within a day, unless the platform has refused since; asks nobody."""
        return self._of(link).roster

    def _of(self, link: ResourceLink) -> _Held:
        platform = link.platform
        key = (platform.id, link.deployment_id, link.roster_url)
        with self._lock:
            known = {platform_id for platform_id, _, _ in self._held} | {platform.id}
        there = {
            one.id: _addresses(one)
            for one in db.session.scalars(
                select(Platform).where(Platform.id.in_(known), Platform.state == PlatformState.ACTIVE)
            )
        }
        with self._lock:
            for other, held in list(self._held.items()):
                if other[0] in known and there.get(other[0]) != held.addresses:
                    del self._held[other]  # suspended, or it has moved: what it said counts no more
                elif held.roster is not None and now() - held.roster.read_at > SERVES_FOR:
                    held.roster, held.differences = None, ""
            held = self._held.setdefault(key, _Held(_addresses(platform)))
            self._held.move_to_end(key)
            return held

    def _make_room(self) -> None:
        with self._lock:
            people = sum(held.people for held in self._held.values())
            while len(self._held) > MOST_COURSES or (people > MOST_PEOPLE and len(self._held) > 1):
                people -= self._held.popitem(last=False)[1].people


def _addresses(platform: Platform) -> tuple[str, ...]:
    return platform.issuer, platform.client_id, platform.auth_url, platform.token_url, platform.jwks_url


def _renew(held: _Held, service: Service, url: str) -> None:
    """Read what has changed, or all of it; what is held stays where neither can be had just now.

    Where the platform refuses, nothing is kept: whom it no longer names, we no longer show.
    """
    held.fault = None
    try:
        if held.roster is None or not held.differences or not _is_fresh(held.whole_at):
            _take_whole(held, service, url)
            return
        try:
            _take_differences(held, held.roster, service)
        except (TryAgain, ServiceRefused) as fault:
            log.info("no differences of members", reason=str(fault))
            _take_whole(held, service, url)
    except (TryAgain, ServiceRefused) as fault:
        held.fault, held.differences = fault, ""
        if isinstance(fault, ServiceRefused):
            held.roster = None
    finally:
        held.tried_at = now()


def _is_fresh(moment: datetime | None) -> bool:
    return moment is not None and abs(now() - moment) < DIFFERENCES_FOR


def _take_whole(held: _Held, service: Service, url: str) -> None:
    began = now()
    entries, differences = _entries(service, _with_page_size(url))
    members: dict[str, Member] = {}
    for sub, member in entries:
        if member is not None:
            members.setdefault(sub, member)
    held.roster, held.differences, held.whole_at = Roster(members, began), differences, began


def _take_differences(held: _Held, before: Roster, service: Service) -> None:
    began = now()
    entries, differences = _entries(service, held.differences)
    changes: dict[str, Member | None] = {}
    for sub, member in entries:
        if changes.setdefault(sub, member) != member:
            raise TryAgain("the differences say two things of one member, and not which came last")
    members = {sub: member for sub, member in before.members.items() if changes.get(sub, member) is not None}
    members |= {sub: member for sub, member in changes.items() if member is not None}
    held.roster, held.differences = Roster(members, began), differences


def _with_page_size(url: str) -> str:
    """Section 2.4.2: ``limit``, which a platform may keep to."""
    return url if "limit" in parse_qs(urlsplit(url).query) else with_query(url, limit=str(PAGE_SIZE))


def _entries(service: Service, url: str) -> tuple[list[_Entry], str]:
    """What a list holds, page by page, and where its differences will be: as from its first page, so that none is
    lost that came about while it was read.
    """
    entries: list[_Entry] = []
    differences, seen = "", {url}
    for _ in range(MOST_PAGES):
        response = service.call("GET", url, media=MEMBERS_TYPE)
        entries.extend(_page(response))
        differences = differences or linked(response, url, "differences")
        url = next_page(response, url)
        if not url:
            return entries, differences
        if url in seen:
            raise TryAgain("the platform's list of members goes round in a circle")
        seen.add(url)
    raise TryAgain(f"the platform's list of members is longer than {MOST_PAGES} pages")


def _page(response: Response) -> list[_Entry]:
    answer = json_of(response)
    listed = answer.get("members") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise TryAgain("the platform's list of members is not as the standard has it")
    return [known for entry in listed if isinstance(entry, dict) and (known := _entry(entry))]


def _entry(entry: dict[str, Any]) -> _Entry | None:
    """Nothing for somebody who goes without an identifier that could be stored."""
    try:
        sub = identifier(entry, "user_id")
    except LaunchRefused:
        return None
    if entry.get("status", "Active") != "Active":
        return sub, None
    roles = entry.get("roles")
    named = tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else ()
    return sub, Member(sub, name_of(entry), email_of(entry), has_role(named, StudentRole), has_role(named, TeacherRole))
