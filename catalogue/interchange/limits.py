"""What a file may be at most, and how it is said that it cannot be read."""

from catalogue.errors import DomainError

MAX_FILE = 20_000_000  # bytes
MAX_OFFERS = 20_000
MAX_ROWS = 100_000  # of a table: an offer has one for each of its runs
MAX_RUNS = 1_000  # of one offer
MAX_COLUMNS = 200
MAX_CELL = 100_000  # characters
MAX_RECORD = 1_000_000  # characters of a row of a table, or of a course with its presentations
MAX_RATIO = 100  # how many times larger something packed may become
SPLIT_IT = "Split it into several files, each with offers of its own, and import them one after another."


class Unreadable(DomainError):
    """A file of which nothing can be read. The message says why, ``remedy`` what to do about it: in plain words."""

    status = 422
    title = "We could not read that file"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def too_large() -> Unreadable:
    return Unreadable(f"The file is larger than {MAX_FILE // 1_000_000} MB.", SPLIT_IT)


def too_many(what: str, most: int) -> Unreadable:
    return Unreadable(f"The file has more than {most:,} {what}.", SPLIT_IT)
