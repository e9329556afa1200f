package openfinance

import (
	"fmt"

	"tenure/tenancy/fault"
)

// Codes of faults that this surface makes itself beside those of package scheme:
// the error member of answers (RFC 7591 section 3.2.2, and the scheme's own for
// webhooks).
const (
	CodeMetadata = "invalid_client_metadata"
	CodeRedirect = "invalid_redirect_uri"
	CodeWebhook  = "invalid_webhook_uris"
	CodeKeySet   = "client-key-set" // Upstream or Timeout: the document at jwks_uri
)

// refuse is an Invalid fault about one member of the body. Its text is ASCII
// (RFC 6749 section 5.2) and repeats nothing that was sent but short words.
func refuse(code, path, rule, format string, args ...any) *fault.Fault {
	f := fault.New(fault.Invalid, code, format, args...)
	f.Fields = []fault.Field{{Path: path, Rule: rule, Message: f.Message}}
	return f
}

// item is the path of an element of a member.
func item(member string, i int) string { return fmt.Sprintf("/%s/%d", member, i) }
