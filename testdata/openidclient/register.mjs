// Registers with two versions of openid-client at a running tenure dev.
// node register.mjs INFO-FILE
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { webcrypto } from 'node:crypto'
import https from 'node:https'
globalThis.crypto ??= webcrypto
const six = await import('openid-client-6')
const { Issuer, custom, errors } = (await import('openid-client-5')).default

const info = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const plain = info.url + '/reg'
const metadata = { client_name: 'agent', redirect_uris: ['https://agent.example/callback'] }

const discovery = { issuer: info.url, registration_endpoint: plain }
const options = {
  execute: [six.allowInsecureRequests],
  [six.customFetch]: (url, init) => String(url).includes('/.well-known/')
    ? Promise.resolve(Response.json(discovery)) : fetch(url, init),
}
const config = await six.dynamicClientRegistration(new URL(info.url), metadata, undefined, options)
const made = config.clientMetadata()
assert.equal(made.client_name, 'agent')
assert.equal(made.client_secret_expires_at, 0)
const read = await six.fetchProtectedResource(config, made.registration_access_token, new URL(made.registration_client_uri), 'GET')
assert.equal(read.status, 200)
assert.equal((await read.json()).client_id, made.client_id)
await assert.rejects(six.dynamicClientRegistration(new URL(info.url), { redirect_uris: ['nowhere'] }, undefined, options),
  (e) => e instanceof six.ResponseBodyError && e.status === 400 && e.error === 'invalid_redirect_uri' && e.error_description !== '')

const open = new Issuer(discovery)
const five = await open.Client.register(metadata)
const again = await open.Client.fromUri(five.metadata.registration_client_uri, five.metadata.registration_access_token)
assert.equal(again.metadata.client_id, five.metadata.client_id)
await assert.rejects(open.Client.register({ redirect_uris: ['nowhere'] }),
  (e) => e instanceof errors.OPError && e.error === 'invalid_redirect_uri' && e.error_description !== '')

const { url, ca, cert, key, statement_url } = info.open_finance
const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) }
custom.setHttpOptionsDefaults(tls)
const bank = new Issuer({ issuer: info.url, registration_endpoint: url })
const statement = await (await fetch(statement_url)).text()
const asked = { software_statement: statement, redirect_uris: ['https://software.example/callback'] }
const client = (await bank.Client.register(asked)).metadata
assert.equal(client.token_endpoint_auth_method, 'private_key_jwt')
assert.equal(client.software_statement, statement)
const { registration_client_uri: uri, registration_access_token: token } = client
assert.equal((await bank.Client.fromUri(uri, token)).metadata.client_id, client.client_id)
await assert.rejects(bank.Client.register(asked), (e) => e instanceof errors.OPError && e.error === 'unapproved_software_statement')
const call = (method) => new Promise((resolve, reject) => {
  https.request(uri, { ...tls, method, headers: { authorization: `Bearer ${token}` } }, (res) => {
    res.resume().on('end', () => resolve(res.statusCode))
  }).on('error', reject).end()
})
assert.equal(await call('DELETE'), 204)
assert.equal(await call('GET'), 401)
await assert.rejects(bank.Client.fromUri(uri, token), (e) => e.error === 'invalid_token')
console.log('openid-client 6 and 5 registered')
