# syntax=docker/dockerfile:1
# Three images: docker build --target relay -t unionflow/relay .   (or backend, or operator)
#
# Each is Python, the packages that it needs and our code in an empty root: no shell, no package
# manager, user 65532, and nothing is written but below /tmp. `shipping/image` is the steps; the tests
# take them from this file and start what they make, also where there is no Docker.
ARG PYTHON=python:3.11-slim-bookworm
ARG NODE=node:22-bookworm-slim
ARG DEPLOYABLE=relay

FROM ${PYTHON} AS tools
# hadolint ignore=DL3008  # it only strips symbols, and Debian keeps no older version to pin
RUN apt-get update && apt-get install -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/images.txt requirements/
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/images.txt
COPY shipping shipping
ENV UV_CACHE_DIR=/var/cache/uv

FROM tools AS python
RUN python -m shipping.image python /layer

FROM tools AS relay-packages
COPY requirements/relay.txt requirements/
RUN --mount=type=cache,target=/var/cache/uv python -m shipping.image packages relay /layer

FROM tools AS backend-packages
COPY requirements/backend.txt requirements/
RUN --mount=type=cache,target=/var/cache/uv python -m shipping.image packages backend /layer

FROM tools AS operator-packages
COPY requirements/operator.txt requirements/
RUN --mount=type=cache,target=/var/cache/uv python -m shipping.image packages operator /layer

FROM ${NODE} AS pages
WORKDIR /src
COPY services/clients/typescript services/clients/typescript
COPY services/dashboard services/dashboard
RUN services/dashboard/scripts/build.sh

FROM tools AS sources
COPY pyproject.toml LICENSE ./
COPY operator operator
COPY services services
COPY tests/contract/cases tests/contract/cases

FROM sources AS relay-own
RUN python -m shipping.image own relay /layer

FROM sources AS backend-own
COPY --from=pages /src/services/dashboard/dist services/dashboard/dist
RUN python -m shipping.image own backend /layer

FROM sources AS operator-own
RUN python -m shipping.image own operator /layer

# For `skaffold dev` alone: a Python with a shell and tar, in which files can be changed.
FROM ${DEPLOYABLE}-packages AS dev-packages
FROM ${DEPLOYABLE}-own AS dev-own
FROM ${PYTHON} AS dev
ARG DEPLOYABLE=relay
COPY --from=dev-packages /layer /
COPY --from=dev-own /layer /
COPY shipping/reload.py /reload.py
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MODULE=unionflow_${DEPLOYABLE}
WORKDIR /tmp
USER 65532:65532
EXPOSE 9085
ENTRYPOINT ["sh", "-c", "exec python /reload.py \"$MODULE\" /tmp/app"]

FROM scratch AS base
COPY --from=python /layer /
ENV PATH=/usr/local/bin LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 65532:65532
EXPOSE 9085
LABEL org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.vendor=UnionFlow

FROM base AS relay
COPY --from=relay-packages /layer /
COPY --from=relay-own /layer /
EXPOSE 8085
ENTRYPOINT ["python", "-m", "unionflow_relay"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "unionflow_runtime.healthcheck"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title=unionflow/relay \
      org.opencontainers.image.description="Kafka to WebSockets: each event to the screens that may see it" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}

FROM base AS backend
COPY --from=backend-packages /layer /
COPY --from=backend-own /layer /
EXPOSE 8080
ENTRYPOINT ["python", "-m", "unionflow_backend"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "unionflow_runtime.healthcheck"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title=unionflow/backend \
      org.opencontainers.image.description="Members, contributions and approvals, their events, and the dashboard" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}

# Kubernetes alone runs it, and asks by its own probes: no HEALTHCHECK.
FROM base AS operator
COPY --from=operator-packages /layer /
COPY --from=operator-own /layer /
ENTRYPOINT ["python", "-m", "unionflow_operator"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title=unionflow/operator \
      org.opencontainers.image.description="A UnionflowStream becomes topics, relays and all around them" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION}
