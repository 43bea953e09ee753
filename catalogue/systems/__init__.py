"""STPs and ICSs, and the organisations that people belong to."""
