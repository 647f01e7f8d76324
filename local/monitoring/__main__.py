"""Writes what is generated; `--check` says which files are older than what is declared.

`--expand` prints template.yaml with what it includes, for linters, which do not look into that.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap

import yaml

from local.monitoring import cloudwatch, grafana, prometheus, tables
from local.monitoring.dashboards import DASHBOARDS
from local.place import ROOT

DOCS = ROOT / "docs" / "monitoring"
INCLUSION = re.compile(r"^  Fn::Transform:.*\n(?: {4}.*\n)+", re.MULTILINE)
HEAD = "# Written by `make monitoring` from local/monitoring; a test refuses other changes.\n"


def files() -> dict[str, str]:
    """Write every file, by its path in the repository."""
    readme = (DOCS / "README.md").read_text()
    return {
        "monitoring.json": _json(cloudwatch.resources()),
        **{
            f"docs/monitoring/grafana/{page.name}.json": _json(grafana.dashboard(page))
            for page in DASHBOARDS
        },
        "docs/monitoring/prometheus/rules.yml": _yaml(prometheus.rules()),
        "docs/monitoring/prometheus/alertmanager.yml": _yaml(
            prometheus.alertmanager(), "# `url_file` needs Alertmanager 0.26 or newer.\n"
        ),
        "docs/monitoring/README.md": tables.filled_in(readme),
    }


def stale() -> list[str]:
    """Name the files that are not as they would be written."""
    return [
        name
        for name, text in files().items()
        if not (ROOT / name).exists() or (ROOT / name).read_text() != text
    ]


def expanded() -> str:
    """Write template.yaml with the resources in the place of their inclusion."""
    included = textwrap.indent(_yaml(cloudwatch.resources()), "  ")
    text, count = INCLUSION.subn(lambda _: included, (ROOT / "template.yaml").read_text())
    if count != 1:
        message = "template.yaml does not include what is written here"
        raise SystemExit(message)
    return text


def main() -> int:
    """Write the files, or only say which are stale."""
    parser = argparse.ArgumentParser(prog="python -m local.monitoring", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--expand", action="store_true")
    given = parser.parse_args()
    if given.expand:
        print(expanded())
        return 0
    names = stale()
    if given.check:
        print("\n".join(names))
        return 1 if names else 0
    written = files()
    for name in names:
        (ROOT / name).write_text(written[name])
        print(f"written: {name}")
    return 0


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _yaml(content: object, needs: str = "") -> str:
    return HEAD + needs + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


if __name__ == "__main__":
    sys.exit(main())
