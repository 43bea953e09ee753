"""Why a launch is refused."""


class LaunchRefused(Exception):
    """``reason`` is for the administrator and holds no personal data; ``advice`` is for whoever launched.

    ``platform_id`` and ``frame_origin`` are given where the platform is known, so that the refusal can be
    shown in its frame. ``again`` is what the launch can be begun with once more, in a new window.
    ``deployment_id`` is an unknown deployment that a verified message named.
    """

    def __init__(
        self,
        reason: str,
        advice: str = "",
        *,
        status: int = 400,
        platform_id: int | None = None,
        frame_origin: str = "",
        again: dict[str, str] | None = None,
        deployment_id: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.status = status
        self.platform_id = platform_id
        self.frame_origin = frame_origin
        self.again = again
        self.deployment_id = deployment_id
