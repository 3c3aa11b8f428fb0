#!/bin/sh
# Draws every secret that deploy/compose.yaml mounts, and a certificate of one's own for the web page.
#     deploy/make_secrets.sh [FOLDER] [HOST]     # deploy/secrets, localhost
# What is there already is kept. Run as root the files belong to the image's user (10001).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-$here/secrets}
host=${2:-localhost}
umask 077
mkdir -p "$folder"
cd "$folder"

draw() { [ -s "$1" ] || openssl rand -hex 24 >"$1"; }

for name in postgresql_admin_password sohoa_database_password prefect_database_password s3_root_secret s3_secret_key; do
  draw "$name"
done
[ -s s3_access_key ] || echo sohoa >s3_access_key
# host:port:database:user:password, as libpq reads it
printf '*:*:*:postgres:%s\n' "$(cat postgresql_admin_password)" >pgpass_admin
printf '*:*:*:sohoa:%s\n' "$(cat sohoa_database_password)" >pgpass_sohoa
printf '*:*:*:prefect:%s\n' "$(cat prefect_database_password)" >pgpass_prefect
if [ ! -s portal_certificate ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
    -keyout portal_key -out portal_certificate 2>/dev/null
fi
chmod 0400 ./*
[ "$(id -u)" != 0 ] || [ "${SOHOA_SECRETS_OWNER:-10001}" = 0 ] || chown "${SOHOA_SECRETS_OWNER:-10001}" ./*
