"""Maps command names to their functions. A module is imported when its command is called.

Help texts are in `schemas/messages/` under `[help]`: a single command as `command.NAME`, one of a group as
`GROUP.NAME`, a group as `group.NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Table = Mapping[str, "str | Table"]
COMMANDS: Final[Table] = {
    "digitize": "cli.digitize:digitize",
    "read": "cli.read:read",
    "pdfa": "cli.pdfa:pdfa",
    "get": "cli.get:get",
    "trace": "cli.trace:trace",
    "search": "cli.search:search",
    "batch": {
        "list": "cli.batch:list_batches",
        "show": "cli.batch:show",
        "failed": "cli.batch:failed",
        "rescan": "cli.rescan:rescan",
        "retry": "cli.retry:retry",
        "pause": "cli.scheduled:pause",
        "resume": "cli.scheduled:resume",
        "cancel": "cli.scheduled:cancel",
        "priority": "cli.scheduled:priority",
    },
    "review": {
        "list": "cli.review:list_waiting",
        "show": "cli.review:show",
        "set": "cli.review:set_values",
        "accept": "cli.review:accept",
        "close": "cli.review:close",
        "unit": "cli.review:unit",
        "box": "cli.boxes:box",
        "speed": "cli.review_speed:speed",
        "second": {"list": "cli.second_keying:list_"},
        "export": "cli.review:export",
        "import": "cli.review:import_",
        "declassify": "cli.releases:declassify",
        "release": "cli.releases:release",
    },
    "register": {
        "import": "cli.register:import_",
        "match": "cli.register:match",
        "list": "cli.register:list_",
    },
    "pages": {
        "split": "cli.pages:split",
        "join": "cli.pages:join",
        "turn": "cli.pages:turn",
        "replace": "cli.pages:replace",
    },
    "calibrate": "cli.calibrate:calibrate",
    "quota": "cli.quota:quota",
    "inventory": {
        "import": "cli.inventory:import_",
        "list": "cli.inventory:list_",
        "export": "cli.inventory:export",
        "withdraw": "cli.inventory:withdraw",
        "template": "cli.inventory:template",
    },
    "elsewhere": {
        "import": "cli.elsewhere:import_",
        "list": "cli.elsewhere:list_",
        "withdraw": "cli.elsewhere:withdraw",
        "template": "cli.elsewhere:template",
    },
    "revocations": {
        "import": "cli.revocations:import_",
        "list": "cli.revocations:list_",
        "withdraw": "cli.revocations:withdraw",
        "template": "cli.revocations:template",
    },
    "deliveries": {
        "import": "cli.deliveries:import_",
        "list": "cli.deliveries:list_",
        "withdraw": "cli.deliveries:withdraw",
        "template": "cli.deliveries:template",
    },
    "handovers": {
        "import": "cli.handovers:import_",
        "list": "cli.handovers:list_",
        "withdraw": "cli.handovers:withdraw",
        "template": "cli.handovers:template",
    },
    "targets": {
        "import": "cli.targets:import_",
        "list": "cli.targets:list_",
        "withdraw": "cli.targets:withdraw",
        "template": "cli.targets:template",
    },
    "keys": {
        "add": "cli.keys:add",
        "list": "cli.keys:list_",
        "revoke": "cli.keys:revoke",
    },
    "desks": {
        "import": "cli.desks:import_",
        "list": "cli.desks:list_",
        "withdraw": "cli.desks:withdraw",
        "template": "cli.desks:template",
    },
    "reuse": {
        "import": "cli.reuse:import_",
        "list": "cli.reuse:list_",
        "withdraw": "cli.reuse:withdraw",
        "template": "cli.reuse:template",
    },
    "lots": {
        "draw": "cli.lots:draw",
        "sheet": "cli.lots:sheet",
        "enter": "cli.lots:enter",
        "decide": "cli.lots:decide",
        "list": "cli.lots:list_",
        "show": "cli.lots:show",
        "minutes": "cli.lots:minutes_",
    },
    "figures": {
        "freeze": "cli.figures:freeze",
        "list": "cli.figures:list_",
        "diff": "cli.figures:diff",
        "verify": "cli.figures:verify",
    },
    "lists": {"import": "cli.lists:import_", "diff": "cli.lists:diff", "pending": "cli.pending:pending"},
    "units": {"list": "cli.units:list_units"},
    "code": {"show": "cli.code:show", "void": "cli.code:void"},
    "report": {
        "quarter": "cli.period_reports:quarter",
        "year": "cli.period_reports:year",
        "list": "cli.period_reports:list_",
        "approve": "cli.period_reports:approve",
        "batch": "cli.report:batch",
        "verify": "cli.report:verify",
    },
    "person": {"export": "cli.person:export"},
    "retention": {
        "due": "cli.retention:due",
        "decide": "cli.retention:decide",
        "minutes": "cli.retention:minutes_",
    },
    "hold": {
        "set": "cli.hold:set_",
        "release": "cli.hold:release",
        "list": "cli.hold:list_",
    },
    "verify": "cli.keeping:verify",
    "rebuild": "cli.keeping:rebuild",
    "backup": "cli.keeping:backup",
    "restore": "cli.keeping:restore",
    "schedule": "cli.scheduled:schedule",
    "serve": "cli.serve:serve",
    "worker": "cli.worker:worker",
    "board": "cli.board:board",
    "portal": "cli.portal:portal",
    "users": {
        "add": "cli.users:add",
        "list": "cli.users:list_",
        "disable": "cli.users:disable",
        "password": "cli.users:password",
        "scope": "cli.users:scope",
        "totp": "cli.users:totp",
    },
    "alerts": {
        "check": "cli.alerts:check_alerts",
        "list": "cli.alerts:list_alerts",
        "test": "cli.alerts:test_channels",
    },
    "sheets": {"print": "cli.sheets:print_"},
    "doctor": "cli.doctor:doctor",
}
