"""Films: videos of a member, joined to one and posted, without money."""
