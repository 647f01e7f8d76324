"""The table of roles of `docs/api.md`, from the code.

`PYTHONPATH=layers/billing python -m tests.support.role_table` writes it, from the project's root.
"""

from __future__ import annotations

from billing.domain.roles import OF_SCOPE, Permission, Role
from billing.permissions import NEEDED
from tests.support.error_table import REFERENCE

BEGIN, END = "<!-- roles -->\n", "<!-- /roles -->\n"


def table() -> str:
    """The table in Markdown."""
    lines = [
        f"| permission | {' | '.join(Role)} | what needs it |",
        f"|---|{'---|' * len(Role)}---|",
    ]
    for permission in Permission:
        held = ("yes" if permission in role.permissions else "" for role in Role)
        lines.append(f"| `{permission}` | {' | '.join(held)} | {_needed_by(permission)} |")
    return "\n".join(lines) + "\n"


def _needed_by(permission: Permission) -> str:
    routes = [f"`{route}`" for route, needed in NEEDED.items() if needed is permission]
    scopes = [f"`{scope}`" for scope, needed in OF_SCOPE.items() if needed is permission]
    if scopes:
        routes.append(f"what apps need the scope {' or '.join(scopes)} for")
    if permission is Permission.MANAGE_ADMIN_KEYS:
        routes.append("the routes of keys, where `{project_id}` is `admin`")
    return ", ".join(routes).replace("/api/v1/admin/", "")


def written() -> str:
    """The table as it stands in the reference."""
    return REFERENCE.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Bring the reference up to date."""
    before, _, rest = REFERENCE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    REFERENCE.write_text(before + BEGIN + table() + END + after)


if __name__ == "__main__":
    write()
