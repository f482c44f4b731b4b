"""The settings of who may come in, which the relay and the backend have in common."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, SecretStr

from unionflow_access import DEFAULT_MAX_AGE_SECONDS, InvalidRules, TokenRules, checked_host
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.settings import ProcessSettings


class AuthMode(StrEnum):
    """Who may connect."""

    JWT = "jwt"
    NONE = "none"


class AccessSettings(ProcessSettings):
    """What can be set of tokens."""

    auth: AuthMode = Field(
        AuthMode.JWT,
        alias="UNIONFLOW_AUTH",
        description="`jwt` asks every client for a token; `none` lets everyone in: for development "
        "and trusted networks.",
    )
    jwks_url: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_JWKS_URL",
        description="Where the keys are that sign tokens.",
    )
    jwt_secret: SecretStr | None = Field(
        None, alias="UNIONFLOW_JWT_SECRET", description="The secret that signs tokens (HS256)."
    )
    jwt_issuer: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_ISSUER",
        description="What a token's `iss` must be; not set, any issuer whose key is known.",
    )
    jwt_audience: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_AUDIENCE",
        description="What a token's `aud` must hold; not set, tokens for others are taken too.",
    )
    jwt_organizations_claim: str = Field(
        "organizations",
        alias="UNIONFLOW_JWT_ORGANIZATIONS_CLAIM",
        description="The claim with the list of organisations: its name, or a dotted path to it.",
    )
    jwt_max_age_seconds: int = Field(
        DEFAULT_MAX_AGE_SECONDS,
        alias="UNIONFLOW_JWT_MAX_AGE_SECONDS",
        ge=1,
        le=31 * 86_400,
        description="How long after its `iat` a token is taken at most, and how far back a new "
        "relay reads which memberships have ended.",
    )

    def token_rules(self) -> TokenRules:
        """What a token must say.

        Raises:
            InvalidRules: the claim's name is none.
        """
        return TokenRules(
            issuer=self.jwt_issuer,
            audience=self.jwt_audience,
            organizations_claim=self.jwt_organizations_claim,
            max_age_seconds=self.jwt_max_age_seconds,
        )

    def check_access(self) -> None:
        """Refuse to start where no token could ever be checked.

        Raises:
            SettingsError: says which variable is missing or wrong.
        """
        if self.auth is AuthMode.NONE:
            return
        if self.jwks_url is None and self.jwt_secret is None:
            raise SettingsError(
                "UNIONFLOW_JWT_JWKS_URL is not set: UNIONFLOW_AUTH=jwt (the default) needs it, or "
                "UNIONFLOW_JWT_SECRET; UNIONFLOW_AUTH=none lets everyone in"
            )
        try:
            self.token_rules()
        except InvalidRules as error:
            raise SettingsError(f"UNIONFLOW_JWT_ORGANIZATIONS_CLAIM: {error}") from None
        try:
            if self.jwks_url is not None:
                checked_host(self.jwks_url)
        except InvalidRules as error:  # its address may hold a password: it is not repeated
            raise SettingsError(f"UNIONFLOW_JWT_JWKS_URL: {error}") from None
