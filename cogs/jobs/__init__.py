"""Members' jobs: the buttons under them, *Extend*, *Share*, and the job list."""
