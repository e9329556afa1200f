// Package fault is the one error vocabulary inside Tenure.
//
// It owns the kinds of things that can go wrong, and nothing about how a
// protocol spells them: each surface has one table from Kind to status and
// body. A Fault of kind Internal (also every error that is no Fault) is shown
// to a caller without its text. It imports nothing of ours; everybody may
// import it.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an error. The zero value is Internal,
// so that a forgotten kind never shows its text.
type Kind uint8

// The kinds. A surface's table has one row for each.
const (
	Internal           Kind = iota // our fault; text is for the log only
	Malformed                      // the request does not parse
	Invalid                        // it parses and breaks rules; see Fields
	Unauthenticated                // no credential, or one that does not hold
	Forbidden                      // known caller, not allowed
	NotFound                       // no such object that this caller may see
	Gone                           // was there; its content is erased
	Conflict                       // a key is taken, or the state does not allow it
	PreconditionFailed             // If-Match names another version
	TooLarge                       // over a size limit
	Unsupported                    // method or media type
	Throttled                      // too many requests; RetryAfter
	Unavailable                    // cannot serve now; RetryAfter
	Timeout                        // the store or a peer did not answer in time
	Upstream                       // a peer answered wrongly
	Quota                          // a configured maximum is reached
	Replayed                       // idempotency key used with another request
	kinds
)

var kindNames = [kinds]string{
	"internal", "malformed", "invalid", "unauthenticated", "forbidden", "not-found", "gone",
	"conflict", "precondition-failed", "too-large", "unsupported", "throttled", "unavailable",
	"timeout", "upstream", "quota", "replayed",
}

func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "internal"
}

// Field is one broken rule: Path is a JSON pointer (RFC 6901) into the
// document in domain names ("/redirect_uris/1"), Rule the stable name of the
// rule, Message one sentence without any secret.
type Field struct {
	Path, Rule, Message string
}

// Fault is an error with a kind. Message may be shown to the caller, the
// wrapped error never is.
type Fault struct {
	Kind       Kind
	Code       string // which case of the kind, from the constants below; may be empty
	Message    string
	Fields     []Field
	RetryAfter time.Duration // for Throttled and Unavailable
	Instant    time.Time     // with CodeNotYetEffective when it begins, with CodeDeleted when it ended; zero for none
	err        error
}

// Codes that surfaces tell apart within a kind.
const (
	CodeClientUnknown   = "client-unknown"
	CodeSetupUnknown    = "setup-unknown"
	CodeModuleUnknown   = "module-unknown"
	CodeServerUnknown   = "resource-server-unknown"
	CodeSnapshotUnknown = "snapshot-unknown"
	CodeOrgUnknown      = "organization-unknown"
	CodeKeyUnknown      = "key-unknown"
	CodeNotYetEffective = "not-yet-effective"
	CodeDeleted         = "deleted"             // Gone: at the instant asked for
	CodeErased          = "erased"              // Gone: the content
	CodeNotFuture       = "snapshot-not-future" // active or past snapshots stay
	CodeLastSnapshot    = "last-snapshot"       // the only one left stays
	CodeInstantTaken    = "instant-taken"       // another snapshot stands at this valid_from
	CodeActiveInstant   = "active-instant"      // valid_from is the active snapshot's own
	CodePlanMoved       = "plan-moved"          // the plan that a write carries is not what would be done now
	CodeStalePlan       = "stale-plan"          // policy refuses to write under a plan
	CodeIDTaken         = "id-taken"
	CodeNameTaken       = "name-taken"
	CodeOutside         = "outside"       // the client is there, and not below the acting organization
	CodeNotDeleted      = "not-deleted"   // what is to be restored is there, or what is around it is not
	CodeLastKey         = "last-key"      // the last administrator's key does not end itself
	CodeNotEmpty        = "not-empty"     // what it holds would be deleted with it
	CodeDefaultSetup    = "default-setup" // an organization's default setup stays while it is one
	CodeClock           = "clock"
	CodeReasonRequired  = "reason-required" // of every change, and the caller gave none
	CodeStorage         = "storage"         // Unavailable: the disk is full or does not take writes
	CodeQuery           = "query"           // a query parameter does not parse
)

func (f *Fault) Error() string {
	text := f.Message
	if text == "" {
		text = f.Kind.String()
	}
	const most = 20
	for i, field := range f.Fields {
		if i == most {
			text += fmt.Sprintf("; and %d more", len(f.Fields)-most)
			break
		}
		text += fmt.Sprintf("; %s: %s", field.Path, field.Message)
	}
	if f.err != nil {
		text += ": " + f.err.Error()
	}
	return text
}

func (f *Fault) Unwrap() error { return f.err }

// New makes a fault of a kind with a message that may be shown.
func New(kind Kind, code, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause for the log.
func Wrap(err error, kind Kind, code, format string, args ...any) *Fault {
	f := New(kind, code, format, args...)
	f.err = err
	return f
}

// Rules makes an Invalid fault of broken rules; nil if there are none.
func Rules(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Fault{Kind: Invalid, Message: "the document breaks a rule", Fields: fields}
}

// At is an Invalid fault of one field.
func At(path, rule, format string, args ...any) *Fault {
	return &Fault{Kind: Invalid, Message: "the document breaks a rule",
		Fields: []Field{{Path: path, Rule: rule, Message: fmt.Sprintf(format, args...)}}}
}

// Of returns the fault inside err, or an Internal one that wraps it; nil for nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: Internal, err: err}
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool { return err != nil && Of(err).Kind == kind }

// HasCode reports whether err is a fault with the code.
func HasCode(err error, code string) bool { return err != nil && Of(err).Code == code }
