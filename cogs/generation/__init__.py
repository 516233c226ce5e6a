"""Requests for videos: commands, modals, attachments, and retries of refused requests."""
