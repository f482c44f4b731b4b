{{/* Kafka, as every process of ours reads it. */}}
{{- define "unionflow.kafkaEnv" -}}
{{- $kafka := .Values.kafka -}}
- name: KAFKA_BOOTSTRAP_SERVERS
  value: {{ $kafka.bootstrapServers | quote }}
- name: KAFKA_SECURITY_PROTOCOL
  value: {{ $kafka.securityProtocol }}
{{- with $kafka.sasl.existingSecret }}
- name: KAFKA_SASL_MECHANISM
  value: {{ $kafka.sasl.mechanism }}
- name: KAFKA_SASL_USERNAME
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: {{ $kafka.sasl.usernameKey }}}
- name: KAFKA_SASL_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: {{ $kafka.sasl.passwordKey }}}
{{- end }}
{{- if $kafka.tls.caSecret }}
- name: KAFKA_SSL_CAFILE
  value: /etc/unionflow/kafka/ca.pem
{{- end }}
{{- if $kafka.tls.clientSecret }}
- name: KAFKA_SSL_CERTFILE
  value: /etc/unionflow/kafka/certificate.pem
- name: KAFKA_SSL_KEYFILE
  value: /etc/unionflow/kafka/key.pem
{{- end }}
{{- with $kafka.topicPrefix }}
- name: UNIONFLOW_TOPIC_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Mounts of a container, and volumes of a pod, that speak to Kafka; /tmp besides. */}}
{{- define "unionflow.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if or .Values.kafka.tls.caSecret .Values.kafka.tls.clientSecret }}
- {name: kafka-tls, mountPath: /etc/unionflow/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "unionflow.volumes" -}}
{{- $tls := .Values.kafka.tls -}}
- name: tmp
  emptyDir: {sizeLimit: 16Mi}
{{- if or $tls.caSecret $tls.clientSecret }}
- name: kafka-tls
  projected:
    defaultMode: 0440
    sources:
      {{- with $tls.caSecret }}
      - secret:
          name: {{ . }}
          items: [{key: {{ $tls.caKey }}, path: ca.pem}]
      {{- end }}
      {{- with $tls.clientSecret }}
      - secret:
          name: {{ . }}
          items: [{key: {{ $tls.certificateKey }}, path: certificate.pem}, {key: {{ $tls.keyKey }}, path: key.pem}]
      {{- end }}
{{- end }}
{{- end }}

{{/* Who may come in, as the business services read it. */}}
{{- define "unionflow.authEnv" -}}
{{- $auth := .Values.auth -}}
- name: UNIONFLOW_AUTH
  value: {{ ternary "none" "jwt" $auth.none }}
{{- with $auth.jwksUrl }}
- name: UNIONFLOW_JWT_JWKS_URL
  value: {{ . | quote }}
{{- end }}
{{- with $auth.existingSecret }}
- name: UNIONFLOW_JWT_SECRET
  valueFrom:
    secretKeyRef: {name: {{ . }}, key: {{ $auth.existingSecretKey }}}
{{- end }}
{{- with $auth.issuer }}
- name: UNIONFLOW_JWT_ISSUER
  value: {{ . | quote }}
{{- end }}
{{- with $auth.audience }}
- name: UNIONFLOW_JWT_AUDIENCE
  value: {{ . | quote }}
{{- end }}
- name: UNIONFLOW_JWT_ORGANIZATIONS_CLAIM
  value: {{ $auth.organizationsClaim | quote }}
- name: UNIONFLOW_JWT_ROLES_CLAIM
  value: {{ $auth.rolesClaim | quote }}
- name: UNIONFLOW_JWT_MAX_AGE_SECONDS
  value: {{ $auth.maxAgeSeconds | toJson | quote }}
{{- with $auth.allowedOrigins }}
- name: UNIONFLOW_ALLOWED_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- with $auth.oidc.issuer }}
- name: UNIONFLOW_OIDC_ISSUER
  value: {{ . | quote }}
- name: UNIONFLOW_OIDC_CLIENT_ID
  value: {{ $auth.oidc.clientId | quote }}
{{- end }}
{{- end }}

{{/* The database's address: of a Secret, or a file. include "…databaseEnv" (list . "secret's name") */}}
{{- define "unionflow.databaseEnv" -}}
{{- $root := index . 0 -}}
{{- $database := $root.Values.database -}}
- name: UNIONFLOW_DATABASE_URL
  {{- if $database.sqlite.enabled }}
  value: sqlite:////data/unionflow.db
- name: UNIONFLOW_DATABASE_MIGRATE # one replica, and no Job that could mount its volume meanwhile
  value: "true"
  {{- else if $database.existingSecret }}
  valueFrom:
    secretKeyRef: {name: {{ $database.existingSecret }}, key: {{ $database.existingSecretKey }}}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 }}, key: url}
  {{- end }}
{{- end }}

{{/* The address that a Secret is made of; empty where there is one, or a file. */}}
{{- define "unionflow.databaseUrl" -}}
{{- $it := .Values.database -}}
{{- if $it.url -}}
{{- $it.url -}}
{{- else if $it.host -}}
{{- $password := $it.password | urlquery | replace "+" "%20" -}}
{{- $user := $it.username | urlquery | replace "+" "%20" -}}
postgresql://{{ $user }}{{ with $password }}:{{ . }}{{ end }}@{{ $it.host }}:{{ $it.port }}/{{ $it.name }}{{ with $it.parameters }}?{{ . }}{{ end }}
{{- end -}}
{{- end }}

{{- define "unionflow.tracingEnv" -}}
{{- with .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $.Values.tracing.ratio | toJson | quote }}
{{- end }}
{{- end }}
