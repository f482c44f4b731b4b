"""Who may connect, and by which way in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from unionflow_operator.api.model import (
    HostName,
    HttpUrl,
    LongText,
    Model,
    ObjectName,
    Rule,
    SecretDataKey,
    SecretKey,
    Text,
)

BasePath = Annotated[str, StringConstraints(max_length=256, pattern=r"^(/[A-Za-z0-9._~-]+)*$")]
Claim = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^[!-\-/-~]+(\.[!-\-/-~]+)*$")
]
Origin = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[!-+\--~]+$")]


class JwtSecretKey(SecretKey):
    """Where the secret lies that signs tokens."""

    key: SecretDataKey = Field("secret", description="The key under which the secret lies.")


class Auth(Model):
    """Whose tokens are good: exactly one of `jwksUrl`, `secretRef` and `none`."""

    jwks_url: HttpUrl | None = Field(
        None, description="Where the keys are that sign tokens (JWKS), at the identity provider."
    )
    secret_ref: JwtSecretKey | None = Field(
        None, description="The Secret that holds the secret which signs tokens (HS256)."
    )
    none: bool = Field(
        False,
        description="True lets everyone in, without a token: for development and trusted networks.",
    )
    issuer: Text | None = Field(
        None, description="What a token's `iss` must be. Left out: any whose key is known."
    )
    audience: Text | None = Field(
        None, description="What a token's `aud` must hold. Left out: tokens for others are good."
    )
    organizations_claim: Claim = Field(
        "organizations",
        description="The claim with the list of organisations: its name, or a dotted path to it.",
    )
    max_age_seconds: int = Field(
        86_400,
        ge=1,
        le=31 * 86_400,
        description="How long after its `iat` a token is good at most.",
    )
    allowed_origins: tuple[Origin, ...] = Field(
        (), max_length=64, description="Origins that browsers may connect from; none: all."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "[has(self.jwksUrl), has(self.secretRef), self.none].filter(said, said).size() == 1",
            "say exactly one of jwksUrl (keys of an identity provider), secretRef (a shared "
            "secret) and none: true (everyone may connect)",
            holds=lambda auth: (
                [auth.jwks_url is not None, auth.secret_ref is not None, auth.none].count(True) == 1
            ),
        ),
        Rule(
            "!self.none || (!has(self.issuer) && !has(self.audience))",
            "issuer and audience are not used with none: true; leave them out",
            field=".none",
            holds=lambda auth: not auth.none or (auth.issuer is None and auth.audience is None),
        ),
    )


class ParentReference(Model):
    """A Gateway, or one of its listeners."""

    name: ObjectName = Field(description="The Gateway's name.")
    namespace: ObjectName | None = Field(
        None, description="The Gateway's namespace. Left out: the stream's own."
    )
    section_name: ObjectName | None = Field(
        None, description="The listener's name. Left out: all listeners."
    )
    port: int | None = Field(
        None, ge=1, le=65_535, description="The listener's port. Left out: all ports."
    )


class Gateway(Model):
    """The way in by the Gateway API."""

    parent_refs: tuple[ParentReference, ...] = Field(
        min_length=1,
        max_length=8,
        description="The Gateways that the HTTPRoute is for. They end TLS.",
    )


class Exposure(Model):
    """The way in from outside: an Ingress (`ingressClassName`) or an HTTPRoute (`gateway`)."""

    host: HostName = Field(description="The name under which clients connect.")
    path: BasePath = Field(
        "",
        description="Path to serve under, such as `/unionflow`; no slash at its end. Clients "
        "connect to `<path>/ws/dashboard`.",
    )
    ingress_class_name: ObjectName | None = Field(
        None,
        description="Which IngressClass serves. For nginx, HAProxy and Traefik the annotations "
        "that keep WebSockets open are set.",
    )
    gateway: Gateway | None = Field(
        None, description="An HTTPRoute of the Gateway API in place of an Ingress."
    )
    tls_secret_name: ObjectName | None = Field(
        None, description="The Secret with the certificate for `host`; with an Ingress only."
    )
    annotations: Mapping[str, LongText] = Field(
        {}, max_length=32, description="Further annotations of the Ingress or HTTPRoute."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.ingressClassName) || has(self.gateway)",
            "a host needs a way in: say ingressClassName (for an Ingress) or gateway (for an "
            "HTTPRoute)",
            field=".host",
            holds=lambda way: way.ingress_class_name is not None or way.gateway is not None,
        ),
        Rule(
            "!has(self.ingressClassName) || !has(self.gateway)",
            "ingressClassName and gateway are two ways in: say one of them",
            field=".gateway",
            holds=lambda way: way.ingress_class_name is None or way.gateway is None,
        ),
        Rule(
            "!has(self.tlsSecretName) || !has(self.gateway)",
            "tlsSecretName goes with an Ingress; a Gateway has its certificate at its listener",
            field=".tlsSecretName",
            holds=lambda way: way.tls_secret_name is None or way.gateway is None,
        ),
    )
