"""What is seen from above: need against what stands to meet it."""
