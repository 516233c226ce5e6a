"""Public URLs: links to stored files, and callbacks from APIXO."""
