#!/usr/bin/env bash
# Installs what a purpose needs and is missing: setup.sh run|test|coverage
#
# On Debian as root it installs by itself; elsewhere it says what is missing and stops. When everything is there it
# only looks, which takes no time. Rust and Node.js are expected: their versions are for their owner to choose.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "setup: $*" >&2
  exit 1
}

present() { # COMMAND_OR_GLOB
  command -v "$1" >/dev/null || compgen -G "$1" >/dev/null
}

purpose=${1:-}
tools_dir=${TOOLS_DIR:?"is set by the Makefile: run this through make"}
# Each: the Debian package, and a command or path that proves it is there.
packages=("build-essential c++" "mold mold")
# Each: a crate with a command of its own, and its version.
tools=()
case $purpose in
run) ;;
test | coverage)
  packages+=("postgresql /usr/lib/postgresql/*/bin/initdb" "chromium chromium" "firefox-esr firefox-esr")
  packages+=("curl curl" "openssl openssl")
  packages+=("clamav-daemon /usr/sbin/clamd")
  tools+=("cargo-deny 0.20.2")
  [ "$purpose" = test ] || tools+=("cargo-llvm-cov 0.9.1")
  ;;
*)
  echo "usage: scripts/setup.sh run|test|coverage" >&2
  exit 2
  ;;
esac

present cargo || fail "cargo is missing: install Rust with rustup, which reads rust-toolchain.toml"
present npm || fail "npm is missing: install Node.js 20.19 or newer"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  fail "Node.js $(node --version) is too old: install 20.19 or newer"

missing=()
if [ "$purpose" = test ] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv); fi
for entry in "${packages[@]}"; do
  read -r package proof <<<"$entry"
  present "$proof" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! present apt-get; then
    fail "missing: ${missing[*]}. On Debian: sudo apt-get install ${missing[*]}"
  fi
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install --yes --no-install-recommends "${missing[@]}"
fi

# Apart from the owner's own tools, whose versions may differ. Already installed versions are recognised at once.
for tool in "${tools[@]}"; do
  read -r crate version <<<"$tool"
  [ -e "$tools_dir/$crate-$version" ] && continue
  echo "setup: building $crate $version, once, in $tools_dir"
  cargo install --quiet --locked --root "$tools_dir" --version "$version" "$crate"
  touch "$tools_dir/$crate-$version"
done
if [ "$purpose" = test ] && ! cmp --silent scripts/python.txt "$tools_dir/python/installed"; then
  echo "setup: installing what the tests need of Python, once, in $tools_dir"
  rm -rf "$tools_dir/python"
  python3 -m venv "$tools_dir/python"
  "$tools_dir/python/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/python.txt
  cp scripts/python.txt "$tools_dir/python/installed"
fi
if [ "$purpose" = coverage ]; then
  compgen -G "$(rustc --print sysroot)/lib/rustlib/*/bin/llvm-cov" >/dev/null || rustup component add llvm-tools
fi
