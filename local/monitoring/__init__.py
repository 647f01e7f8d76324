"""What is watched, declared once: alarms, objectives and dashboards, for CloudWatch and Prometheus.

`python -m local.monitoring` writes `monitoring.json`, which template.yaml includes, and what is in
docs/monitoring; a test refuses files that are older than what is declared here.
"""
