"""From what people learn about themselves to what they do: commitments, planned offers, and the plan of it all."""
