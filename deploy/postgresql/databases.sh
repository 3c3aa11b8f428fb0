#!/bin/sh
# Makes the two databases and their roles: `sohoa` for the catalogue, `prefect` for Prefect's server. Safe to repeat.
# Each role owns its database and may do nothing else: no superuser, no other database, no other role.
# Wants psql as an administrator (PGHOST, PGUSER, PGPASSFILE, or `sudo -u postgres`), and the two files of passwords.
set -eu
: "${SOHOA_DATABASE_PASSWORD_FILE:?file with the password of the role sohoa}"
: "${PREFECT_DATABASE_PASSWORD_FILE:?file with the password of the role prefect}"
for file in "$SOHOA_DATABASE_PASSWORD_FILE" "$PREFECT_DATABASE_PASSWORD_FILE"; do
  # psql would go on without: a role would lose the password that it has.
  if [ ! -r "$file" ] || [ -z "$(head -n 1 "$file")" ]; then
    printf 'Không đọc được mật khẩu trong tệp %s; chưa đổi gì. Đặt tệp ở nơi người chạy lệnh này (%s) đọc được.\n' "$file" "$(id -un)" >&2
    printf 'No password can be read from %s; nothing was changed. Put it where %s can read it.\n' "$file" "$(id -un)" >&2
    exit 5
  fi
done
export SOHOA_DATABASE_PASSWORD_FILE PREFECT_DATABASE_PASSWORD_FILE
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres <<'SQL'
-- Read by psql itself, so that no password is an argument that others see.
\set sohoa_password `cat "$SOHOA_DATABASE_PASSWORD_FILE"`
\set prefect_password `cat "$PREFECT_DATABASE_PASSWORD_FILE"`
SET password_encryption = 'scram-sha-256';
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', name)
  FROM (VALUES ('sohoa'), ('prefect')) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE sohoa PASSWORD :'sohoa_password';
ALTER ROLE prefect PASSWORD :'prefect_password';
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0', name, name)
  FROM (VALUES ('sohoa'), ('prefect')) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
REVOKE ALL ON DATABASE sohoa FROM PUBLIC;
REVOKE ALL ON DATABASE prefect FROM PUBLIC;
SQL
