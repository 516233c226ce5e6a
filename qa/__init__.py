"""Programs that look for faults for longer than a test may: the tests run samples of them."""
