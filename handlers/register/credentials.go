package register

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"tenure/handlers/web"
)

// credentialParams are the query parameters that credentials come in. They may be
// repeated: then they are not taken.
var credentialParams = []web.Param{web.Text("access_token").AsIs(), web.Text("client_secret").AsIs()}

// credentialsOf reads a request's credentials as Hydra does: first a Bearer header,
// then access_token in the query or in a form, then the client's own credentials.
// A value that is repeated is not taken: two readers of the same request could take
// different ones.
func credentialsOf(c *web.Call, id string) credentials {
	header := onlyOne(c.Request.Header["Authorization"])
	scheme, rest, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "Bearer") {
		return credentials{token: strings.TrimLeft(rest, " ")}
	}
	if len(c.Request.Header["Authorization"]) > 1 {
		return credentials{}
	}
	if token := onlyOne(c.Texts("access_token")); token != "" {
		return credentials{token: token}
	}
	if token := formToken(c); token != "" {
		return credentials{token: token}
	}
	if strings.EqualFold(scheme, "Basic") {
		return credentials{secrets: basicPairs(rest), method: methodBasic}
	}
	if secret := onlyOne(c.Texts("client_secret")); secret != "" {
		return credentials{secrets: []pair{{id, secret}}, method: methodPost}
	}
	return credentials{}
}

// formToken is the access_token of a form body. A read has no body.
func formToken(c *web.Call) string {
	if isRead(c) {
		return ""
	}
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return ""
	}
	body, err := c.Body()
	if err != nil {
		return ""
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return onlyOne(form["access_token"])
}

// basicPairs decodes the Basic scheme's id and secret: form-encoded as RFC 6749
// section 2.3.1 asks for, and as they are, which is how most clients send them.
func basicPairs(encoded string) []pair {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return nil
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return nil
	}
	plain := pair{id, secret}
	decodedID, errID := url.QueryUnescape(id)
	decodedSecret, errSecret := url.QueryUnescape(secret)
	if decoded := (pair{decodedID, decodedSecret}); errID == nil && errSecret == nil && decoded != plain {
		return []pair{decoded, plain}
	}
	return []pair{plain}
}

// onlyOne is the value if there is exactly one; else empty.
func onlyOne(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return ""
}

func isRead(c *web.Call) bool {
	return c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
}
