"""Storyboards: shots that are made one after the other, and joined to a film."""
