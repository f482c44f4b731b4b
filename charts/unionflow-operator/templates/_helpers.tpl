{{/* What objects are called. Long names end in a digest, so that two of them stay two; 45
     characters leave a pod's name its 63. */}}
{{- define "unionflow-operator.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- $whole := .Values.fullnameOverride -}}
{{- if not $whole -}}
{{- $whole = ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- end -}}
{{- $whole = $whole | lower | replace "." "-" -}}
{{- if gt (len $whole) 45 -}}
{{- printf "%s-%s" ($whole | trunc 36 | trimSuffix "-") ($whole | sha256sum | trunc 8) -}}
{{- else -}}
{{- $whole | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels that never change: a Deployment's cannot. */}}
{{- define "unionflow-operator.selector" -}}
app.kubernetes.io/name: unionflow-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "unionflow-operator.labels" -}}
{{ include "unionflow-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: unionflow-streams
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "unionflow-operator.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "unionflow-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* An image's whole name: include "…image" (list . .Values.image) */}}
{{- define "unionflow-operator.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end -}}
{{- end }}

{{/* Held by a test to the operator's table of rights: neither less nor more. */}}
{{- define "unionflow-operator.rules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [prometheusrules, servicemonitors]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [unionflow.lions.dev]
  resources: [unionflowstreams]
  verbs: [list, watch, patch]
- apiGroups: [unionflow.lions.dev]
  resources: [unionflowstreams/status]
  verbs: [update]
{{- end }}
