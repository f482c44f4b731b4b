#!/usr/bin/env bash
# Brings the tools and makes dist; costs nothing when nothing has changed. Exit code 3: no Node.js.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install.sh
node scripts/build.mjs
