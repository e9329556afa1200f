"""Registers, reads, changes and deletes clients at both registration APIs of a running
tenure dev, with the Python SDK of the Model Context Protocol: its functions make the
request and read the answer, its models parse every other answer.

python register.py INFO-FILE
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.auth import OAuthRegistrationError
from mcp.client.auth.utils import create_client_registration_request, handle_registration_response
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthMetadata

SHAPES = {
    "everything": dict(
        redirect_uris=["https://agent.example/callback", "https://agent.example/other"],
        token_endpoint_auth_method="client_secret_post",
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        application_type="web",
        client_name="Agent",
        client_uri="https://agent.example/",
        logo_uri="https://agent.example/logo.png",
        scope="openid profile",
        contacts=["agents@agent.example"],
        tos_uri="https://agent.example/terms",
        policy_uri="https://agent.example/policy",
        jwks_uri="https://agent.example/keys",
        software_id="agent",
        software_version="1.2.3",
    ),
    "minimum": dict(redirect_uris=["https://agent.example/callback"]),
    "native": dict(
        redirect_uris=["http://127.0.0.1:33418/callback", "com.example.agent:/callback"],
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        client_name="Agent",
        application_type="native",
    ),
}
# What RFC 7592 section 2.2 forbids in a PUT.
ASSIGNED = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


def check(holds: bool, *about: object) -> None:
    if not holds:
        raise SystemExit(f"failed: {about}")


async def life(http: httpx2.AsyncClient, server: OAuthMetadata, url: str, name: str) -> None:
    where = f"{name} at {server.registration_endpoint}"
    metadata = OAuthClientMetadata.model_validate(SHAPES[name])
    request = create_client_registration_request(server, metadata, url)
    sent = json.loads(request.content)
    answer = await http.send(request)
    made = await handle_registration_response(answer)
    raw = answer.json()
    for member, value in sent.items():
        check(raw.get(member) == value, where, member, value, raw)
    check(all(value not in (None, "", [], {}) for value in raw.values()), where, raw)
    check((made.client_secret is None) == (name == "native"), where, raw)

    uri, headers = raw["registration_client_uri"], {"Authorization": "Bearer " + raw["registration_access_token"]}
    got = await http.get(uri, headers=headers)
    check(got.status_code == 200, where, got.text)
    check(OAuthClientInformationFull.model_validate_json(got.content).client_id == made.client_id, where, got.text)
    wanted = {member: value for member, value in got.json().items() if member not in ASSIGNED} | {"client_name": "Agent, changed"}
    put = await http.put(uri, headers=headers, json=wanted)
    check(put.status_code == 200, where, put.text)
    check(OAuthClientInformationFull.model_validate_json(put.content).client_name == "Agent, changed", where, put.text)
    headers = {"Authorization": "Bearer " + put.json().get("registration_access_token", raw["registration_access_token"])}
    check((await http.delete(uri, headers=headers)).status_code == 204, where)
    check((await http.get(uri, headers=headers)).status_code == 401, where)


async def main(url: str) -> None:
    async with httpx2.AsyncClient() as http:
        for path in ("/oauth2/register", "/reg"):
            server = OAuthMetadata.model_validate(
                dict(issuer=url, authorization_endpoint=url, token_endpoint=url, registration_endpoint=url + path)
            )
            for name in SHAPES:
                await life(http, server, url, name)
            refused = create_client_registration_request(
                server, OAuthClientMetadata.model_validate(dict(redirect_uris=["javascript:alert(1)"])), url
            )
            try:
                await handle_registration_response(await http.send(refused))
            except OAuthRegistrationError as e:
                check("invalid_redirect_uri" in str(e), e)
            else:
                check(False, "a script was registered", path)
    print("both registrations, three shapes each: ok")


with open(sys.argv[1]) as f:
    asyncio.run(main(json.load(f)["url"]))
