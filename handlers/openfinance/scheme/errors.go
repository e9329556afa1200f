package scheme

import (
	"errors"

	"tenure/tenancy/fault"
)

// Codes of faults.
const (
	CodeStatement   = "invalid_software_statement"    // Invalid: the statement proves nothing
	CodeUnapproved  = "unapproved_software_statement" // Invalid: it is sound, and may not register here
	CodeRequest     = "invalid_request"               // Malformed: a header in strict mode
	CodeCertificate = "invalid_certificate"           // Unauthenticated: no certificate, or one that does not hold
	CodeDirectory   = "directory"                     // Upstream or Timeout: no key set was ever had
)

// Unavailable is a document of a peer that cannot be had: Timeout if the peer
// did not answer in time, else Upstream. err is for the log.
func Unavailable(err error, code, message string) error {
	var timed interface{ Timeout() bool }
	if errors.As(err, &timed) && timed.Timeout() {
		return fault.Wrap(err, fault.Timeout, code, "%s in time", message)
	}
	return fault.Wrap(err, fault.Upstream, code, "%s", message)
}

// StatementPath is the member that faults of statements and certificates name.
const StatementPath = "/software_statement"

// broken is a statement that proves nothing; err is for the log.
func broken(err error, format string, args ...any) *fault.Fault {
	f := fault.Wrap(err, fault.Invalid, CodeStatement, format, args...)
	return aboutStatement(f, "statement")
}

// unapproved is a sound statement that may not register here.
func unapproved(rule, format string, args ...any) *fault.Fault {
	return aboutStatement(fault.New(fault.Invalid, CodeUnapproved, format, args...), rule)
}

// Unapproved is a certificate's fault as a registration answers it: 400 with
// unapproved_software_statement, where management answers 401. Any other error
// stays as it is.
func Unapproved(err error) error {
	if !fault.HasCode(err, CodeCertificate) {
		return err
	}
	return aboutStatement(fault.Wrap(err, fault.Invalid, CodeUnapproved, "%s", fault.Of(err).Message), "certificate")
}

func aboutStatement(f *fault.Fault, rule string) *fault.Fault {
	f.Fields = []fault.Field{{Path: StatementPath, Rule: rule, Message: f.Message}}
	return f
}
