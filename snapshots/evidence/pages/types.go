package pages

import "tenure/tenancy/history"

// Form is the form of the files that new bundles have. Whoever changes a byte that
// an existing bundle gives raises it: TestForm says so. A bundle's manifest has the
// form of its pages, and each form since FormOld can be made again. In the first one
// a client's changes were those of what it set itself.
const (
	Form    = 2
	FormOld = 1
)

// The files.
const (
	FileIndex  = "index.html"
	FileEvents = "events.html"
	FileCSV    = "events.csv"
	Dir        = "pages/"
)

// partSize is how many events one page of an object has at most.
const partSize = 500

// Bundle is what the files are made of: what the bundle's other files say.
type Bundle struct {
	Form   int
	About  About
	Names  Names
	Events []Event         // in the log's order
	Erased map[string]bool // snapshots whose content is not here
	// Content reads the content of a snapshot that was not erased.
	Content func(id string) ([]byte, error)
}

// About is what the manifest says. Instants are RFC 3339, empty for none.
type About struct {
	Origin, MadeAt, MadeBy, MadeWith string
	Organization                     string   // acting
	Clients                          []string // that were asked for; none for all
	Under                            string   // the organization that was asked for
	From, To                         string
	LogSize                          int64
	LogSigned                        history.Micros // when the last checkpoint was signed; 0 where it does not say
	WholeLog                         bool
	Erased, Withheld, Snapshots      int64
	Objects                          []Object // in the manifest's order
}

// Object is something with events.
type Object struct {
	ID, Kind, Owner           string
	Part                      bool  // only the events that gave it a version are here, as others inherit from it
	First, Last, Count, Total int64 // of its events
}

// Names are those of what the bundle is about, as they were when it was made.
type Names struct {
	Organizations map[string]string // by id
	Keys          map[string]Key
	Clients       map[string]Client
}

// Key is an API key.
type Key struct{ Name, Organization string }

// Client is what does not change of a client.
type Client struct{ ClientID, Setup string }

// Event is one of the log.
type Event struct {
	Index      int64
	Envelope   history.Envelope
	Commitment string // of its envelope, hexadecimal
	Detail     string // empty for none
	DetailGone string // why it is not here, though there was one
}
