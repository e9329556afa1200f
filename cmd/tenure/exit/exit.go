// Package exit has the codes that the program ends with, and the error that
// carries one. It imports tenancy/fault only.
package exit

import (
	"errors"
	"fmt"

	"tenure/tenancy/fault"
)

// Exit codes.
const (
	Failure  = 1
	Usage    = 2 // a command, flag, variable or config file is not valid
	Database = 3 // the database cannot be opened, or is in use
	Listen   = 4 // the program cannot listen on the address
	Problems = 5 // the consistency check found problems
	Refused  = 6 // the database is older than the log that was published, or has another log, or other nodes have other keys

	Unreachable = 7 // the watched log does not answer
	Unconfirmed = 8 // what is there is consistent, but nothing that is trusted confirms it
	Proof       = 9 // a proof or a signature is not valid
)

// Error is an error with the code that the program ends with.
type Error struct {
	Code int
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// With gives an error the code that the program ends with. It returns nil for
// no error.
func With(code int, err error) error {
	if err == nil {
		return nil
	}
	return &Error{code, err}
}

// Opening gives an error of opening a database its code: a database that cannot be
// opened is another thing than an address that is none.
func Opening(err error) error {
	if fault.Is(err, fault.Malformed) {
		return With(Usage, fmt.Errorf("--database: %w", err))
	}
	return With(Database, err)
}

// Code is the code that an error carries, and false if it carries none.
func Code(err error) (int, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Code, true
	}
	return 0, false
}

// Message is an error's text for the operator. Unlike callers of the API, the
// operator also sees the cause of an internal error.
func Message(err error) string {
	if f := fault.Of(err); f.Kind != fault.Internal {
		return f.Error()
	}
	return err.Error()
}
