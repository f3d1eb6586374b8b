import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFolder } from '../support/folder.ts'

const run = promisify(execFile)
const CHART = fileURLToPath(new URL('../../deploy/helm/discue', import.meta.url))
const VERSION = '4.3.2'
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'discue-tools')
const HELM = join(CACHE, `helm-${VERSION}`)
const canBuild = existsSync(HELM) || spawnSync('go', ['version']).status === 0
const skip = canBuild ? false : 'there is no Go here to build helm with'
/** Building it takes ten minutes on a small machine, once. */
const PATIENCE = { timeout: 1_800_000, skip }

/** The manifests that the chart makes with these values, by kind. */
async function made(...values: string[]): Promise<Map<string, string>> {
  const set = values.flatMap((value) => ['--set', value])
  const { stdout } = await run(HELM, ['template', 'queue', CHART, '--set', 'existingSecret=keys', ...set])
  return new Map(
    stdout
      .split(/^---$/m)
      .map((text) => [`${/^kind: (\w+)/m.exec(text)?.[1]} ${/^ {2}name: (.*)/m.exec(text)?.[1]}`, text]),
  )
}

describe('the chart, by the real helm', PATIENCE, () => {
  before(async () => {
    if (existsSync(HELM) || skip) return
    using built = makeFolder()
    mkdirSync(CACHE, { recursive: true })
    const env = { ...process.env, GOBIN: built.path, GOFLAGS: '-p=1' }
    await run('go', ['install', `helm.sh/helm/v4/cmd/helm@v${VERSION}`], { env, maxBuffer: 2 ** 26 })
    renameSync(join(built.path, 'helm'), HELM)
  }, PATIENCE)

  test('passes its linter', async () => {
    await run(HELM, ['lint', '--strict', CHART, '--set', 'existingSecret=keys'])
  })

  test('is one pod with a volume on SQLite', async () => {
    const manifests = await made()
    const pod = manifests.get('StatefulSet queue-discue')!
    assert.match(pod, /^ {2}replicas: 1$/m)
    assert.match(pod, /volumeClaimTemplates/)
    assert.match(pod, /enableServiceLinks: false/)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) assert.ok(pod.includes(probe), probe)
    assert.deepEqual(
      [...manifests.keys()].filter((name) => /Disruption|ServiceMonitor|Ingress/.test(name)),
      [],
    )
  })

  test('is as many pods as are wanted on PostgreSQL, of which a drain takes one at a time', async () => {
    const on = ['database=postgres', 'postgres.replicas=5', 'metrics.serviceMonitor.enabled=true']
    const manifests = await made(...on, 'ingress.enabled=true', 'publicUrl=https://queue.example.com')
    const pods = manifests.get('Deployment queue-discue')!
    assert.match(pods, /^ {2}replicas: 5$/m)
    assert.match(pods, /enableServiceLinks: false/)
    assert.match(pods, /value: "https:\/\/queue.example.com"/)
    assert.ok(!manifests.has('StatefulSet queue-discue'))
    assert.match(manifests.get('PodDisruptionBudget queue-discue')!, /maxUnavailable: 1/)
    assert.match(manifests.get('ServiceMonitor queue-discue')!, /component: metrics/)
    assert.ok(manifests.has('NetworkPolicy queue-discue') && manifests.has('Ingress queue-discue'))
  })

  test('says what is missing, and what is wrong', async () => {
    await assert.rejects(run(HELM, ['template', 'queue', CHART]), /existingSecret must name a Secret/)
    await assert.rejects(made('database=mysql'), /must be one of 'sqlite', 'postgres'/)
    await assert.rejects(made('settings.port=3000'), /settings/)
  })
})
