package ory_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/tenancy/fault"
)

func reply(method string, f *fault.Fault) *web.Reply {
	return ory.Spell(&web.Call{Request: httptest.NewRequest(method, "/admin/clients", nil)}, f)
}

// spelled is what a caller reads of a fault.
func spelled(t *testing.T, method string, f *fault.Fault) (status int, text, description string) {
	t.Helper()
	r := reply(method, f)
	var body struct {
		Error       string
		Description *string `json:"error_description"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil || body.Description == nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	if cached := r.Header["Cache-Control"]; (len(cached) == 1) != (method == http.MethodGet) {
		t.Errorf("%s has %v", method, cached)
	}
	return r.Status, body.Error, *body.Description
}

func TestSecretsHaveTheirForm(t *testing.T) {
	random, seen := rand.NewChaCha8([32]byte{}), map[string]bool{}
	counts := map[rune]int{}
	for range 3000 {
		secret, err := ory.NewSecret(random)
		if err != nil || len(secret) != 26 || seen[secret] {
			t.Fatalf("%q, %v", secret, err)
		}
		seen[secret] = true
		for _, r := range secret {
			counts[r]++
		}
	}
	if len(counts) != 66 {
		t.Errorf("%d characters", len(counts))
	}
	for r, n := range counts {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~", r) || n < 1000 || n > 1370 { // 1182 expected, σ 34
			t.Errorf("%q stands %d times", r, n)
		}
	}
}

func TestTheTokensPrefixMayBeLeftOut(t *testing.T) {
	if ory.SignificantToken("ory_at_a.b") != "a.b" || ory.SignificantToken("a.b") != "a.b" {
		t.Error("the prefix counts")
	}
}
