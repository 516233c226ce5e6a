"""Information for members: help, prices, privacy."""
