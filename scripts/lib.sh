# Shared by the scripts: where the project is, what a machine needs, how things are built.
# Sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

build_packages=(g++ cmake ninja-build pkg-config ccache libsqlite3-dev libsimdjson-dev libboost1.81-dev
  libboost-program-options1.81-dev libssl-dev libxxhash-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev clang-format sqlite3 curl
  openssl)

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_missing PACKAGE... : installs what is not there with apt, as root or by sudo.
install_missing() {
  command -v dpkg-query >/dev/null ||
    die "this script installs packages with apt; elsewhere install what scripts/lib.sh lists and use cmake --preset dev"
  local missing=() package sudo=()
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "run it as root once, or install sudo: it has to install ${missing[*]}"
    sudo=(sudo)
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt could not install ${missing[*]}"
}

# Node.js and npm may come from elsewhere than the distribution: ask for the commands.
node_packages() {
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
}

# clang-tidy 22 comes with the distribution's security updates.
tidy_package() {
  if installed clang-tidy-22 || apt-cache show clang-tidy-22 >/dev/null 2>&1; then
    echo clang-tidy-22
  else
    echo clang-tidy
  fi
}

# A browser for the real client; any Chromium will do.
browser_packages() {
  command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ||
    command -v google-chrome >/dev/null || echo chromium
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  say "building ($preset)"
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null ||
    die "cmake --preset $preset failed"
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
