"""The life of a request, one file a step; the jobs table joins the steps, they never call."""
