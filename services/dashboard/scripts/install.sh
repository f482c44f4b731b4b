#!/usr/bin/env bash
# Brings the dashboard's tools into node_modules: quick when package.json is what it was. No lock file is
# written, since one would carry a registry's address; every version is exact in package.json.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then
    echo "the dashboard needs Node.js 20.19 or newer, with npm" >&2
    exit 3
fi
exec 9<package.json
flock 9 # two at once would spoil each other's node_modules
wanted=$({ pwd; cat package.json; } | sha256sum)
if [ "$(cat node_modules/.wanted 2>/dev/null)" != "$wanted" ]; then
    npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    echo "$wanted" >node_modules/.wanted
fi
