"""Loading the data that the product ships, and the demonstration."""
