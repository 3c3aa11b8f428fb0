#!/usr/bin/env bash
# Sets a checkout up: system packages, .venv, the sohoa shim.
#     setup.sh         what the command line needs
#     setup.sh demo    also insists on the fonts that the sample scans are printed with
#     setup.sh dev     also what the suite needs
# Quick when repeated: a stamp of the lock file, the Python and the place says that nothing is left to do.
# Exit 5: the machine lacks something; the message names it and the command that installs it.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-runtime}

programs="tesseract-ocr tesseract-ocr-vie tesseract-ocr-eng tesseract-ocr-osd poppler-utils fontconfig"
fonts="fonts-liberation2 fonts-croscore fonts-texgyre fonts-breip fonts-dancingscript fonts-rufscript fonts-kristi
  fonts-femkeklaver fonts-dkg-handwriting"
suite="chromium postgresql"
lock=runtime
case $what in
  runtime | demo) suite="" ;;
  dev) lock=dev ;;
  *)
    printf 'setup.sh [runtime|demo|dev]\n' >&2
    exit 2
    ;;
esac

say() { printf '%s\n' "$*" >&2; }

lack() { # what is missing (Vietnamese, English), then the commands that mend it
  say "Máy còn thiếu: $1"
  say "Missing: $2"
  shift 2
  say "Cách cài / To install:"
  printf '    %s\n' "$@" >&2
  exit 5
}

not_installed() { # those of the packages named that dpkg does not have
  local name missing=""
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $name"
  done
  printf '%s' "${missing# }"
}

apt() { apt-get -o DPkg::Lock::Timeout=300 -qq "$@"; }

fetch_packages() { # installs; package lists are fetched only if it does not go without
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if apt install -y --no-install-recommends "$@" >"$log" 2>&1 ||
    { apt update >>"$log" 2>&1 && apt install -y --no-install-recommends "$@" >>"$log" 2>&1; }; then
    rm -f "$log"
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

by_apt() { # the command a person would type
  local sudo="sudo "
  [ "$(id -u)" != 0 ] || sudo=""
  printf '%sapt-get update && %sapt-get install -y --no-install-recommends %s' "$sudo" "$sudo" "$*"
}

offered() { # those of the packages named that this Debian has
  local name
  for name in "$@"; do
    if apt-cache show "$name" >/dev/null 2>&1; then printf '%s ' "$name"; fi
  done
}

install_packages() {
  local needed wanted some
  if ! command -v dpkg-query >/dev/null; then # not a Debian: ask for the programs themselves
    command -v tesseract >/dev/null || lack "tesseract (kèm dữ liệu vie, eng, osd)" "tesseract (with data vie, eng, osd)" \
      "cài Tesseract 5 và dữ liệu tiếng Việt / install Tesseract 5 with Vietnamese data"
    command -v pdftoppm >/dev/null || lack "pdftoppm (poppler-utils)" "pdftoppm (poppler-utils)" \
      "cài Poppler / install Poppler"
    return 0
  fi
  # shellcheck disable=SC2086
  needed=$(not_installed $programs $suite)
  # shellcheck disable=SC2086
  wanted=$(not_installed $fonts)
  [ -n "$needed$wanted" ] || return 0
  if [ "$(id -u)" = 0 ]; then
    say "→ cài gói hệ thống: $needed $wanted"
    # shellcheck disable=SC2086
    if fetch_packages $needed $wanted; then return 0; fi
    # Perhaps this release lacks a font: take what it has.
    # shellcheck disable=SC2086
    some=$(offered $wanted)
    # shellcheck disable=SC2086
    fetch_packages $needed $some || true
    # shellcheck disable=SC2086
    needed=$(not_installed $programs $suite)
    # shellcheck disable=SC2086
    wanted=$(not_installed $fonts)
  fi
  if [ -n "$needed" ]; then
    lack "$needed $wanted" "$needed $wanted" "$(by_apt "$needed $wanted")"
  elif [ -z "$wanted" ]; then
    return 0
  elif [ "$what" = runtime ] || [ "$(id -u)" = 0 ]; then
    say "Lưu ý: thiếu phông chữ để in hồ sơ mẫu: $wanted"
    say "Note: fonts for sample scans are missing: $wanted"
  else
    lack "$wanted" "$wanted" "$(by_apt "$wanted")"
  fi
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3.14 python3; do
    command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  lack "Python 3.11 trở lên" "Python 3.11 or newer" "$(by_apt python3 python3-venv)"
}

place() { printf '%s\n' "$PWD"; } # scripts in .venv/bin name their interpreter by its full path

make_venv() {
  local python package
  if [ "$(cat .venv/.place 2>/dev/null)" = "$(place)" ] && .venv/bin/python -c '' 2>/dev/null; then return 0; fi
  python=$(find_python)
  rm -rf .venv
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "→ cài gói hệ thống: $package"
      fetch_packages "$package" || true
    fi
    "$python" -m venv .venv >/dev/null 2>&1 || {
      rm -rf .venv
      lack "$package" "$package" "$(by_apt "$package")"
    }
  fi
  place >.venv/.place
}

key_of() { # the state that a finished install of one lock leaves
  printf '%s %s' "$(cat "requirements/$1.lock" requirements/boot.lock | sha256sum | cut -c1-32)" \
    "$(.venv/bin/python -V 2>&1)"
}

installed() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$(key_of "$1")" ]; }

install_requirements() {
  local again="kiểm tra kết nối tới kho gói Python rồi chạy lại / check the way to the Python registry and repeat: make setup"
  # The suite's lock holds all of the runtime's, so its stamp answers for both.
  if installed "$lock" || installed dev; then return 0; fi
  say "→ cài gói Python ($lock)"
  rm -f .venv/.stamp-* # half an install must not pass for a whole one
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    -r requirements/boot.lock || lack "gói Python 'uv' (không tải được)" "Python package 'uv' (not fetched)" "$again"
  .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --require-hashes --no-build --compile-bytecode \
    -r "requirements/$lock.lock" ||
    lack "gói Python trong requirements/$lock.lock (không tải được)" "packages of requirements/$lock.lock (not fetched)" "$again"
  key_of "$lock" >".venv/.stamp-$lock"
}

install_line_net() { # an extra: the wheel may be gone from the registry one day; then Tesseract reads, and every page says so
  if [ "$(cat .venv/.stamp-line-net 2>/dev/null)" = "$(key_of line-net)" ]; then return 0; fi
  if .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --require-hashes --no-build \
    -r requirements/line-net.lock 2>/dev/null; then
    key_of line-net >.venv/.stamp-line-net
  else
    say "Lưu ý: không tải được bộ đọc dòng (requirements/line-net.lock); Tesseract đọc thay."
    say "Note: the line net (requirements/line-net.lock) was not fetched; Tesseract reads instead."
  fi
}

write_shim() {
  local shim=.venv/bin/sohoa
  # The checkout comes first on the path: the folders of this checkout are the packages that run.
  cat >"$shim.new" <<'SHIM'
#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
PYTHONPATH=$(dirname -- "$(dirname -- "$here")")${PYTHONPATH:+:$PYTHONPATH} exec "$here/python" -P -m cli "$@"
SHIM
  chmod 755 "$shim.new"
  if cmp -s "$shim.new" "$shim"; then rm -f "$shim.new"; else mv "$shim.new" "$shim"; fi
}

install_packages
# One at a time in one checkout; what waits finds the work done.
if command -v flock >/dev/null; then
  exec 9<scripts/setup.sh
  flock 9
fi
make_venv
install_requirements
install_line_net
write_shim
