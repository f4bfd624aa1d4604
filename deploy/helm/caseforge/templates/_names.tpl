{{- define "caseforge.labels" -}}
app.kubernetes.io/name: caseforge
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "caseforge.selector" -}}
app.kubernetes.io/name: caseforge
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: service
{{- end }}

{{- define "caseforge.env" -}}
CASEFORGE_POSTGRES_URL_FILE: /run/secrets/postgres_url
CASEFORGE_SERVICE_SECRET_FILE: /run/secrets/service_secret
OPENAI_API_KEY_FILE: /run/secrets/openai_api_key
{{- $files := dict "aws_credentials" "AWS_SHARED_CREDENTIALS_FILE" "oidc_client_secret" "CASEFORGE_OIDC_CLIENT_SECRET_FILE" "openai_webhook_secret" "OPENAI_WEBHOOK_SECRET_FILE" "alert_urls" "CASEFORGE_ALERT_URLS_FILE" }}
{{- range .Values.optionalSecrets }}
{{ required (printf "optionalSecrets: %s is none of aws_credentials, oidc_client_secret, openai_webhook_secret, alert_urls" .) (get $files .) }}: /run/secrets/{{ . }}
{{- end }}
{{- range $name, $value := .Values.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "caseforge.pod" -}}
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
volumes:
  - {name: tmp, emptyDir: {sizeLimit: 1Gi}}
  - name: secrets
    secret: {secretName: {{ .Values.secretName }}, defaultMode: 0440}
{{- end }}

{{- define "caseforge.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}
