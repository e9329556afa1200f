package db_test

import (
	"strings"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
)

func TestParseDSN(t *testing.T) {
	const lite, pg = db.SQLite, db.Postgres
	for text, want := range map[string]db.Address{
		"tenure.db":                          {Dialect: lite, File: "tenure.db", Name: "tenure.db"},
		"x.sqlite":                           {Dialect: lite, File: "x.sqlite", Name: "x.sqlite"},
		"x.sqlite3":                          {Dialect: lite, File: "x.sqlite3", Name: "x.sqlite3"},
		"./tenure":                           {Dialect: lite, File: "./tenure", Name: "./tenure"},
		`C:\data\tenure`:                     {Dialect: lite, File: `C:\data\tenure`, Name: `C:\data\tenure`},
		"sqlite:tenure":                      {Dialect: lite, File: "tenure", Name: "tenure"},
		"sqlite:/a/b":                        {Dialect: lite, File: "/a/b", Name: "/a/b"},
		"sqlite:host=x":                      {Dialect: lite, File: "host=x", Name: "host=x"},
		"/a/host=x dbname=y":                 {Dialect: lite, File: "/a/host=x dbname=y", Name: "/a/host=x dbname=y"},
		"postgres/tenure.db":                 {Dialect: lite, File: "postgres/tenure.db", Name: "postgres/tenure.db"},
		"postgres://u:geheim@h/d":            {Dialect: pg, Name: "postgres://h/d"},
		"postgresql://u@h:5433/d?sslmode=x1": {},
		"postgresql://u@h:5433/d":            {Dialect: pg, Name: "postgres://h:5433/d"},
		"postgres://u@a,b:5433/d":            {Dialect: pg, Name: "postgres://a,b:5433/d"},
		"postgres://u@[::1]/d":               {Dialect: pg, Name: "postgres://[::1]/d"},
		"host=/run/postgresql dbname=x.db user=y password='ge heim'": {Dialect: pg, Name: "postgres://%2Frun%2Fpostgresql/x.db"},
		" host = a,b  port = 5433 dbname=d user=u":                   {Dialect: pg, Name: "postgres://a:5433,b:5433/d"},
		"dbname=tenure.db host=h":                                    {Dialect: pg, Name: "postgres://h/tenure.db"},
		"":                                                           {}, "tenure": {}, "postgres": {}, "postgresql:/x": {}, "postgres//u:geheim@h/d": {}, "Postgres://u:geheim@h/d": {},
		"mysql://u:geheim@h/d": {}, "file:tenure.db": {}, "sqlite:": {}, "sqlite://tenure.db": {}, "tenure.dbx": {},
		"postgres://u:x@ge/heim@h/d": {}, "postgres://u:x@ge/heim@h:1/d?sslmode=disable": {}, "postgres://u:ge/heim@h/d": {}, "postgres://u:ge?heim@h:1/d?sslmode=geheim": {}, "host=h password=ge heim": {}, "host=h port=geheim": {}, "password='geheim": {},
		"postgres://u:gehe%im@h/d": {}, "host=h sslrootcert=/missing/ca password=geheim sslmode=verify-full": {},
	} {
		got, err := db.ParseDSN(text)
		if want.Dialect == "" {
			if !fault.Is(err, fault.Malformed) || strings.Contains(err.Error(), "heim") {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
			continue
		}
		if err != nil || got.Dialect != want.Dialect || got.File != want.File || got.Name != want.Name {
			t.Errorf("%q: %s file %q, called %q, %v; want %+v", text, got.Dialect, got.File, got.Name, err, want)
		}
	}
	_, err := db.ParseDSN("tenure")
	wantFault(t, err, fault.Malformed, "sqlite:PATH", "postgres://", "host=")
	_, err = db.ParseDSN("host=h sslrootcert=/missing/ca sslmode=verify-full")
	wantFault(t, err, fault.Malformed, "/missing/ca")
}
