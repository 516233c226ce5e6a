"""The steps of a job, one file a step; the jobs table joins them, they never call each other."""
