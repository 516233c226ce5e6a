"""The forms in which requests are typed, and how they come back filled in."""
