package diff

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"tenure/snapshots/document"
)

// replacedValue says the words if a value became another one.
func replacedValue(words string) func(*input, *row) string {
	return func(_ *input, r *row) string {
		if r.Kind == Changed {
			return words
		}
		return ""
	}
}

// itemAdded and itemRemoved put a list's item into the words.
func itemAdded(format string) func(*input, *row) string { return ofKind(Added, format) }

func itemRemoved(format string) func(*input, *row) string { return ofKind(Removed, format) }

func ofKind(kind Kind, format string) func(*input, *row) string {
	return func(_ *input, r *row) string {
		if r.Kind != kind {
			return ""
		}
		return fmt.Sprintf(format, r.Old.Text+r.New.Text)
	}
}

// method is an auth method's value; RFC 7591 section 2 says what unset acts as.
func method(v Value) string {
	if !v.Set() {
		return "client_secret_basic"
	}
	return v.Text
}

// strength ranks auth methods: nothing, a secret that is sent, a secret that
// only signs, a key that never leaves the client. Unknown ones have none.
func strength(method string) (rank int, known bool) {
	switch method {
	case document.MethodNone:
		return 0, true
	case "client_secret_basic", "client_secret_post":
		return 1, true
	case "client_secret_jwt":
		return 2, true
	case "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth":
		return 3, true
	}
	return 0, false
}

func authNone(_ *input, r *row) string {
	if method(r.New) != document.MethodNone || method(r.Old) == document.MethodNone {
		return ""
	}
	return "client no longer authenticates"
}

func authWeaker(_ *input, r *row) string {
	from, knownFrom := strength(method(r.Old))
	to, knownTo := strength(method(r.New))
	if !knownFrom || !knownTo || to >= from {
		return ""
	}
	return "client authentication became weaker: " + method(r.Old) + " to " + method(r.New)
}

func authChanged(_ *input, r *row) string {
	if method(r.Old) == method(r.New) {
		return ""
	}
	return "client authentication changed: clients that use " + method(r.Old) + " are refused"
}

func signingNone(_ *input, r *row) string {
	if r.New.Text != "none" || r.Kind == Added && r.name == "userinfo_signed_response_alg" { // unset is unsigned there
		return ""
	}
	return "no longer signed: " + words(r.name)
}

// signingSymmetric: with a MAC whoever verifies can also sign (RFC 7518 section
// 3.2).
func signingSymmetric(_ *input, r *row) string {
	if !strings.HasPrefix(r.New.Text, "HS") || strings.HasPrefix(r.Old.Text, "HS") || r.Old.Text == "none" {
		return ""
	}
	return "signed with a shared secret now: " + words(r.name)
}

func encrypts(v Value) bool { return v.Set() && v.Text != "none" }

func encryptionOff(_ *input, r *row) string {
	if !encrypts(r.Old) || encrypts(r.New) {
		return ""
	}
	return "no longer encrypted: " + words(r.name)
}

func encryptionChanged(_ *input, r *row) string {
	if !encrypts(r.New) {
		return ""
	}
	return "encryption changed: who cannot read it fails: " + words(r.name)
}

// pkce ranks the modes; unset asks for nothing.
func pkce(v Value) int { return slices.Index([]string{"required", "s256-required"}, v.Text) }

func pkceDropped(_ *input, r *row) string {
	if pkce(r.Old) < 0 || pkce(r.New) >= 0 {
		return ""
	}
	return "PKCE no longer required"
}

func pkcePlain(_ *input, r *row) string {
	if pkce(r.Old) != 1 || pkce(r.New) != 0 {
		return ""
	}
	return "PKCE accepts the plain method again"
}

func pkceTightened(_ *input, r *row) string {
	if pkce(r.New) <= pkce(r.Old) {
		return ""
	}
	return "PKCE became stricter: clients that do less are refused"
}

// grants are the grant types that a change adds and removes: one, or where a
// list begins or ceases to be inherited, the difference of what is in force. The
// one that an empty list acts as goes with the first row of the list.
func grants(in *input, r *row) (added, removed []string) {
	old, new := inForce(in.old[r.name]), inForce(in.new[r.name])
	mine := func(string, []string) bool { return true }
	if r.class == listed {
		first := r == in.firstOf(func(one *row) bool { return one.name == r.name })
		mine = func(grant string, list []string) bool {
			return grant == r.Old.Text+r.New.Text || first && !slices.Contains(list, grant)
		}
	}
	for _, grant := range new {
		if !slices.Contains(old, grant) && mine(grant, texts(in.new[r.name])) {
			added = append(added, grant)
		}
	}
	for _, grant := range old {
		if !slices.Contains(new, grant) && mine(grant, texts(in.old[r.name])) {
			removed = append(removed, grant)
		}
	}
	return added, removed
}

// inForce: a client without grant types acts as one with authorization_code.
func inForce(list string) []string {
	if all := texts(list); len(all) > 0 {
		return all
	}
	return []string{"authorization_code"}
}

func texts(list string) []string {
	var all []string
	for _, item := range items(list) {
		all = append(all, unquote(item))
	}
	return all
}

func grantNamed(name, words string) func(*input, *row) string {
	return func(in *input, r *row) string {
		if added, _ := grants(in, r); slices.Contains(added, name) {
			return words
		}
		return ""
	}
}

