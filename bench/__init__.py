"""Figures as ratios to a floor of the same run, or as counts; `python -m bench` prints all."""
