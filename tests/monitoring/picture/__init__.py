"""Draws a dashboard as SVG, from its file and real data, where no Grafana is.

Not Grafana's own picture: the same panels, places, units, thresholds and numbers.
"""

from tests.monitoring.picture.page import Seen, drawn

__all__ = ["Seen", "drawn"]
