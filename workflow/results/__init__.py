"""Results and their requests after delivery: posts, shares, deletions, reruns and retention."""
