package openfinance

import (
	"errors"
	"fmt"

	"tenure/tenancy/fault"
)

// Codes of faults that this dialect makes itself: the error member of answers
// (RFC 7591 section 3.2.2, and the scheme's own for webhooks). They are of kind
// Invalid but for the last two.
const (
	CodeStatement  = "invalid_software_statement"
	CodeUnapproved = "unapproved_software_statement"
	CodeMetadata   = "invalid_client_metadata"
	CodeRedirect   = "invalid_redirect_uri"
	CodeWebhook    = "invalid_webhook_uris"

	CodeRequest     = "invalid_request"     // of kind Malformed: a header in strict mode
	CodeCertificate = "invalid_certificate" // of kind Unauthenticated: no certificate, or one that does not hold
	CodeDirectory   = "directory"           // of kind Upstream or Timeout: no key set was ever had
	CodeKeySet      = "client-key-set"      // of kind Upstream or Timeout: the document at jwks_uri
)

// refuse is an Invalid fault about one member of the body. Its text is ASCII
// (RFC 6749 section 5.2) and repeats nothing that was sent but short words.
func refuse(code, path, rule, format string, args ...any) *fault.Fault {
	f := fault.New(fault.Invalid, code, format, args...)
	f.Fields = []fault.Field{{Path: path, Rule: rule, Message: f.Message}}
	return f
}

// unavailable is a document of a peer that cannot be had: Timeout if the peer
// did not answer in time, else Upstream. err is for the log.
func unavailable(err error, code, message string) error {
	var timed interface{ Timeout() bool }
	if errors.As(err, &timed) && timed.Timeout() {
		return fault.Wrap(err, fault.Timeout, code, "%s in time", message)
	}
	return fault.Wrap(err, fault.Upstream, code, "%s", message)
}

const statementPath = "/software_statement"

// broken is a statement that proves nothing; err is for the log.
func broken(err error, format string, args ...any) *fault.Fault {
	f := fault.Wrap(err, fault.Invalid, CodeStatement, format, args...)
	f.Fields = []fault.Field{{Path: statementPath, Rule: "statement", Message: f.Message}}
	return f
}

// unapproved is a sound statement that may not register here.
func unapproved(rule, format string, args ...any) *fault.Fault {
	return refuse(CodeUnapproved, statementPath, rule, format, args...)
}

// Unapproved is a certificate's fault as a registration answers it: 400 with
// unapproved_software_statement, where management answers 401. Any other error
// stays as it is.
func Unapproved(err error) error {
	if !fault.HasCode(err, CodeCertificate) {
		return err
	}
	message := fault.Of(err).Message
	f := fault.Wrap(err, fault.Invalid, CodeUnapproved, "%s", message)
	f.Fields = []fault.Field{{Path: statementPath, Rule: "certificate", Message: message}}
	return f
}

// item is the path of an element of a member.
func item(member string, i int) string { return fmt.Sprintf("/%s/%d", member, i) }
