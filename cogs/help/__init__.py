"""What the service tells of itself: help, prices, privacy."""
