#!/usr/bin/env bash
# Brings the client's tools into node_modules: quick when package.json is what it was. No lock file is
# written, since one would carry a registry's address; every version is exact in package.json.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; then
    echo "the TypeScript client needs Node.js 20 or newer, with npm" >&2
    exit 3
fi
exec 9<package.json
flock 9 # two at once would spoil each other's node_modules
wanted=$({ pwd; cat package.json; } | sha256sum)
if [ "$(cat node_modules/.wanted 2>/dev/null)" != "$wanted" ]; then
    npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
    echo "$wanted" >node_modules/.wanted
fi
