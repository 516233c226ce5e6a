"""What becomes of a video, and of its request, after it was made."""
