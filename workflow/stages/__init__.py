"""The stages of a job, one module each; they never call each other, the jobs table joins them."""
