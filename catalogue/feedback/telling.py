"""What closes, reminds and releases, together with the letters that say so: the same from a page and on its day."""

from catalogue.feedback import closing
from catalogue.feedback.actions import held, remind
from catalogue.feedback.letters import write_released, write_reminders, write_to_facilitator, write_waiting


def close_and_tell(round_id: int, actor_key: str = "") -> None:
    here, token = closing.close(round_id, actor_key)
    if token:
        write_to_facilitator(here, token)
        write_waiting(here)
    else:
        write_released(here)


def remind_and_tell(round_id: int) -> int:
    """Returns how many were written to."""
    here = held(round_id)
    raters = remind(here)
    write_reminders(here, raters)
    return len(raters)


def release_and_tell(round_id: int, by: str) -> None:
    here = held(round_id)
    if closing.release(here, by):
        write_released(here)
