#!/usr/bin/env bash
# Builds the three images with Docker: `make images`.
#   PREFIX=registry/unionflow  what stands before their names (unionflow)
#   TAG=…                      their tag (the version in pyproject.toml)
#   PUSH=1                     for two architectures, with provenance and a list of parts, and pushed
set -euo pipefail
cd "$(dirname "$0")/.."

if ! docker buildx version >/dev/null 2>&1; then
    echo "images are built with Docker and its buildx; without them, \`make test\` tries the same steps" >&2
    exit 3
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
how=(--load)
if [ -n "${PUSH:-}" ]; then
    how=(--platform "linux/amd64,linux/arm64" --provenance true --sbom true --push)
fi
for target in relay backend operator; do
    docker buildx build "${how[@]}" --target "$target" \
        --build-arg VERSION="$version" --build-arg REVISION="$revision" \
        --tag "${PREFIX:-unionflow}/$target:${TAG:-$version}" .
done
