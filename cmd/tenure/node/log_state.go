package node

// LogStateFile is the file that keeps the last published checkpoint: path, or by
// default the one next to a SQLite file. It is empty if there is none.
func LogStateFile(database, path string) string { return keyFile(database, path, ".log-state") }
