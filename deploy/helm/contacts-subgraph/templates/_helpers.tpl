{{- define "contacts.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "contacts.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "contacts.labels" -}}
{{ include "contacts.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "contacts.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The refresh token is in a file of the pod: only where CAS 360 is on and nothing is shared. */}}
{{- define "contacts.tokenInPod" -}}
{{- if and .Values.cas360.baseUrl (not .Values.redis.enabled) }}true{{ end }}
{{- end }}

{{- define "contacts.check" -}}
{{- $most := ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- if not (or .Values.pms.baseUrl .Values.cas360.baseUrl) }}
{{- fail "Set pms.baseUrl or cas360.baseUrl: without an upstream there is nothing to serve." }}
{{- end }}
{{- if and (include "contacts.tokenInPod" .) (gt $most 1) }}
{{- fail "CAS 360 voids a refresh token once it is used, so that several pods must share it: set redis.enabled (with REDIS_URL in the Secret), or one pod: replicas 1 and autoscaling off." }}
{{- end }}
{{- if and (include "contacts.tokenInPod" .) (not .Values.cas360.refreshTokenInSecret) }}
{{- fail "Without Redis, the pod begins with CAS360_REFRESH_TOKEN of the Secret: set cas360.refreshTokenInSecret, or redis.enabled." }}
{{- end }}
{{- end }}

{{/* The secrets in use, by the names of their settings: the keys of the Secret. */}}
{{- define "contacts.secrets" -}}
{{- if .Values.pms.baseUrl }}
- PMS_CLIENT_SECRET
{{- if .Values.pms.clientCertificate }}
- PMS_CLIENT_CERT
- PMS_CLIENT_KEY
{{- end }}
{{- end }}
{{- if .Values.cas360.baseUrl }}
- CAS360_CLIENT_SECRET
{{- if .Values.cas360.refreshTokenInSecret }}
- CAS360_REFRESH_TOKEN
{{- end }}
{{- if .Values.cas360.clientCertificate }}
- CAS360_CLIENT_CERT
- CAS360_CLIENT_KEY
{{- end }}
{{- end }}
{{- if .Values.router.secretRequired }}
- ROUTER_SECRET
{{- end }}
{{- if .Values.redis.enabled }}
- REDIS_URL
{{- end }}
{{- if and .Values.telemetry.otlpEndpoint .Values.telemetry.headers }}
- OTEL_EXPORTER_OTLP_HEADERS
{{- end }}
{{- if .Values.tls.extraAuthorities }}
- NODE_EXTRA_CA_CERTS
{{- end }}
{{- end }}

{{/* Every setting that is not empty. */}}
{{- define "contacts.settings" -}}
{{- $settings := dict "PORT" "4001" }}
{{- with .Values.pms }}{{ if .baseUrl }}
{{- $_ := set $settings "PMS_BASE_URL" .baseUrl }}
{{- $_ := set $settings "PMS_TOKEN_URL" .tokenUrl }}
{{- $_ := set $settings "PMS_CLIENT_ID" .clientId }}
{{- $_ := set $settings "PMS_SCOPE" .scope }}
{{- end }}{{ end }}
{{- with .Values.cas360 }}{{ if .baseUrl }}
{{- $_ := set $settings "CAS360_BASE_URL" .baseUrl }}
{{- $_ := set $settings "CAS360_TOKEN_URL" .tokenUrl }}
{{- $_ := set $settings "CAS360_CLIENT_ID" .clientId }}
{{- $_ := set $settings "CAS360_SCOPE" .scope }}
{{- end }}{{ end }}
{{- with .Values.auth }}{{ if .jwksUrl }}
{{- $_ := set $settings "AUTH_JWKS_URL" .jwksUrl }}
{{- $_ := set $settings "AUTH_ISSUER" .issuer }}
{{- $_ := set $settings "AUTH_AUDIENCE" .audience }}
{{- end }}{{ end }}
{{- if include "contacts.tokenInPod" . }}
{{- $_ := set $settings "CAS360_TOKEN_FILE" "/var/lib/contacts/cas360-token.json" }}
{{- end }}
{{- if .Values.cache.ttlSeconds }}
{{- $_ := set $settings "CACHE_TTL_SECONDS" (.Values.cache.ttlSeconds | int | toString) }}
{{- end }}
{{- $_ := set $settings "OTEL_EXPORTER_OTLP_ENDPOINT" .Values.telemetry.otlpEndpoint }}
{{- range $name := include "contacts.secrets" . | fromYamlArray }}
{{- /* Node reads this one itself, and takes a path only. */}}
{{- $setting := ternary $name (printf "%s_FILE" $name) (eq $name "NODE_EXTRA_CA_CERTS") }}
{{- $_ := set $settings $setting (printf "/run/secrets/contacts/%s" $name) }}
{{- end }}
{{- range $name, $value := merge $settings .Values.settings }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
