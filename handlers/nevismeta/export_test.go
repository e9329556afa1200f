package nevismeta

import (
	"encoding/json"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

var (
	Spell       = spell
	ListQuery   = listQuery
	ListParams  = listParams
	ClientRules = clientRules
)

// The two forms that a client reads in.
const (
	FormResolved = formResolved
	FormRaw      = formRaw
)

// MaxNamed is how many broken members an answer names.
const MaxNamed = maxNamed

// HasRow reports whether the table of errors has a row for the kind, and its code.
func HasRow(k fault.Kind) (status int, code, text string, ok bool) {
	row, ok := statuses[k]
	return row.status, row.code, row.text, ok
}

// Codes lists the codes of single cases.
func Codes() map[string]string { return codes }

// Body is a client as it is written.
type Body struct{ body clientBody }

// DecodeBody reads a body as POST and PUT do.
func DecodeBody(data []byte) (*Body, error) {
	b := &Body{}
	if err := web.DecodeJSON(data, &b.body, true); err != nil {
		return nil, err
	}
	return b, b.body.prepare()
}

// RegistrationBody sorts V3's members.
func RegistrationBody(members map[string]json.RawMessage) (*Body, []fault.Field, error) {
	body, faults, err := registration(members)
	if body == nil {
		return nil, faults, err
	}
	return &Body{*body}, faults, err
}

// Apply makes the domain record.
func (b *Body) Apply(base *document.Client, setup *document.Setup) (*document.Client, []fault.Field) {
	return b.body.toDomain(base, setup)
}

// TagOf is the entity tag of a client's answer without a secret.
func TagOf(found snapshots.Resolved[document.Client]) string {
	return etag(found, formResolved, "")
}

// ClientJSON is a client's document without its secret.
func ClientJSON(found snapshots.Resolved[document.Client], form string) ([]byte, error) {
	body, _, err := clientJSON(found, form)
	return body, err
}
