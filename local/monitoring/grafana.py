"""Writes the dashboards for Grafana, over Prometheus.

The form is that of Grafana's JSON model, version 39, which it brings up to date by itself.
https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from local.monitoring.metrics import Json
from local.monitoring.panels import Dashboard, Panel

SCHEMA_VERSION = 39
WIDTH, HEIGHT, COLUMNS = 12, 8, 2

SOURCE = {"type": "prometheus", "uid": "${source}"}


def dashboard(page: Dashboard) -> Json:
    """Write one dashboard; where its figures come from is chosen when it is looked at."""
    panels = [each for each in page.panels if each.prometheus]
    return {
        "uid": f"billing-{page.name}",
        "title": page.title,
        "tags": ["billing"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "utc",
        "templating": {
            "list": [
                {
                    "name": "source",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "annotations": {"list": []},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> Json:
    row, column = divmod(number, COLUMNS)
    place = {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT}
    return {
        "id": number + 1,
        "title": panel.title,
        "type": "timeseries",
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expression, "legendFormat": legend}
            for index, (legend, expression) in enumerate(panel.prometheus)
        ],
    }
