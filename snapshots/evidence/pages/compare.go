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
// client inherits from the setup, if it is known.
func compared(kind string, old, next []byte, at time.Time, in *document.Setup) (diff.Result, error) {
	if len(old) > maxCompared || len(next) > maxCompared {
		return diff.Result{}, errLarge
	}
	switch kind {
	case history.ObjectSetup:
		return of[document.Setup](old, next, diff.Options{At: at})
	case history.ObjectResourceServer:
		return of[document.ResourceServer](old, next, diff.Options{At: at})
	}
	return of[document.Client](old, next, diff.Options{At: at, From: in, To: in})
}

func of[T document.Content](old, next []byte, o diff.Options) (diff.Result, error) {
	to, err := document.Decode[T](next)
	if err != nil {
		return diff.Result{}, err
	}
	var from *T
	if old != nil {
		if from, err = document.Decode[T](old); err != nil {
			return diff.Result{}, err
		}
	}
	return diff.Of(from, to, o), nil
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
