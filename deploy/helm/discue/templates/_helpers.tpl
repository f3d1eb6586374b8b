{{- define "discue.name" -}}
{{- ternary .Release.Name (printf "%s-discue" .Release.Name) (contains "discue" .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "discue.selector" -}}
app.kubernetes.io/name: discue
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "discue.labels" -}}
{{ include "discue.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "discue.secret" -}}
{{ required "existingSecret must name a Secret with DISCUE_ROOT_API_KEY (and DISCUE_DATABASE_URL for postgres): see values.yaml" .Values.existingSecret }}
{{- end }}

{{- define "discue.pod" -}}
metadata:
  labels:
    {{- include "discue.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "discue.name" . }}
  # It asks nothing of Kubernetes.
  automountServiceAccountToken: false
  # A Service named discue would say DISCUE_PORT and the like in the environment.
  enableServiceLinks: false
  # Time for the pause below, for what is on the wire, and for a database that does not answer.
  terminationGracePeriodSeconds: 50
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: discue
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      env:
        {{- if .Values.publicUrl }}
        - name: DISCUE_PUBLIC_URL
          value: {{ .Values.publicUrl | quote }}
        {{- end }}
        - name: DISCUE_METRICS_PORT
          value: {{ .Values.metrics.port | quote }}
        {{- range $name, $value := .Values.settings }}
        - name: DISCUE_{{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      envFrom:
        - secretRef:
            name: {{ include "discue.secret" . }}
      ports:
        - name: http
          containerPort: 3000
        - name: metrics
          containerPort: {{ .Values.metrics.port }}
      # A first start may wait for its database, or bring a large one up to date, for half an hour.
      startupProbe:
        httpGet: { path: /health/live, port: http }
        periodSeconds: 2
        failureThreshold: 900
      livenessProbe:
        httpGet: { path: /health/live, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /health/ready, port: http }
        periodSeconds: 5
        timeoutSeconds: 3
      lifecycle:
        # Until the Service has heard that this pod leaves, requests still come.
        preStop:
          exec:
            command: [sleep, "5"]
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: cache, mountPath: /cache }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - { name: cache, emptyDir: { sizeLimit: 100Mi } }
    - { name: tmp, emptyDir: { sizeLimit: 100Mi } }
    {{- if eq .Values.database "postgres" }}
    - { name: data, emptyDir: { sizeLimit: 100Mi } }
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if eq .Values.database "postgres" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "discue.selector" . | nindent 10 }}
  {{- end }}
{{- end }}
