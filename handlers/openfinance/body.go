package openfinance

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"

	"tenure/handlers/openfinance/scheme"
	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy/fault"
)

// body is the body of POST and PUT: the decoded client, and all members that were
// sent by their exact names.
type body struct {
	client
	sent map[string]json.RawMessage
}

// decode reads a body. The fault is Malformed if the body is not a JSON object of
// type application/json, and Invalid if a member has the wrong type. Unknown
// members are ignored (R1-2). The body's bytes count for the setup.
func (h *handler) decode(c *web.Call, setup snapshots.EntityID) (*body, error) {
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, badRequest("the body's Content-Type must be application/json")
	}
	raw, err := c.Body()
	if err != nil {
		return nil, err
	}
	if err := h.bytes.TakeN(string(setup), len(raw)); err != nil {
		return nil, err
	}
	b := &body{}
	if err := web.DecodeJSON(raw, &b.sent, false); err != nil {
		return nil, err
	}
	if err := web.DecodeMembers(b.sent, &b.client); err != nil {
		return nil, mistyped(err)
	}
	return b, nil
}

// mistyped turns the fault of a value with the wrong type into that member's.
func mistyped(err error) error {
	f := fault.Of(err)
	if f.Kind != fault.Malformed || len(f.Fields) == 0 {
		return err
	}
	field := f.Fields[0]
	member, _, _ := strings.Cut(strings.TrimPrefix(field.Path, "/"), "/")
	code := CodeMetadata
	switch member {
	case "redirect_uris":
		code = CodeRedirect
	case "webhook_uris":
		code = CodeWebhook
	case "software_statement":
		code = scheme.CodeStatement
	}
	return refuse(code, field.Path, field.Rule, "%s: %s", member, field.Message)
}

// has reports whether a member was sent with a value other than null.
func (b *body) has(name string) bool {
	raw, ok := b.sent[name]
	return ok && !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}
