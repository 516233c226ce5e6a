"""Jobs' messages on Discord: posted once, found again, edited, deleted."""
