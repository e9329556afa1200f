package pages

import (
	"errors"
	"time"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/tenancy/history"
)

// maxCompared bounds a content that is compared, in bytes. What this program
// writes is smaller; a foreign bundle may hold anything.
const maxCompared = 1 << 20

var errLarge = errors.New("more than a content has")

// compared is how two contents of one kind differ; a nil old one is none. A
// client inherits from the setup, if it is known; with its snapshot's id what is
// inherited counts.
func compared(kind string, old, next []byte, at time.Time, in *document.Setup, from string) (diff.Result, error) {
	if len(old) > maxCompared || len(next) > maxCompared {
		return diff.Result{}, errLarge
	}
	switch kind {
	case history.ObjectSetup:
		return of[document.Setup](old, next, diff.Options{At: at})
	case history.ObjectResourceServer:
		return of[document.ResourceServer](old, next, diff.Options{At: at})
	}
	if from == "" {
		return of[document.Client](old, next, diff.Options{At: at, From: in, To: in})
	}
	a, b, err := both[document.Client](old, next)
	if err != nil {
		return diff.Result{}, err
	}
	return diff.Effective(diff.InForce{Client: a, Setup: in, From: from}, diff.InForce{Client: b, Setup: in, From: from}, at), nil
}

func of[T document.Content](old, next []byte, o diff.Options) (diff.Result, error) {
	from, to, err := both[T](old, next)
	if err != nil {
		return diff.Result{}, err
	}
	return diff.Of(from, to, o), nil
}

// both reads two contents, of which the old one may be nil.
func both[T document.Content](old, next []byte) (from, to *T, err error) {
	if to, err = document.Decode[T](next); err == nil && old != nil {
		from, err = document.Decode[T](old)
	}
	return from, to, err
}

// nameIn is the name that a content has for people; empty for none, and where
// it cannot be read.
func nameIn(kind string, content []byte) string {
	switch kind {
	case history.ObjectSetup:
		if doc, err := document.Decode[document.Setup](content); err == nil {
			return doc.Name
		}
	case history.ObjectResourceServer:
		if doc, err := document.Decode[document.ResourceServer](content); err == nil {
			return doc.Name
		}
	case history.ObjectClient:
		if doc, err := document.Decode[document.Client](content); err == nil {
			return doc.ClientName
		}
	}
	return ""
}
