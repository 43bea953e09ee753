"""The signed answer to a platform: what a teacher chose, as content items.

Deep linking response message, LTI Deep Linking 2.0, section 4.5: https://www.imsglobal.org/spec/lti-dl/v2p0
Moodle opens an item with a ``url`` as a bare web link without its tool: what is linked stands in ``custom`` alone.
"""

from collections.abc import Mapping
from typing import Any

import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.registration import Registration

from catalogue.people.rules import new_token
from lti.claims import HISTORY, Grading
from lti.deep_linking.actions import Answer
from lti.deep_linking.basket import Item
from lti.grading.line_items import MAXIMUM, TAG, resource_id_of

DATA = "https://purl.imsglobal.org/spec/lti-dl/claim/data"
REVIEWABLE = ["InProgress", "Submitted", "Completed"]
"""When a teacher may open what was handed in: Submission Review 1.0, https://www.imsglobal.org/spec/lti-ap-sr/v1p0"""


class _Link(DeepLinkResource):
    """The library's has no text, and says null where there is no ``url``."""

    def __init__(self, item: Item, icon: Mapping[str, Any]) -> None:
        self._item, self._icon = item, icon

    def to_dict(self) -> dict[str, object]:
        whole = {
            "type": "ltiResourceLink",
            "title": self._item.title,
            "text": self._item.text,
            "icon": dict(self._icon),
            "custom": custom_of(self._item),
            "lineItem": _line_item(self._item),
        }
        return {name: value for name, value in whole.items() if value}


def signed(answer: Answer, icon: Mapping[str, Any], key: tuple[str, str]) -> str:
    """The message, good for ten minutes. ``icon``: url, width, height; ``key``: its id, and the private key as PEM."""
    registration = Registration().set_issuer(answer.issuer).set_client_id(answer.client_id)
    link = DeepLink(registration, answer.deployment_id, {"data": answer.data})
    message = link.get_message_jwt([_Link(item, icon) for item in answer.basket])
    message["nonce"] = new_token()  # the library's names this machine
    if not answer.has_data:
        del message[DATA]
    kid, private_key = key
    return jwt.encode(message, private_key, algorithm="RS256", headers={"kid": kid})


def custom_of(item: Item) -> dict[str, str]:
    """The parameters that each launch of the link brings back. They say all of it, so a copied course keeps working."""
    value = {"offer": {"offer": item.value}, "offers": {"filters": item.value}}.get(item.target, {})
    named = {"target": item.target, **value, "grade": str(item.grading), HISTORY: "$Context.id.history"}
    return {name: " ".join(text.split()) for name, text in named.items() if text}


def _line_item(item: Item) -> dict[str, Any]:
    if item.grading == Grading.NONE:
        return {}
    return {
        "label": item.title,
        "scoreMaximum": MAXIMUM,
        "resourceId": resource_id_of(item.value),
        "tag": TAG,
        "submissionReview": {"reviewableStatus": REVIEWABLE},
    }
