"""The dashboard with a real Keycloak: `make e2e` runs this, `make test` does not."""
