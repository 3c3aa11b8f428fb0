#!/usr/bin/env bash
# Sets a checkout up: system packages, .venv, the sohoa shim. `setup.sh dev` adds what the suite needs.
# Quick when repeated: a stamp of the lock file, the Python and this script says that nothing is left to do.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-runtime}

system_packages="tesseract-ocr tesseract-ocr-vie tesseract-ocr-eng tesseract-ocr-osd poppler-utils fontconfig
  fonts-liberation2 fonts-croscore fonts-texgyre fonts-breip fonts-dancingscript fonts-rufscript fonts-kristi
  fonts-femkeklaver fonts-dkg-handwriting"
[ "$what" = dev ] && system_packages="$system_packages chromium"

say() { printf '%s\n' "$*" >&2; }

lack() { # what is missing, the command that mends it
  say "Máy còn thiếu: $1"
  say "Missing: $1"
  say "Cách cài / To install:"
  say "    $2"
  exit 5
}

packages_missing() {
  local name missing=""
  command -v dpkg-query >/dev/null || return 1
  for name in $system_packages; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $name"
  done
  printf '%s' "${missing# }"
}

install_packages() {
  local missing
  if ! missing=$(packages_missing); then
    # Not a Debian: ask for the programs themselves.
    command -v tesseract >/dev/null || lack "tesseract (kèm dữ liệu vie, osd)" "cài Tesseract 5 và dữ liệu tiếng Việt"
    command -v pdftoppm >/dev/null || lack "poppler-utils (pdftoppm)" "cài poppler-utils"
    return 0
  fi
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || lack "$missing" "sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
  say "→ cài gói hệ thống: $missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
    { apt-get update -qq >/dev/null 2>&1 &&
      apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; } ||
    lack "$missing (không tải được gói / packages could not be fetched)" \
      "apt-get update && apt-get install -y --no-install-recommends $missing"
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    command -v "$candidate" >/dev/null || continue
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null && { command -v "$candidate"; return; }
  done
  lack "Python 3.11 trở lên" "sudo apt-get install -y python3 python3-venv"
}

make_venv() {
  local python
  python=$(find_python)
  if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv 2>/dev/null || { rm -rf .venv
      lack "python3-venv" "sudo apt-get install -y python3-venv"; }
  fi
}

key_of() { # the state that a finished install of one lock leaves
  printf '%s-%s' "$(cat "requirements/$1.lock" requirements/boot.lock | sha256sum | cut -c1-32)" \
    "$(.venv/bin/python -V 2>&1)"
}

installed() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$(key_of "$1")" ]; }

install_requirements() {
  local offline="kiểm tra kết nối tới kho gói Python rồi chạy lại: make setup"
  # The suite's lock holds all of the runtime's, so its stamp answers for both.
  if installed "$what" || installed dev; then return 0; fi
  say "→ cài gói Python ($what)"
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    -r requirements/boot.lock || lack "gói Python 'uv' (không tải được / not fetched)" "$offline"
  .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --require-hashes --no-build --compile-bytecode \
    -r "requirements/$what.lock" || lack "gói Python trong requirements/$what.lock (không tải được / not fetched)" "$offline"
  key_of "$what" >".venv/.stamp-$what"
}

write_shim() {
  local shim=.venv/bin/sohoa
  # The checkout comes first on the path: the folders of this checkout are the packages that run.
  cat >"$shim.new" <<'SHIM'
#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
PYTHONPATH=$(dirname -- "$(dirname -- "$here")")${PYTHONPATH:+:$PYTHONPATH} exec "$here/python" -P -m flows "$@"
SHIM
  chmod 755 "$shim.new"
  mv "$shim.new" "$shim"
}

install_packages
make_venv
install_requirements
write_shim
