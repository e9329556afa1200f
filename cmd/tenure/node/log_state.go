package node

import "strings"

// LogStateFile is the file that keeps the last published checkpoint: path, or by
// default the one next to a SQLite file. It is empty if there is none.
func LogStateFile(database, path string) string {
	switch {
	case path == None, path == "" && strings.Contains(database, "://"):
		return ""
	case path == "":
		return database + ".log-state"
	}
	return path
}
