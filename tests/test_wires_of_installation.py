"""docs/installation.md and docs/operations.md to the letter: their commands exist, their drills run as they are printed."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import COMMANDS
from tests.kept_home import BATCH, by_file
from tests.kept_home import shown as shown_batch
from tests.machine import ROOT, Machine
from tests.servers import PostgresqlServer, postgresql_server

PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("installation", "operations")
}
PRELUDE = f"""set -eu
cd {shlex.quote(str(ROOT))}
sohoa() {{ {shlex.quote(sys.executable)} -P -m cli "$@"; }}
"""


def block(page: str, after: str) -> str:
    """The first indented block of a page after some words."""
    text = PAGES[page]
    lines = text[text.index(after) :].splitlines()[1:]
    start = next(number for number, line in enumerate(lines) if line.startswith("    "))
    taken = []
    for line in lines[start:]:
        if not line.startswith("    "):
            break
        taken.append(line.strip())
    return "\n".join(taken)


def typed() -> Iterator[str]:
    """Every command line of the pages that begins with `sohoa` or runs it in a container."""
    for text in PAGES.values():
        for line in re.findall(r"^    (.+)$", text, re.M):
            found = re.search(r"(?:^|run --rm |\*  )(sohoa [a-z].*)$", line.strip())
            if found:
                yield re.split(r"\s{2,}#|\s#", found[1].removeprefix("sohoa sohoa").strip())[0].strip()


def sh(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run lines of a page, stopping at the first that fails."""
    return subprocess.run(
        ["sh", "-c", PRELUDE + script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_every_command_that_the_pages_print_exists_with_its_options(tmp_path: Path) -> None:
    machine, told = Machine(tmp_path), {}
    lines = list(dict.fromkeys(typed()))
    assert len(lines) > 25
    for line in lines:
        words = shlex.split(line.replace("sohoa ", "", 1).replace("[", " ").replace("]", " "))
        target: object = COMMANDS
        path: list[str] = []
        while isinstance(target, dict):
            names = words.pop(0).split("|")
            assert set(names) <= set(target), line
            path.append(names[0])
            target = target[names[0]]
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        if options:
            if tuple(path) not in told:
                told[tuple(path)] = machine.run(*path, "--help").stdout
            assert [each for each in options if each not in told[tuple(path)]] == [], line


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_the_deployment_that_a_page_names_is_there(page: str) -> None:
    files = set(re.findall(r"\bdeploy/[\w./*@-]*\w", PAGES[page])) - {"deploy/secrets", "deploy/inbox"}
    assert files and [name for name in files if not list(ROOT.glob(name))] == []
    units = set(re.findall(r"\b(?:sohoa-[a-z]+|prefect-server)@?\.(?:service|timer)", PAGES[page]))
    assert [name for name in units if not (ROOT / "deploy" / "systemd" / name).exists()] == []
    anchors = re.findall(r"\]\((\w+\.md)?#([\w-]+)\)", PAGES[page])
    for file, anchor in anchors:
        text = (ROOT / "docs" / file).read_text(encoding="utf-8") if file else PAGES[page]
        heads = {
            re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^#+ (.+)$", text, re.M)
        }
        assert anchor in heads, anchor


def test_the_drill_with_sqlite_brings_back_what_was_there(machine: Machine, tmp_path: Path) -> None:
    before = shown_batch(machine)
    code = next(paper["code"] for paper in by_file(machine).values() if paper["code"])
    backups, drill = tmp_path / "backup", tmp_path / "drill"
    program = tmp_path / "sohoa"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    own = {**machine.environment, "SOHOA": str(program), "SOHOA_BACKUPS": str(backups)}
    made = sh(block("operations", "## Backup and restore").splitlines()[0].partition("#")[0], own)
    assert made.returncode == 0, made.stderr
    (file,) = backups.glob("sohoa-*.tar.gz")
    assert file.stat().st_mode & 0o077 == 0
    script = block("operations", "SQLite, with the backup in")
    for old, new in (
        ("/mnt/backup", str(backups)),
        ("/tmp/drill", str(drill)),
        ("sohoa-DAY.tar.gz", file.name),
        ("CODE", code),
    ):
        script = script.replace(old, new)
    done = sh(script, machine.environment)
    assert done.returncode == 0, done.stderr
    assert BATCH in done.stdout and (drill / "giay.pdf").read_bytes().startswith(b"%PDF")
    assert (drill / "giay.pdf").stat().st_mode & 0o077 == 0
    again = Machine(tmp_path / "x", SOHOA_STORE__ROOT=str(drill / "store"))
    again.environment["SOHOA_HOME"] = str(drill / "home")
    assert shown_batch(again) == before
    # Backed up again, the copy of the store keeps what it has.
    kept = {path: path.stat().st_mtime_ns for path in (backups / "store").rglob("*") if path.is_file()}
    assert sh("deploy/backup.sh", own).returncode == 0
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    assert len(list(backups.glob("sohoa-*.tar.gz"))) == 2


def test_a_catalogue_is_put_back_in_earnest_as_the_page_prints_it_and_the_one_before_is_set_aside(
    machine: Machine, tmp_path: Path
) -> None:
    (machine.home / "sohoa.toml").write_text('lang = "en"\n', encoding="utf-8")
    before = shown_batch(machine)
    assert machine.run("backup", tmp_path / "sohoa-DAY.tar.gz").returncode == 0
    (machine.home / "sohoa.toml").write_text('lang = "vi"\n', encoding="utf-8")
    script = block("operations", "SQLite, where the settings lie in the home too")
    for old, new in (
        ("/var/lib/sohoa", str(machine.home)),
        ("/var/backups/sohoa", str(tmp_path)),
        (" -o sohoa -g sohoa", ""),  # the test may be anybody
    ):
        assert old in script
        script = script.replace(old, shlex.quote(new) if new else "")
    done = sh("here=$PWD\n" + script.replace("sohoa restore", "cd $here; sohoa restore"), machine.environment)
    assert done.returncode == 0, done.stderr
    assert shown_batch(machine) == before
    assert (machine.home / "sohoa.toml").read_text("utf-8") == 'lang = "en"\n'
    aside = machine.home / "set-aside"
    assert (aside / "catalogue.db").is_file() and (aside / "sohoa.toml").read_text("utf-8") == 'lang = "vi"\n'


def test_what_the_upgrade_stops_is_every_unit_that_opens_the_catalogue() -> None:
    (line,) = re.findall(r"systemctl stop ('sohoa-\*' prefect-server)`\. The timers", PAGES["installation"])
    patterns = shlex.split(line)
    for unit in (ROOT / "deploy" / "systemd").glob("*.[st]*"):
        if unit.suffix in {".service", ".timer"}:
            assert any(fnmatch.fnmatch(unit.name, pattern + "*") for pattern in patterns), unit


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL of one's own."""
    with postgresql_server() as database:
        yield database


@pytest.mark.postgresql
def test_the_drill_with_postgresql_and_the_way_back_from_the_store_alone(
    server: PostgresqlServer, tmp_path: Path
) -> None:
    server.execute("CREATE DATABASE sohoa TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    live = Machine(
        tmp_path / "live",
        SOHOA_DATABASE_URL=server.url_of("sohoa"),
        SOHOA_STORE__ROOT=str(tmp_path / "store"),
        SOHOA_WORKERS="1",
    )
    argv = [sys.executable, "-m", "samples", str(tmp_path / "s"), "--papers", "3", "--seed", "5", "--quiet"]
    subprocess.run([*argv, "--batches", "2021-so-xay-dung"], check=True, cwd=ROOT)
    assert live.run("digitize", tmp_path / "s" / "2021-so-xay-dung", "--plain").returncode in {0, 3}
    (live.home / "sohoa.toml").write_text('log_level = "ERROR"\n', encoding="utf-8")
    before = live.json("batch", "show", "2021-so-xay-dung")
    backups = tmp_path / "backup"
    own = {**live.environment, "SOHOA_BACKUPS": str(backups)}
    made = sh("deploy/backup.sh", own)
    assert made.returncode == 0, made.stderr
    (dump,), (settings,) = backups.glob("sohoa-*.dump"), backups.glob("sohoa-*-home.tar.gz")
    assert dump.stat().st_mode & 0o077 == 0 and settings.stat().st_mode & 0o077 == 0
    url = server.url_of("sohoa_drill")
    script = block("operations", "PostgreSQL, into a database of its own")
    for old, new in (
        ("/mnt/backup/sohoa-DAY.dump", str(dump)),
        ("/mnt/backup", str(backups)),
        ("/tmp/drill", str(tmp_path / "drill")),
        ("postgresql://sohoa@db.sohoa.internal:5432/sohoa_drill", url),
        ("CODE", before["documents"][0]["id"]),
    ):
        script = script.replace(old, new)
    address = server.url_of().removeprefix("postgresql://sohoa@").partition("/")[0].split(":")
    environment = {
        **live.environment,
        "PGHOST": address[0],
        "PGPORT": address[1],
        "PGUSER": "sohoa",
    }
    done = sh(script, environment)
    assert done.returncode == 0, done.stderr
    drill = Machine(tmp_path / "d", SOHOA_DATABASE_URL=url, SOHOA_STORE__ROOT=str(backups / "store"))
    assert drill.json("batch", "show", "2021-so-xay-dung") == before
    # Work goes on after the backup; the old dump beside the newer store is refused, and rebuilt from the store.
    server.execute("CREATE DATABASE moi TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    late = Machine(tmp_path / "late", SOHOA_DATABASE_URL=url, SOHOA_STORE__ROOT=str(tmp_path / "store"))
    for _ in range(3):  # the drill entered an event of its own
        assert live.run("verify").returncode == 0
    refused = late.run("digitize", tmp_path / "s" / "2021-so-xay-dung", "--plain")
    assert refused.returncode == 1 and "sohoa rebuild" in refused.stderr
    late.environment["SOHOA_DATABASE_URL"] = server.url_of("moi")
    rebuilt = late.run("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    found = late.json("batch", "show", "2021-so-xay-dung")
    assert [paper["code"] for paper in found["documents"]] == [paper["code"] for paper in before["documents"]]
    assert late.run("verify").returncode == 0


@pytest.mark.postgresql
def test_a_catalogue_that_lets_nobody_in_names_what_to_look_at(
    server: PostgresqlServer, tmp_path: Path
) -> None:
    refused = Machine(tmp_path, SOHOA_DATABASE_URL=server.url_of("khong_co")).run("batch", "list")
    assert refused.returncode == 1 and refused.stderr.count("khong_co") == 2, refused.stderr
    assert all(word in refused.stderr for word in ("SOHOA_DATABASE_URL", "PGPASSFILE", "pg_hba.conf"))


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_password_of_the_databases_that_cannot_be_read_takes_no_role_its_own(
    tmp_path: Path, content: str | None
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("x\n", encoding="utf-8")
    if content is not None:
        bad.write_text(content, encoding="utf-8")
    program = tmp_path / "psql"
    program.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(tmp_path / 'asked'))}\n", encoding="utf-8")
    program.chmod(0o755)
    own = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SOHOA_DATABASE_PASSWORD_FILE": str(good),
        "PREFECT_DATABASE_PASSWORD_FILE": str(bad),
    }
    script = ROOT / "deploy" / "postgresql" / "databases.sh"
    done = subprocess.run([script], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 5 and str(bad) in done.stderr
    assert not (tmp_path / "asked").exists()
    bad.write_text("y", encoding="utf-8")
    assert subprocess.run([script], env=own, check=False).returncode == 0 and (tmp_path / "asked").exists()


@pytest.mark.parametrize("argv", [("prepare.py",), ("mirror.py", "to-folder", "copy")])
def test_a_bucket_that_cannot_be_prepared_or_copied_is_told_in_a_sentence(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x" * 12, encoding="utf-8")
    own = {
        **os.environ,
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "S3_ADMIN_ACCESS_KEY": "root",
        "S3_ADMIN_SECRET_FILE": str(secret),
        "SOHOA_STORE__ENDPOINT": "http://127.0.0.1:1",
        "SOHOA_STORE__ACCESS_KEY_FILE": str(secret),
        "SOHOA_STORE__SECRET_KEY_FILE": str(secret),
    }
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "s3" / argv[0], *argv[1:]],
        env=own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "http://127.0.0.1:1" in done.stderr and "SSL_CERT_FILE" in done.stderr


def test_the_command_for_people_has_the_settings_of_the_service_and_the_person_as_operator(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path)
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nprintf "%s|" "$SOHOA_HOME" "$SOHOA_DATABASE_URL" "$SOHOA_OPERATOR" "$@"\n')
    program.chmod(0o755)
    settings = (ROOT / "deploy" / "systemd" / "sohoa.env.example").read_text(encoding="utf-8")
    file = tmp_path / "sohoa.env"
    file.write_text(re.sub(r"^#(SOHOA_DATABASE_URL=)", r"\1", settings, flags=re.M), encoding="utf-8")
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    own = {
        **{name: value for name, value in machine.environment.items() if not name.startswith("SOHOA_")},
        "SOHOA_SERVICE_USER": me,
        "SOHOA_ENVIRONMENT": str(file),
        "SOHOA_PROGRAM": str(program),
        "SOHOA_PERSON": "an",
    }
    done = subprocess.run(
        [ROOT / "deploy" / "sohoa", "get", "a b"], env=own, capture_output=True, text=True, check=True
    )
    home, url, operator, *rest = done.stdout.split("|")
    assert (home, operator, rest) == ("/var/lib/sohoa", "an", ["get", "a b", ""])
    assert url.endswith("sslrootcert=/etc/sohoa/ca.pem")


def test_scripts_of_the_deployment_are_sound() -> None:
    for script in ("make_secrets.sh", "backup.sh", "sohoa", "postgresql/databases.sh"):
        path = ROOT / "deploy" / script
        assert os.access(path, os.X_OK)
        assert subprocess.run(["sh", "-n", path], check=False).returncode == 0
    assert json.loads((ROOT / "deploy" / "s3" / "policy.json").read_text())["Version"] == "2012-10-17"
    assert shutil.which("sh")
