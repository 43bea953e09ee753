"""A teacher opens what a learner handed in, from a gradebook.

Submission Review Message 1.0: https://www.imsglobal.org/spec/lti-ap-sr/v1p0 (LtiSubmissionReviewRequest)
"""

from lti.claims import Launch
from lti.errors import LaunchRefused, Why
from lti.launch import Arrived


def arrive(launch: Launch) -> Arrived:
    """Let a teacher in to one submission, in the present transaction. Raises ``LaunchRefused``."""
    raise LaunchRefused(Why.NOTHING_TO_REVIEW, "the line item is none of ours")
