"""Building blocks of everything members see: texts, views, buttons, layouts, interactions."""
