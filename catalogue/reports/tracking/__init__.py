"""Who is on what and who has completed it: one page with filters, for whoever answers for people or for offers."""
