"""What a platform has to be told of Every Seat, in the words of its own forms. Pure."""

from dataclasses import dataclass

from lti.addresses import launch_url
from lti.claims import HISTORY

CUSTOM_PARAMETERS = f"{HISTORY}=$Context.id.history"


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """Our addresses."""

    registration: str
    launch: str
    login: str
    key_set: str
    icon: str

    @classmethod
    def at(cls, public_url: str) -> "ToolSettings":
        base = public_url.rstrip("/")
        return cls(
            f"{base}/lti/register", launch_url(base), f"{base}/lti/login", f"{base}/lti/jwks.json",
            f"{base}/static/everyseat-icon.svg",
        )  # fmt: skip

    @property
    def moodle(self) -> list[tuple[str, str]]:
        """What is copied into "External tool", "Manage tools", "configure a tool manually" (Moodle 4.5)."""
        return [
            ("Tool name", "Every Seat"),
            ("Tool URL", self.launch),
            ("LTI version", "LTI 1.3"),
            ("Public key type", "Keyset URL"),
            ("Public keyset", self.key_set),
            ("Initiate login URL", self.login),
            ("Redirection URI(s)", self.launch),
            ("Custom parameters", CUSTOM_PARAMETERS),
            ("Tool configuration usage", "Show in activity chooser and as a preconfigured tool"),
            ("Default launch container", "Embed, without blocks"),
            ("Supports Deep Linking (Content-Item Message)", "Yes"),
            ("Content Selection URL", self.launch),
            ("Icon URL", self.icon),
            ("IMS LTI Assignment and Grade Services", "Use this service for grade sync and column management"),
            (
                "IMS LTI Names and Role Provisioning",
                "Use this service to retrieve members' information as per privacy settings",
            ),
            ("Share launcher's name with tool", "Always, or as you want it"),
            ("Share launcher's email with tool", "Always, or as you want it"),
            ("Accept grades from the tool", "Always"),
        ]

    @property
    def others(self) -> list[tuple[str, str]]:
        """What any platform that speaks LTI 1.3 needs, in the words of the standard."""
        return [
            ("Target link URI (launch URL)", self.launch),
            ("Login initiation URL", self.login),
            ("Redirect URI", self.launch),
            ("Key set URL (JWKS)", self.key_set),
            ("Deep linking URL, if it has one", self.launch),
            ("Custom parameters, if it knows the variable", CUSTOM_PARAMETERS),
        ]
