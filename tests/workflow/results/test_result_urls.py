"""Addresses of a result are stored one to a line, and read as they were."""

from workflow.results.result_urls import join_urls, split_urls


def test_addresses_come_back_in_their_order():
    """Also the single one that an earlier version stored, and none."""
    urls = ("https://file.apixo.ai/1.mp4", "https://file.apixo.ai/with a space.mp4")
    assert split_urls(join_urls(urls)) == urls
    assert split_urls("https://file.apixo.ai/1.mp4") == urls[:1]
    assert join_urls(()) is None
    assert split_urls(None) == ()
