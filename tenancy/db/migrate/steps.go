package migrate

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"tenure"
	"tenure/tenancy/db"
)

// files are the migrations; README.md is there so that there is something to
// embed before the first.
//
//go:embed [0-9R]*
var files embed.FS

// Step is one migration.
type Step struct {
	From, To int
	Oldest   int    // the oldest version whose programs may use the result
	Title    string // one line

	script string // for both engines, with the marks of db.ForDialect
}

// Steps are the migrations of a program, in order, without a gap.
type Steps []Step

// OfProgram are the migrations of this program: from tenure.OldestSchema to
// tenure.SchemaVersion.
func OfProgram() (Steps, error) { return Read(files, tenure.OldestSchema, tenure.SchemaVersion) }

var (
	fileName = regexp.MustCompile(`^[0-9]{4}\.sql$`)
	titled   = regexp.MustCompile(`^-- ([0-9]+): (\S.*)$`)
	oldest   = regexp.MustCompile(`^-- oldest: ([0-9]+)$`)
)

// Read reads the files NNNN.sql that lead from the version first to the
// version last. Other files are passed over.
func Read(files fs.FS, first, last int) (Steps, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var steps Steps
	for _, entry := range entries { // in order of their names
		if !fileName.MatchString(entry.Name()) {
			continue
		}
		raw, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, err
		}
		step, err := parse(string(raw))
		if err == nil && fmt.Sprintf("%04d.sql", step.To) != entry.Name() {
			err = fmt.Errorf("the first line has the number %d", step.To)
		}
		if err == nil && step.From != first+len(steps) {
			err = fmt.Errorf("it follows version %d, and %d comes before", step.From, first+len(steps))
		}
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", entry.Name(), err)
		}
		steps = append(steps, step)
	}
	if first+len(steps) != last {
		return nil, fmt.Errorf("migrations lead from schema version %d to %d, not to %d", first, first+len(steps), last)
	}
	return steps, nil
}

func parse(text string) (Step, error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	head := func(form *regexp.Regexp) ([]string, int, error) {
		lines.Scan()
		m := form.FindStringSubmatch(lines.Text())
		if m == nil {
			return nil, 0, fmt.Errorf("%q is not the line that is expected there", lines.Text())
		}
		n, err := strconv.Atoi(m[1])
		return m, n, err
	}
	first, number, err := head(titled)
	if err != nil {
		return Step{}, err
	}
	_, old, err := head(oldest)
	if err != nil {
		return Step{}, err
	}
	if old != number && old != number-1 {
		return Step{}, errors.New("the oldest version is its own number, or the one before")
	}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		if _, err := db.ForDialect(text, dialect); err != nil {
			return Step{}, err
		}
	}
	return Step{From: number - 1, To: number, Oldest: old, Title: first[2], script: text}, nil
}

// After are the steps that a database of a version still needs.
func (s Steps) After(version int) Steps {
	for i, step := range s {
		if step.From >= version {
			return s[i:]
		}
	}
	return nil
}
