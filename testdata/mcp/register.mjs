// Registers, reads, changes and deletes clients at both registration APIs of a running
// tenure dev, with the TypeScript SDK of the Model Context Protocol: its function
// registers, its schema parses every answer.
// node register.mjs INFO-FILE
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { registerClient } from '@modelcontextprotocol/sdk/client/auth.js'
import { OAuthClientInformationFullSchema, OAuthClientMetadataSchema, OAuthClientRegistrationErrorSchema } from '@modelcontextprotocol/sdk/shared/auth.js'

const info = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const grants = ['authorization_code', 'refresh_token']
const shapes = {
  everything: {
    redirect_uris: ['https://agent.example/callback', 'https://agent.example/other'], token_endpoint_auth_method: 'client_secret_post',
    grant_types: grants, response_types: ['code'], client_name: 'Agent', client_uri: 'https://agent.example/', logo_uri: 'https://agent.example/logo.png',
    scope: 'openid profile', contacts: ['agents@agent.example'], tos_uri: 'https://agent.example/terms', policy_uri: 'https://agent.example/policy',
    jwks_uri: 'https://agent.example/keys', software_id: 'agent', software_version: '1.2.3',
  },
  minimum: { redirect_uris: ['https://agent.example/callback'] },
  native: {
    redirect_uris: ['http://127.0.0.1:33418/callback', 'com.example.agent:/callback'], token_endpoint_auth_method: 'none', grant_types: grants,
    response_types: ['code'], client_name: 'Agent', application_type: 'native',
  },
}
// What RFC 7592 section 2.2 forbids in a PUT.
const assigned = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']

for (const path of ['/oauth2/register', '/reg']) {
  const endpoint = info.url + path
  const metadata = { issuer: info.url, registration_endpoint: endpoint, authorization_endpoint: info.url, token_endpoint: info.url, response_types_supported: ['code'] }
  for (const [name, clientMetadata] of Object.entries(shapes)) {
    const where = `${name} at ${path}`
    if (name !== 'native') OAuthClientMetadataSchema.strict().parse(clientMetadata)
    let raw
    const fetchFn = async (url, init) => {
      const answer = await fetch(url, init)
      raw = await answer.clone().json()
      return answer
    }
    const made = await registerClient(info.url, { metadata, clientMetadata, fetchFn })
    for (const [member, value] of Object.entries(clientMetadata)) assert.deepEqual(raw[member], value, `${where}: ${member}`)
    assert.equal(typeof made.client_id, 'string', where)
    assert.equal(made.client_secret === undefined, name === 'native', where)
    if (name !== 'native') assert.equal(made.client_secret_expires_at, 0, where)

    const authorization = 'Bearer ' + raw.registration_access_token
    const call = (method, body, token = authorization) => fetch(raw.registration_client_uri, {
      method, headers: { Authorization: token, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
    })
    const got = await call('GET')
    assert.equal(got.status, 200, where)
    const read = await got.json()
    assert.equal(OAuthClientInformationFullSchema.parse(read).client_id, made.client_id, where)
    const wanted = { ...read, client_name: 'Agent, changed' }
    for (const member of assigned) delete wanted[member]
    const put = await call('PUT', wanted)
    const changed = await put.json()
    assert.equal(put.status, 200, `${where}: ${JSON.stringify(changed)}`)
    assert.equal(OAuthClientInformationFullSchema.parse(changed).client_name, 'Agent, changed', where)
    const token = 'Bearer ' + (changed.registration_access_token ?? raw.registration_access_token)
    assert.equal((await call('DELETE', undefined, token)).status, 204, where)
    const gone = await call('GET', undefined, token)
    assert.equal(gone.status, 401, where)
    OAuthClientRegistrationErrorSchema.parse(await gone.json())
  }
  await assert.rejects(registerClient(info.url, { metadata, clientMetadata: { redirect_uris: ['javascript:alert(1)'] } }),
    (e) => e.errorCode === 'invalid_redirect_uri' || /invalid_redirect_uri|redirect_uris/.test(String(e.message)))
}
console.log('both registrations, three shapes each: ok')
