"""The forms of what Grafana and Prometheus are given, as JSON Schema."""

from __future__ import annotations

TEXT = {"type": "string", "minLength": 1}
LABELS = {"type": "object", "additionalProperties": TEXT}
GRAFANA_SCHEMA = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "panels", "templating", "time", "refresh"],
    "properties": {
        "uid": {"type": "string", "pattern": "^[a-z-]{1,40}$"},
        "schemaVersion": {"type": "integer", "minimum": 36},
        "panels": {
            "type": "array",
            "minItems": 3,
            "items": {
                "type": "object",
                "required": ["id", "title", "type", "datasource", "gridPos", "targets"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "title": TEXT,
                    "type": {"enum": ["timeseries", "stat", "table"]},
                    "datasource": {
                        "type": "object",
                        "required": ["type", "uid"],
                        "properties": {"type": {"const": "prometheus"}},
                    },
                    "gridPos": {
                        "type": "object",
                        "required": ["x", "y", "w", "h"],
                        "additionalProperties": {"type": "integer", "minimum": 0},
                    },
                    "targets": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["refId", "expr", "legendFormat"],
                            "additionalProperties": TEXT,
                        },
                    },
                },
            },
        },
    },
}
"""Of Grafana's model, what these dashboards use."""

DURATION = {"type": "string", "pattern": "^([0-9]+[smhd])+$"}
RULES_SCHEMA = {
    "type": "object",
    "required": ["groups"],
    "additionalProperties": False,
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "additionalProperties": False,
                "properties": {
                    "name": TEXT,
                    "interval": DURATION,
                    "rules": {
                        "type": "array",
                        "items": {
                            "oneOf": [
                                {
                                    "type": "object",
                                    "required": ["record", "expr"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "record": {
                                            "type": "string",
                                            "pattern": "^[a-zA-Z_:][a-zA-Z0-9_:]*$",
                                        },
                                        "expr": TEXT,
                                        "labels": LABELS,
                                    },
                                },
                                {
                                    "type": "object",
                                    "required": ["alert", "expr", "labels", "annotations"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "alert": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
                                        "expr": TEXT,
                                        "for": DURATION,
                                        "labels": LABELS,
                                        "annotations": LABELS,
                                    },
                                },
                            ]
                        },
                    },
                },
            },
        }
    },
}
"""A rules file, as Prometheus' documentation has it.

https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""
