#!/bin/sh
# One day's backup into $SOHOA_BACKUPS: the catalogue first, then the store. Nothing there is ever overwritten.
#   sohoa-DAY.tar.gz      SQLite: sohoa backup (catalogue, settings, schedules)
#   sohoa-DAY.dump        PostgreSQL: pg_dump, custom format, with sohoa-DAY-home.tar.gz (settings, lists, submissions)
#   store/                the store, a folder or a bucket: new objects are added; what lies there is not touched
# SOHOA_BACKUP_STORE=no leaves the store out, where its server copies it by its own means. Old days are removed by whoever
# keeps backups.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
sohoa=${SOHOA:-$here/../.venv/bin/sohoa}
out=${SOHOA_BACKUPS:?folder for backups}
home=${SOHOA_HOME:?home of Sohoa}
day=$(date +%F-%H%M%S)
umask 077
mkdir -p "$out"

case ${SOHOA_DATABASE_URL:-} in
  postgresql*)
    pg_dump --format=custom --no-owner --no-unlogged-table-data --file="$out/.sohoa-$day.part" \
      --dbname="postgresql://${SOHOA_DATABASE_URL#*://}"
    mv "$out/.sohoa-$day.part" "$out/sohoa-$day.dump"
    kept=""
    for name in sohoa.toml calibration.toml second_keying.toml lists submissions; do
      [ ! -e "$home/$name" ] || kept="$kept $name"
    done
    # shellcheck disable=SC2086
    [ -z "$kept" ] || tar -C "$home" -czf "$out/sohoa-$day-home.tar.gz" $kept
    ;;
  *) "$sohoa" backup "$out/sohoa-$day.tar.gz" ;;
esac

[ "${SOHOA_BACKUP_STORE:-yes}" != no ] || exit 0
if [ "${SOHOA_STORE__KIND:-local}" = s3 ]; then
  mkdir -p "$out/store"
  "${SOHOA_PYTHON:-$here/../.venv/bin/python}" "$here/s3/mirror.py" to-folder "$out/store"
else
  store=${SOHOA_STORE__ROOT:-$home/store}
  [ ! -d "$store" ] || { mkdir -p "$out/store" && cp -R --no-clobber --preserve=mode,timestamps "$store/." "$out/store/"; }
fi
