{{- define "svara.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "svara.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "svara.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "svara.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The labels of the selectors. Call with (list $ "server"). */}}
{{- define "svara.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "svara.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "svara.labels" -}}
{{- $ := index . 0 -}}
{{ include "svara.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version }}
{{- end }}

{{/* Call with (list $ .Values.server.image). */}}
{{- define "svara.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
image: {{ printf "%s:%s" $image.repository ($image.tag | default $.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $image.pullPolicy | default "IfNotPresent" }}
{{- end }}

{{/* Runs as the images' user, with no more permissions than it needs. */}}
{{- define "svara.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "svara.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "svara.hubVariables" -}}
- {name: VLLM_MODEL, value: {{ .Values.model.name | quote }}}
{{- with .Values.model.endpoint }}
- {name: HF_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- with .Values.model.tokenSecret }}
- name: HF_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: token}}
{{- end }}
{{- end }}

{{/* Where vLLM listens, and where the router does. */}}
{{- define "svara.vllmPort" -}}8000{{- end }}
{{- define "svara.routerPort" -}}8000{{- end }}

{{- define "svara.engineUrl" -}}
{{- .Values.engine.url | default (printf "http://%s-router:%s/v1" (include "svara.fullname" .) (include "svara.routerPort" .)) -}}
{{- end }}

{{/* Where a pod may connect to: names, and HTTPS for the hub, S3 and the Kubernetes API. */}}
{{- define "svara.egress" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
- ports: [{port: 443}]
  to: {{- include "svara.anywhere" . | nindent 4 }}
{{- end }}

{{/* Every address but those of the cloud's metadata service, which gives a node's credentials away. */}}
{{- define "svara.anywhere" -}}
- ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}
- ipBlock: {cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"]}
{{- end }}
