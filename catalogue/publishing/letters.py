"""What we write to those who work on offers."""

from dataclasses import dataclass
from datetime import date

from catalogue.mail import link_to, write_mail
from catalogue.offers.models import Offer
from catalogue.pages import format_date
from catalogue.publishing import queries
from catalogue.publishing.models import OfferDraft


@dataclass(frozen=True, slots=True)
class Letter:
    """To whoever submitted a draft, where an address of theirs is known; in the present transaction."""

    to: str
    offer_id: int
    slug: str
    title: str

    @classmethod
    def on(cls, draft: OfferDraft) -> "Letter":
        to = draft.changed_by.email if draft.changed_by else ""  # submitting is the last change before a decision
        return cls(to, draft.offer_id, draft.offer.slug, draft.content.get("title", ""))

    def approved(self, publish_on: date | None = None) -> None:
        """It is in the catalogue; or will be, on the day that is given."""
        if publish_on is None:
            self._write("Published", f"It is in the catalogue now:\n{link_to('offers.offer', slug=self.slug)}")
        else:
            self._write("Approved", f"It will be published on {format_date(publish_on)}.\n\n{self._work}")

    def changes_wanted(self, text: str) -> None:
        said = f"A reviewer asks for changes:\n\n{text}\n\nChange it and submit it again:"
        self._write("Changes wanted", f"{said}\n{self._work}")

    def not_published(self, reason: str) -> None:
        said = f"It could not be published on its day. {reason}\n\nSet it right and submit it again:"
        self._write("Not published", f"{said}\n{self._work}")

    @property
    def _work(self) -> str:
        return link_to("publishing.offer", offer_id=self.offer_id)

    def _write(self, what: str, text: str) -> None:
        if self.to:
            write_mail(self.to, f"{what}: {self.title}", f"{self.title}\n\n{text}\n")


def write_retired(offer: Offer, title: str) -> None:
    """Tell those who answer for what needs an offer that it is not in the catalogue any more."""
    needed_by = queries.needing(offer.id)
    addresses = queries.partners_addresses({version.offer.provider_id for version in needed_by})
    for version in needed_by:
        text = (
            f"{offer.provider.name} has retired an offer that is a step of it, or that it asks for first: {title}\n\n"
            "Who has completed that keeps what they have done, and who is enrolled on it can still complete it. Nobody "
            "else can. Choose another offer in its place, or take it out:\n"
            f"{link_to('publishing.offer', offer_id=version.offer_id)}"
        )
        for address in addresses[version.offer.provider_id]:
            write_mail(address, f"Retired: {title}", f"{version.title}\n\n{text}\n")


def write_invited(email: str, to: str, offer: Offer | None = None) -> None:
    """To somebody who was added to those who work on a provider's offers, or on one offer."""
    page = link_to("publishing.offer", offer_id=offer.id) if offer else link_to("publishing.index")
    write_mail(email, f"You can work on {to}", f"You were added to those who work on {to} in Every Seat.\n\n{page}\n")
