package db

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"tenure/tenancy/fault"
)

// Address says where a database is.
type Address struct {
	Dialect Dialect
	File    string // of SQLite; empty for PostgreSQL
	// Name is what messages call the database. It has no user, password or parameters.
	Name string

	postgres *pgx.ConnConfig
	says     func(parameter, variable string) bool // whether the DSN, or a variable of libpq's, sets a parameter
}

var (
	// keyword is how a DSN in keyword form begins.
	keyword = regexp.MustCompile(`^\s*[A-Za-z_]+\s*=`)
	// scheme is how a URL begins. One letter and a colon is a drive.
	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)
	// meant is a URL of PostgreSQL that lacks a character.
	meant = regexp.MustCompile(`^(?i)postgres(ql)?(:|//)`)
)

// ParseDSN is the one place that tells PostgreSQL from SQLite: a URL or a DSN in
// keyword form from the name of a file. A fault of kind Malformed never repeats the text,
// which may hold a password.
func ParseDSN(text string) (Address, error) {
	file, isFile := strings.CutPrefix(text, "sqlite:")
	switch {
	case isFile:
		isFile = file != "" && !strings.HasPrefix(file, "//")
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"), keyword.MatchString(text):
		return parsePostgres(text)
	case scheme.MatchString(text), meant.MatchString(text):
	default:
		isFile = strings.ContainsAny(text, `/\`) || slices.Contains([]string{".db", ".sqlite", ".sqlite3"}, filepath.Ext(text))
	}
	if !isFile {
		return Address{}, fault.New(fault.Malformed, "", "the database must be a SQLite file (a path with a /, a name that ends in .db, .sqlite or .sqlite3, "+
			"or sqlite:PATH) or PostgreSQL (postgres://USER@HOST/DATABASE, or \"host=HOST dbname=DATABASE user=USER\")")
	}
	return Address{Dialect: SQLite, File: file, Name: file}, nil
}

// DialectOf is the engine that dsn names; empty for a dsn that names none.
func DialectOf(dsn string) Dialect {
	a, _ := ParseDSN(dsn)
	return a.Dialect
}

// Beside is the path of a file next to a SQLite database, whose name ends so; empty for
// any other database.
func Beside(dsn, ending string) string {
	if a, _ := ParseDSN(dsn); a.Dialect == SQLite {
		return a.File + ending
	}
	return ""
}

func parsePostgres(text string) (Address, error) {
	config, err := pgx.ParseConfig(text)
	if err == nil && brokenURL(text) {
		err = errors.New("a part of a password would be taken for a host")
	}
	if err != nil {
		var file *fs.PathError // a certificate's; other texts of the driver may repeat a part of a password
		if errors.As(err, &file) {
			return Address{}, fault.New(fault.Malformed, "", "the database address names a file that cannot be read: %s", file)
		}
		return Address{}, fault.New(fault.Malformed, "", "the database address does not parse: in a URL write a character such as / @ : # ? %% of a password "+
			"as %%2F and so on, in keyword form put quotes around a value with a space")
	}
	return Address{Dialect: Postgres, Name: "postgres://" + strings.Join(hosts(config), ",") + "/" + config.Database, postgres: config,
		says: func(parameter, variable string) bool {
			return strings.Contains(text, parameter) || os.Getenv(variable) != ""
		}}, nil
}

// brokenURL reports whether a URL has an @ behind its host: then a / of the password was taken for
// the end of the host, and what is before it would be looked up and shown.
func brokenURL(text string) bool {
	_, rest, isURL := strings.Cut(text, "://")
	_, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	return isURL && strings.Contains(path, "@")
}

// hosts are the servers of a configuration, each once: the driver lists one again to try it without TLS.
func hosts(config *pgx.ConnConfig) (list []string) {
	add := func(host string, port uint16) {
		switch {
		case strings.Contains(host, "/"): // the folder of a socket
			host = url.PathEscape(host)
		case strings.Contains(host, ":"):
			host = "[" + host + "]"
		}
		if port != 5432 {
			host = fmt.Sprintf("%s:%d", host, port)
		}
		if !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	add(config.Host, config.Port)
	for _, f := range config.Fallbacks {
		add(f.Host, f.Port)
	}
	return list
}
