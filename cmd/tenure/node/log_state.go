package node

import "strings"

// NoLogState is the --log-state that keeps nothing.
const NoLogState = "none"

// LogStateFile is where the last published checkpoint is kept: beside a SQLite
// file if nothing is said; empty for nowhere.
func LogStateFile(database, path string) string {
	switch {
	case path == NoLogState, path == "" && strings.Contains(database, "://"):
		return ""
	case path == "":
		return database + ".log-state"
	}
	return path
}
