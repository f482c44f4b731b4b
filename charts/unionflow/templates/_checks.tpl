{{/* What no schema says well: values that contradict one another, each with what would do. */}}
{{- define "unionflow.check" -}}
{{- $kafka := .Values.kafka -}}
{{- if not $kafka.bootstrapServers -}}
{{- fail "kafka.bootstrapServers is missing: say where Kafka is, such as kafka.kafka.svc:9092" -}}
{{- end -}}
{{- $sasl := hasPrefix "SASL_" $kafka.securityProtocol -}}
{{- if and $sasl (not $kafka.sasl.existingSecret) -}}
{{- fail (printf "kafka.securityProtocol is %s: say kafka.sasl.existingSecret, the Secret with username and password" $kafka.securityProtocol) -}}
{{- end -}}
{{- if and (not $sasl) $kafka.sasl.existingSecret -}}
{{- fail (printf "kafka.sasl is not used with %s: say kafka.securityProtocol SASL_SSL (or SASL_PLAINTEXT), or leave kafka.sasl out" $kafka.securityProtocol) -}}
{{- end -}}
{{- if and (or $kafka.tls.caSecret $kafka.tls.clientSecret) (not (hasSuffix "SSL" $kafka.securityProtocol)) -}}
{{- fail (printf "kafka.tls is not used with %s: say kafka.securityProtocol SSL or SASL_SSL, or leave kafka.tls out" $kafka.securityProtocol) -}}
{{- end -}}
{{- include "unionflow.checkAuth" .Values.auth -}}
{{- include "unionflow.checkIngress" .Values.ingress -}}
{{- if .Values.backend.enabled -}}
{{- include "unionflow.checkDatabase" .Values -}}
{{- end -}}
{{- end }}

{{- define "unionflow.checkAuth" -}}
{{- $said := compact (list (ternary "none: true" "" .none) (ternary "jwksUrl" "" (ne .jwksUrl "")) (ternary "existingSecret" "" (ne .existingSecret ""))) -}}
{{- if not $said -}}
{{- fail "auth is missing: say who may connect by auth.jwksUrl (keys of an identity provider), auth.existingSecret (a shared secret) or auth.none=true (everyone)" -}}
{{- end -}}
{{- if gt (len $said) 1 -}}
{{- fail (printf "auth says %s: say exactly one of jwksUrl, existingSecret and none: true" (join " and " $said)) -}}
{{- end -}}
{{- if and .none (or .issuer .audience) -}}
{{- fail "auth.issuer and auth.audience are not used with auth.none=true; leave them out" -}}
{{- end -}}
{{- if ne (empty .oidc.issuer) (empty .oidc.clientId) -}}
{{- fail "auth.oidc needs both issuer and clientId: give both or neither" -}}
{{- end -}}
{{- end }}

{{- define "unionflow.checkIngress" -}}
{{- if .enabled -}}
{{- if not .host -}}
{{- fail "ingress.host is missing: say the name under which people come, or ingress.enabled=false" -}}
{{- end -}}
{{- if and (not .className) (not .gatewayParentRefs) -}}
{{- fail "ingress needs a way in: say ingress.className (for an Ingress) or ingress.gatewayParentRefs (for an HTTPRoute)" -}}
{{- end -}}
{{- if and .className .gatewayParentRefs -}}
{{- fail "ingress.className and ingress.gatewayParentRefs are two ways in: say one of them" -}}
{{- end -}}
{{- if and .gatewayParentRefs (or .tlsSecretName .streamTlsSecretName) -}}
{{- fail "ingress.tlsSecretName goes with an Ingress; a Gateway has its certificate at its listener" -}}
{{- end -}}
{{- else if or .host .className .gatewayParentRefs -}}
{{- fail "ingress says where people come in, but ingress.enabled is false: say ingress.enabled=true" -}}
{{- end -}}
{{- end }}

{{- define "unionflow.checkDatabase" -}}
{{- $it := .database -}}
{{- $said := compact (list (ternary "existingSecret" "" (ne $it.existingSecret "")) (ternary "url" "" (ne $it.url "")) (ternary "host" "" (ne $it.host "")) (ternary "sqlite.enabled: true" "" $it.sqlite.enabled)) -}}
{{- if not $said -}}
{{- fail "database is missing: say database.existingSecret (a Secret with its address), database.url, database.host (PostgreSQL) or database.sqlite.enabled=true (a file, one replica); or backend.enabled=false" -}}
{{- end -}}
{{- if gt (len $said) 1 -}}
{{- fail (printf "database says %s: say exactly one of existingSecret, url, host and sqlite.enabled: true" (join " and " $said)) -}}
{{- end -}}
{{- if $it.sqlite.enabled -}}
{{- if .backend.autoscaling.enabled -}}
{{- fail "database.sqlite has one replica: leave backend.autoscaling out, or take PostgreSQL" -}}
{{- end -}}
{{- end -}}
{{- end }}
