"""The life of a request: one module per stage, joined by the jobs table alone."""
