"""Takes one guard after the other out of a copy of the tree; each time a test has to notice."""
