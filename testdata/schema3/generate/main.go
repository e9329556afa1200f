// Command generate makes the fixture in testdata/schema3: it starts a program
// of schema version 3, has it write data of every kind over its HTTP surfaces
// and commands, records what it answers, and dumps its database as SQL.
//
// It uses nothing of this module but the demonstration directory and
// authority, so it says nothing about how the data is stored. See the README
// beside it for how it is run.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// program is the old program, its database and the files that it needs.
type program struct {
	path, database, keys, work string
}

func (p program) postgres() bool { return strings.HasPrefix(p.database, "postgres://") }

func main() {
	log.SetFlags(0)
	var p program
	var out string
	flag.StringVar(&p.path, "program", "", "the program of schema version 3")
	flag.StringVar(&p.database, "database", "", "an empty database: postgres://… or a SQLite file that is not there yet")
	flag.StringVar(&p.keys, "keys", "", "folder of the key files; they are made if it is empty")
	flag.StringVar(&out, "out", "", "folder to write the fixture to")
	same := flag.Bool("same", false, "compare two dumps, named as arguments, but for what is random and for times")
	flag.Parse()
	if *same {
		compare(flag.Arg(0), flag.Arg(1))
		return
	}
	var err error
	p.work, err = os.MkdirTemp("", "schema3-")
	check(err)
	defer os.RemoveAll(p.work)
	check(os.MkdirAll(out, 0o755))
	check(os.MkdirAll(p.keys, 0o755))

	w := newWorld()
	s := p.serve(w)
	defer func() { s.cmd.Process.Kill() }() // where something failed
	w.first(s)
	s.stop()
	p.importClients(w)
	p.run("log", "new-origin", "--database", p.database, "--log-key", p.key("log-key"), "--reason", "restored from a backup")
	s = p.serve(w)
	w.second(s)
	w.record(s)
	check(os.WriteFile(filepath.Join(out, "evidence.zip"), s.get("root", "/v1/evidence?client="+w.id("portal")), 0o644))
	check(os.WriteFile(filepath.Join(out, "checkpoint.txt"), s.get("", "/log/checkpoint"), 0o644))
	s.stop()
	p.run("check", "--database", p.database, "--log-key", p.key("log-key"))

	w.VerifierKeys = strings.Fields(p.run("log", "key", "--database", p.database, "--log-key", p.key("log-key")))
	check(w.write(filepath.Join(out, "answers.json")))
	check(dump(p.database, filepath.Join(out, "data.sql")))
}

// check ends the program with an error; a fixture is made whole or not at all.
func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}
