"""What a teacher places in a course without leaving it.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0
"""
