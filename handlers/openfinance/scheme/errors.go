package scheme

import (
	"errors"

	"tenure/tenancy/fault"
)

// Codes of faults.
const (
	CodeStatement   = "invalid_software_statement"    // Invalid: the statement proves nothing
	CodeUnapproved  = "unapproved_software_statement" // Invalid: the statement is valid but may not register here
	CodeRequest     = "invalid_request"               // Malformed: a header in strict mode
	CodeCertificate = "invalid_certificate"           // Unauthenticated: the certificate is missing or not valid
	CodeDirectory   = "directory"                     // Upstream or Timeout: the directory's key set was never fetched
)

// Unavailable is the fault of a document that a peer did not deliver: Timeout if
// the peer did not answer in time, else Upstream. err is for the log.
func Unavailable(err error, code, document string) error {
	var timed interface{ Timeout() bool }
	if errors.As(err, &timed) && timed.Timeout() {
		return fault.Wrap(err, fault.Timeout, code, "%s could not be fetched in time", document)
	}
	return fault.Wrap(err, fault.Upstream, code, "%s could not be fetched", document)
}

// StatementPath is the member that faults of statements and certificates name.
const StatementPath = "/software_statement"

// broken is the fault of a statement that proves nothing; err is for the log.
func broken(err error, format string, args ...any) *fault.Fault {
	f := fault.Wrap(err, fault.Invalid, CodeStatement, format, args...)
	return aboutStatement(f, "statement")
}

// unapproved is the fault of a valid statement that may not register here.
func unapproved(rule, format string, args ...any) *fault.Fault {
	return aboutStatement(fault.New(fault.Invalid, CodeUnapproved, format, args...), rule)
}

// Unapproved turns a certificate's fault into the one with which a registration
// is refused: 400 with unapproved_software_statement, where a management call is
// refused with 401. It returns any other error unchanged.
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