// grantAdded leaves out what has a rule of its own.
func grantAdded(in *input, r *row) string {
	added, _ := grants(in, r)
	added = slices.DeleteFunc(added, func(grant string) bool { return grant == "password" || grant == "implicit" })
	if len(added) == 0 {
		return ""
	}
	return "new grant type " + strings.Join(added, ", ")
}

func grantRemoved(in *input, r *row) string {
	_, removed := grants(in, r)
	if len(removed) == 0 {
		return ""
	}
	return "grant type removed: " + strings.Join(removed, ", ")
}

// responseToken: access tokens of the authorization endpoint are in addresses
// (RFC 9700 section 2.1.2).
func responseToken(_ *input, r *row) string {
	if r.Kind != Added || !slices.Contains(strings.Fields(r.New.Text), "token") {
		return ""
	}
	return "response type with token added: access tokens travel in addresses"
}

// scopeAdded is for what a client may ask; that a resource server declares one
// more gives nobody anything.
func scopeAdded(_ *input, r *row) string {
	if r.class != listed || r.Kind != Added {
		return ""
	}
	if r.New.Text == "offline_access" {
		return "scope added: offline_access, tokens that last without the person"
	}
	return "scope added: " + r.New.Text
}

func scopeRemoved(_ *input, r *row) string {
	switch {
	case r.Kind != Removed:
		return ""
	case r.class == scope:
		return "scope no longer declared: " + r.Old.Text
	}
	return "scope removed: " + r.Old.Text
}

// spans are the two lifetimes as they act, nil where nothing says one.
func spans(in *input, r *row) (from, to *big.Int) {
	return number(in.old[r.name]), number(in.new[r.name])
}

func number(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil
	}
	return n
}

func lifetimeLonger(in *input, r *row) string {
	if r.form != document.FormLifetime || r.name == "default_max_age" {
		return ""
	}
	old, new := spans(in, r)
	switch {
	case old == nil || new != nil && new.Cmp(old) <= 0:
		return ""
	case new == nil:
		return lifetimeNoun(r.name) + " no longer limited here"
	}
	return lifetimeNoun(r.name) + times(r.name, old, new)
}

func lifetimeShorter(in *input, r *row) string {
	if r.form != document.FormLifetime || r.name == "default_max_age" {
		return ""
	}
	old, new := spans(in, r)
	if old == nil || new == nil || new.Cmp(old) >= 0 {
		return ""
	}
	return lifetimeNoun(r.name) + " shorter" + fromTo(r.name, old, new)
}

func maxAgeLonger(in *input, r *row) string {
	old, new := spans(in, r)
	switch {
	case old == nil || new != nil && new.Cmp(old) <= 0:
		return ""
	case new == nil:
		return "people no longer have to sign in again after " + span(old.Int64())
	}
	return "people have to sign in again later" + fromTo(r.name, old, new)
}

func lifetimeNoun(member string) string {
	return words(strings.TrimSuffix(strings.TrimSuffix(member, "_ttl"), "_lifespan")) + " lifetime"
}

// times is the factor between two lifetimes, rounded to tenths, and both.
func times(member string, from, to *big.Int) string {
	factor := "1"
	if from.Sign() > 0 {
		ratio := new(big.Rat).SetFrac(to, from)
		factor = strings.TrimSuffix(ratio.FloatString(1), ".0")
	}
	if factor == "1" {
		return " longer" + fromTo(member, from, to)
	}
	return " ×" + factor + fromTo(member, from, to)
}

func fromTo(member string, from, to *big.Int) string {
	return " (" + inUnits(member, from) + " to " + inUnits(member, to) + ")"
}

func inUnits(member string, n *big.Int) string {
	unit := perSecond(member)
	if n.Int64()%unit != 0 {
		return time.Duration(n.Int64()).String() // nanoseconds
	}
	return span(n.Int64() / unit)
}

// switched says the words if a flag went from one state to the other; an unset
// one acts as false, or as the setup says.
func switched(from, to bool, format string) func(*input, *row) string {
	return func(in *input, r *row) string {
		old, new := r.Old.JSON == "true", r.New.JSON == "true"
		if r.name == r.Member { // as it acts, inherited or not
			old, new = in.old[r.name] == "true", in.new[r.name] == "true"
		}
		if old != from || new != to {
			return ""
		}
		return fmt.Sprintf(format, words(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(r.name, "require_"), "skip_"), "_required")))
	}
}

func subjectsPublic(_ *input, r *row) string {
	if r.Old.Text != "pairwise" || r.New.Text == "pairwise" {
		return ""
	}
	return "people can be recognized across clients: subjects are no longer pairwise"
}

func subjectsChange(in *input, r *row) string {
	pairwise := in.old["subject_type"] == `"pairwise"` || in.new["subject_type"] == `"pairwise"`
	if !pairwise {
		return ""
	}
	return "the client sees people under other subject identifiers"
}

// policies from the laxest on (nevisMeta); unset is whatever the setup says.
func policy(v Value) int {
	return slices.Index([]string{"consent_not_required", "consent_persisted", "consent_required", "not_allowed"}, v.Text)
}

func policyRelaxed(_ *input, r *row) string {
	if policy(r.New) < 0 || policy(r.Old) <= policy(r.New) {
		return ""
	}
	return words(r.name) + " relaxed: " + r.Old.Text + " to " + r.New.Text
}

func policyTightened(_ *input, r *row) string {
	if policy(r.Old) < 0 || policy(r.New) <= policy(r.Old) {
		return ""
	}
	return words(r.name) + " tightened: " + r.Old.Text + " to " + r.New.Text
}
