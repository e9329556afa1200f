package evidence

// Versions of the bundle's form: those of before 2 have no pages that are
// compared, and no names; those of before 3 nothing of what clients inherit from
// setups that are not in them anyway.
const (
	version      = 3
	versionParts = 3
	versionOld   = 1
)

// Names of a bundle's files.
const (
	fileManifest    = "manifest.json"
	fileSignature   = "manifest.sig"
	fileEvents      = "events.jsonl"
	fileNames       = "names.json"
	fileSchema      = "evidence.schema.json"
	fileProofs      = "proofs.jsonl"
	fileSnapshots   = "snapshots.jsonl"
	dirSnapshots    = "snapshots/"
	fileFirst       = "checkpoints/first"
	fileLast        = "checkpoints/last"
	fileConsistency = "checkpoints/consistency.json"
	fileSince       = "checkpoints/since.json"
	fileEarlier     = "checkpoints/earlier.jsonl"
	fileLogKeys     = "log-keys.jsonl"
	fileCounts      = "counts.jsonl"
	fileKeys        = "keys.txt"
	fileReadme      = "README.txt"
)

// A bundle is a zip, or the folder that unpacking it gives:
//
//	manifest.json, manifest.sig   what is in it; a signed note over its digest
//	events.jsonl                  index, salt, exact envelope and detail of each event
//	index.html, pages/<id>.html   for people: what it is, and each object's changes in words
//	events.html, events.csv       the events for people; package pages makes all of these
//	names.json                    names of organizations, keys and clients, for the pages
//	proofs.jsonl                  the inclusion proof of each event (RFC 6962 section 2.1.1)
//	snapshots/<id>.json           exact bytes of each snapshot's content
//	snapshots.jsonl               their salts, or that the content was erased
//	checkpoints/first, /last      signed checkpoints; checkpoints/consistency.json: the proof between
//	checkpoints/since.json        the proof from the size that was asked for, if one was
//	checkpoints/earlier.jsonl     the newest checkpoint of each key that did not sign the last
//	log-keys.jsonl                the events that brought and ended signing keys, with proofs
//	counts.jsonl                  how many objects each organization has, as the log counted
//	keys.txt, README.txt          verifier keys; what to do with all this
//	evidence.schema.json          JSON Schema of each file that is JSON
//
// The proofs are one file because a C2SP tlog-proof for each event would repeat the
// checkpoint as often. Events are read in pages, each in a view of its own: the log
// only grows, and a slow reader must not keep one of the few connections.

// manifest is manifest.json: what the bundle was asked for, and everything that
// must be in it. Instants are RFC 3339 in UTC, digests lower-case hex.
type manifest struct {
	Version      int    `json:"version"`
	Origin       string `json:"origin"` // of the log
	MadeAt       string `json:"made_at"`
	MadeBy       string `json:"made_by"` // actor, as events name it
	MadeWith     string `json:"made_with"`
	Organization string `json:"acting_organization"`
	Pages        int    `json:"pages,omitempty"` // form of the pages; 0 in version 1
	Filter       filter `json:"filter"`

	LogSize   int64    `json:"log_size"` // of checkpoints/last, which all proofs go to
	LogRoot   string   `json:"log_root"`
	WholeLog  bool     `json:"whole_log"` // every entry of the log is in it
	Events    int64    `json:"events"`
	Erased    int64    `json:"erased_snapshots"`
	Withheld  int64    `json:"withheld_details"`
	Snapshots int64    `json:"snapshots"`
	Objects   []object `json:"objects"`
	Files     []file   `json:"files"` // all but the manifest and its signature
}

type filter struct {
	Clients      []string `json:"clients,omitempty"`
	Organization string   `json:"organization,omitempty"`
	From         string   `json:"from,omitempty"` // recorded then or later
	To           string   `json:"to,omitempty"`   // recorded before
}

// object is what the bundle has of one object's events. A client that was asked
// for is there with no event, too: with 0 for first, last and count.
type object struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Owner string `json:"owner"`
	Part  string `json:"part,omitempty"` // partVersions; empty for all events in the time
	First int64  `json:"first_seq"`
	Last  int64  `json:"last_seq"`
	Count int64  `json:"count"`
	Total int64  `json:"total_at_log_size"`
}

type file struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// event is a line of events.jsonl. Salts are lower-case hex, envelope and
// detail the exact bytes as a JSON text.
type event struct {
	Index      int64   `json:"index"`
	Salt       string  `json:"salt"`
	Envelope   string  `json:"envelope"`
	Detail     *string `json:"detail,omitempty"`
	DetailSalt string  `json:"detail_salt,omitempty"`
	// DetailGone is "erased" or "withheld" where the envelope commits to a
	// detail that is not here.
	DetailGone string `json:"detail_gone,omitempty"`
}

// inclusion is a line of proofs.jsonl: hashes in lower-case hex, the leaf's
// sibling first.
type inclusion struct {
	Index  int64    `json:"index"`
	Hashes []string `json:"hashes"`
}

// names is names.json: names at the time the bundle was made, of what is in it
// and inside its scope, each list sorted by id.
type names struct {
	Organizations []namedOrganization `json:"organizations"`
	Keys          []namedKey          `json:"keys"`
	Clients       []namedClient       `json:"clients"`
}

type namedOrganization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type namedKey struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Organization string `json:"organization"`
}

type namedClient struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	Setup    string `json:"setup,omitempty"` // where the setup is in the bundle, too
}

// content is a line of snapshots.jsonl: of the event index that published it.
type content struct {
	ID     string `json:"id"`
	Index  int64  `json:"index"`
	Salt   string `json:"salt,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

// consistency is checkpoints/consistency.json (RFC 6962 section 2.1.2).
type consistency struct {
	First  int64    `json:"first_size"`
	Last   int64    `json:"last_size"`
	Hashes []string `json:"hashes"`
}

// grown is checkpoints/since.json: likewise, with the root of the tree of first_size.
type grown struct {
	consistency
	Root string `json:"first_root"`
}

// keyEvent is a line of log-keys.jsonl: an event about a signing key, with its proof.
type keyEvent struct {
	event
	Hashes []string `json:"hashes"`
}

// earlier is a line of checkpoints/earlier.jsonl: a checkpoint, and the proof that the
// tree of the last one begins with its tree.
type earlier struct {
	Checkpoint string   `json:"checkpoint"`
	Hashes     []string `json:"hashes"`
}

// countLine is a line of counts.jsonl: first an event that counts, then a line for each
// organization of the bundle that is in its tree.
type countLine struct {
	Event        *keyEvent `json:"event,omitempty"`
	Count        *int64    `json:"count,omitempty"` // index of the event
	Organization string    `json:"organization,omitempty"`
	Objects      int64     `json:"objects,omitempty"`
	Digest       string    `json:"digest,omitempty"`
	Leaf         *int64    `json:"leaf,omitempty"` // only where other organizations are in the tree
	Path         []string  `json:"path,omitempty"`
}
