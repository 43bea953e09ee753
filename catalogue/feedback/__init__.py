"""360 feedback: what others say of how somebody leads, told so that nobody can find out who said what."""
