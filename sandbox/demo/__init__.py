"""The service between both fakes, on a page to use it on: the page, its backstage, the scenario."""
