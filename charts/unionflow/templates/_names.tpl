{{/* What objects are called. Long names end in a digest, so that two of them stay two; 36
     characters leave the pods of all parts their 63. */}}
{{- define "unionflow.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- $whole := .Values.fullnameOverride -}}
{{- if not $whole -}}
{{- $whole = ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- end -}}
{{- $whole = $whole | lower | replace "." "-" -}}
{{- if not (regexMatch "^[a-z]" $whole) -}}{{- $whole = printf "u%s" $whole -}}{{- end -}}
{{- if gt (len $whole) 36 -}}
{{- printf "%s-%s" ($whole | trunc 27 | trimSuffix "-") ($whole | sha256sum | trunc 8) -}}
{{- else -}}
{{- $whole | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "unionflow.stream" -}}
{{- default (include "unionflow.fullname" .) .Values.stream.name -}}
{{- end }}

{{- define "unionflow.backend" -}}
{{- include "unionflow.fullname" . }}-backend
{{- end }}

{{/* Labels that never change: include "…selector" (list . "backend") */}}
{{- define "unionflow.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: unionflow-{{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{- define "unionflow.labels" -}}
{{- $root := index . 0 -}}
{{ include "unionflow.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: unionflow-streams
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "unionflow.backendAccount" -}}
{{- $account := .Values.backend.serviceAccount -}}
{{- if $account.create -}}
{{- default (include "unionflow.backend" .) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end }}

{{/* An image's whole name: include "…image" (list . .Values.backend.image) */}}
{{- define "unionflow.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end -}}
{{- end }}

{{/* "s" where TLS ends somewhere on the way: https, wss. */}}
{{- define "unionflow.secure" -}}
{{- $in := .Values.ingress -}}
{{- if or $in.tlsSecretName $in.gatewayParentRefs $in.tlsBefore }}s{{ end -}}
{{- end }}

{{/* Where clients connect, as far as this release knows. */}}
{{- define "unionflow.webSocketUrl" -}}
{{- $in := .Values.ingress -}}
{{- if $in.enabled -}}
{{- $secure := include "unionflow.secure" . -}}
{{- if and $in.streamHost $in.streamTlsSecretName -}}{{- $secure = "s" -}}{{- end -}}
ws{{ $secure }}://{{ default $in.host $in.streamHost }}{{ $in.path }}/ws/dashboard
{{- else -}}
{{ include "unionflow.innerWebSocketUrl" . }}
{{- end -}}
{{- end }}

{{- define "unionflow.innerWebSocketUrl" -}}
ws://{{ include "unionflow.stream" . }}-relay.{{ .Release.Namespace }}.svc:8085{{ include "unionflow.path" . }}/ws/dashboard
{{- end }}

{{/* What is served under: only an ingress gives a path. */}}
{{- define "unionflow.path" -}}
{{- if .Values.ingress.enabled -}}{{ .Values.ingress.path }}{{- end -}}
{{- end }}
