"""The film lab: works on videos in limited processes of their own, with PyAV (extra `media`)."""
