package main

import "strings"

// noLogState is the --log-state that keeps nothing.
const noLogState = "none"

// logStateFile is where the last published checkpoint is kept: beside a SQLite
// file if nothing is said; empty for nowhere.
func logStateFile(database, path string) string {
	switch {
	case path == noLogState, path == "" && strings.Contains(database, "://"):
		return ""
	case path == "":
		return database + ".log-state"
	}
	return path
}
