"""The shape of what those who work on offers type. Whether an offer is complete is for submitting to say."""
