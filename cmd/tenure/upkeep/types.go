package upkeep

// form is the number of the backup's own form.
const form = "tenure-backup/1"

// Files of a backup.
const (
	databaseFile   = "tenure.db"
	checkpointFile = "checkpoint"
	manifestFile   = "manifest.json"
)

// Manifest says what a backup is of.
type Manifest struct {
	Form     string        `json:"form"`
	MadeAt   string        `json:"made_at"` // RFC 3339, UTC
	Program  string        `json:"program"`
	Schema   int           `json:"schema_version"`
	Database ManifestFile  `json:"database"`
	Log      ManifestLog   `json:"log"`
	Keys     ManifestKeys  `json:"keys"`
	Stored   *ManifestFile `json:"checkpoint,omitempty"` // absent where none was signed yet
}

// ManifestFile is a file of the backup.
type ManifestFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// ManifestLog is the log at the instant of the backup.
type ManifestLog struct {
	Origin  string `json:"origin"` // empty where nothing was signed yet
	Entries int64  `json:"entries"`
	Root    string `json:"root"`    // of the tree of all entries, base64
	Covered int64  `json:"covered"` // entries that the checkpoint covers
}

// ManifestKeys are the public ids of the keys that the database needs.
type ManifestKeys struct {
	Log      []string `json:"log"`      // verifier keys, as tenure log key prints them
	Evidence []string `json:"evidence"` // likewise
	Sealing  string   `json:"sealing"`  // id of the sealing key; empty where nothing was sealed
}
