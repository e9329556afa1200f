package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAHashIsNoSecret: on every surface, a client_secret that is a hash is refused,
// with a text that says how hashes come here.
func TestAHashIsNoSecret(t *testing.T) {
	in := newInstallation(t)
	call := func(method, path, credential, body string) (int, string) {
		t.Helper()
		headers := map[string]string{}
		if credential != "" {
			headers["Authorization"] = "Bearer " + credential
		}
		return in.sent(t, method, path, headers, body)
	}
	member := func(body, name string) string {
		_, rest, _ := strings.Cut(body, `"`+name+`":"`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	v2 := "/v2/modules/oauthv2/setups/" + string(in.setup) + "/clients"
	_, made := call("POST", "/admin/clients", in.editor, `{"client_name":"a"}`)
	_, own := call("POST", "/oauth2/register", "", `{"client_name":"a","redirect_uris":["https://a.example/cb"]}`)
	_, entity := call("POST", v2, in.editor, `{"name":"a","confidentiality_type":"confidential"}`)
	hydra, register := "/admin/clients/"+member(made, "client_id"), "/oauth2/register/"+member(own, "client_id")
	for _, hash := range []string{"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"$pbkdf2-sha256$i=25000,l=32$c2FsdFNBTFRzYWx0U0FMVA$GzeDwF9pbywR4R5ujU7I4ydEFo+p7XT6qALg695Lg78",
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG", "$6$rounds=5000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMH"} {
		for _, c := range []struct{ method, path, credential, body string }{
			{"POST", "/admin/clients", in.editor, `{"client_name":"b","client_secret":%q}`},
			{"PUT", hydra, in.editor, `{"client_name":"b","client_secret":%q}`},
			{"PATCH", hydra, in.editor, `[{"op":"add","path":"/client_secret","value":%q}]`},
			{"POST", "/oauth2/register", "", `{"redirect_uris":["https://a.example/cb"],"client_secret":%q}`},
			{"PUT", register, member(own, "registration_access_token"), `{"redirect_uris":["https://a.example/cb"],"client_secret":%q}`},
			{"POST", v2, in.editor, `{"name":"b","confidentiality_type":"confidential","client_secret":%q}`},
			{"PUT", v2 + "/" + url.PathEscape(member(entity, "clientId")), in.editor, `{"name":"b","confidentiality_type":"confidential","client_secret":%q}`},
		} {
			status, body := call(c.method, c.path, c.credential, fmt.Sprintf(c.body, hash))
			own := strings.HasPrefix(c.path, "/oauth2/register") && strings.Contains(body, "not allowed to choose your own") // whatever it is
			if (status != http.StatusBadRequest || !strings.Contains(body, "tenure import hydra")) && !own {
				t.Errorf("%s %s with %.9s: %d %s", c.method, c.path, hash, status, body)
			}
		}
	}
}
