"""What was spent, shown to members, managers and, week by week, to channels."""
