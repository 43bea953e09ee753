"""How an offer comes to be published: drafts, review, and who of a provider works on them."""
