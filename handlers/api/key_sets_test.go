package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// TestKeySetsInPlans: a plan names the values of a key set that are stored in another form, and the
// rules that the setup's policy lets it break.
func TestKeySetsInPlans(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	vars := f.variables(t)
	send := func(method, path, body string) (int, map[string]any) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Admin))
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return w.Code, answer
	}
	plan, publish, policy := "/v1/clients/"+vars["shop"]+"/snapshots:plan", "/v1/clients/"+vars["shop"]+"/snapshots", "/v1/setups/"+vars["north_setup"]+"/policy"
	merge := func(n, e string) string {
		return `{"merge":{"jwks":{"keys":[{"kty":"RSA","n":"` + n + `","e":"` + e + `"}]}}}`
	}
	warned := func(answer map[string]any) (all []string) {
		list, _ := answer["warnings"].([]any)
		for _, item := range list {
			w := item.(map[string]any)
			all = append(all, fmt.Sprint(w["pointer"], " ", w["rule"]))
			if w["message"] == "" {
				t.Errorf("%v", w)
			}
		}
		return all
	}
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	n.SetBit(n, 0, 1)
	right, padded := base64.RawURLEncoding.EncodeToString(n.Bytes()), base64.StdEncoding.EncodeToString(n.Bytes())

	for _, path := range []string{plan, publish} {
		status, answer := send("POST", path, merge(padded, "AAEAAQ"))
		if got := warned(answer); status != 200 || !slices.Equal(got, []string{"/jwks/keys/0/n canonical-form", "/jwks/keys/0/e canonical-form"}) {
			t.Errorf("%s: %d, warnings %q", path, status, got)
		}
	}
	status, answer := send("POST", plan, merge(right, "AQAB"))
	if status != 200 || answer["changes"] != false || answer["warnings"] != nil {
		t.Errorf("the same again: %d %v", status, answer)
	}
	status, answer = send("POST", plan, merge("AQ", "AQAB"))
	if errs := fmt.Sprint(answer["errors"]); status != 422 || !strings.Contains(errs, "/jwks/keys/0/n") || !strings.Contains(errs, "2,048 bits (RFC 7518") {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = send("PUT", policy, `{"weak_keys":"warn"}`); status != 200 || answer["weak_keys"] != "warn" {
		t.Fatalf("%d %v", status, answer)
	}
	for _, path := range []string{plan, publish} {
		status, answer := send("POST", path, merge("AQ", "AQAB="))
		if got := warned(answer); status != 200 || !slices.Equal(got, []string{"/jwks/keys/0/n rsa-modulus-small", "/jwks/keys/0/e canonical-form"}) {
			t.Errorf("%s: %d, warnings %q", path, status, got)
		}
	}
	if status, answer = send("PUT", policy, `{}`); status != 200 || answer["weak_keys"] != "refuse" {
		t.Fatalf("%d %v", status, answer)
	}
	// What is stored stays acceptable, by a patch and by the whole configuration sent back.
	if status, answer = send("POST", publish, `{"patch":[{"op":"replace","path":"/client_name","value":"renamed"}]}`); status != 200 || answer["changed"] != true {
		t.Errorf("%d %v", status, answer)
	}
	_, answer = send("GET", "/v1/clients/"+vars["shop"], "")
	configuration, err := json.Marshal(answer["configuration"])
	must(t, err)
	if status, answer = send("POST", publish, `{"configuration":`+string(configuration)+`}`); status != 200 || answer["changed"] != false {
		t.Errorf("%d %v", status, answer)
	}
}
