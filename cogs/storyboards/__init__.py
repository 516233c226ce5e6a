"""Storyboards: the command, its form, and the buttons about shots."""
