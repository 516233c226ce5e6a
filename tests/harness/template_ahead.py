"""Read by the fork server alone: its forks find the template of confined processes started.

Else each life of the service would read PyAV and Pillow again, for its first file.
"""

from workflow.confined_process import _TEMPLATE

_TEMPLATE.launch()
