"""A practice learning platform: a small LTI 1.3 platform of its own, which stands in for Moodle or Totara.

It runs as its own process on another host name than the tool, and imports nothing of the catalogue or of the
rest of `lti`. Signing, key sets and the message skeleton come from lti1p3platform (the `practice` extra);
what real platforms insist on, and that library lets pass, is enforced here.
"""
