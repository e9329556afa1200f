package hydraimport

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"

	"tenure/tenancy/fault"
)

// sourceRows reads the client table of Hydra's SQLite file. Earlier releases of
// Hydra have fewer columns; missing ones are left out.
type sourceRows struct {
	db      *sql.DB
	columns []string
}

// A hydraColumn turns a column's text into the JSON of a member.
type columnReader func(text string) (json.RawMessage, error)

// columnReaders are the columns that are read: nil if the member of the client
// object is a string with the same name.
var columnReaders = map[string]columnReader{
	"id": nil, "client_name": nil, "client_secret": nil, "scope": nil, "owner": nil, "policy_uri": nil, "tos_uri": nil,
	"client_uri": nil, "logo_uri": nil, "sector_identifier_uri": nil, "jwks_uri": nil, "token_endpoint_auth_method": nil,
	"token_endpoint_auth_signing_alg": nil, "request_object_signing_alg": nil, "userinfo_signed_response_alg": nil,
	"subject_type": nil, "frontchannel_logout_uri": nil, "backchannel_logout_uri": nil, "access_token_strategy": nil,
	"redirect_uris": columnList, "grant_types": columnList, "response_types": columnList, "contacts": columnList,
	"request_uris": columnList, "allowed_cors_origins": columnList, "audience": columnList,
	"post_logout_redirect_uris": columnList, "rotated_secrets": columnList,
	"jwks": columnKeys, "metadata": columnJSON,
	"frontchannel_logout_session_required": columnFlag, "backchannel_logout_session_required": columnFlag,
	"skip_consent": columnFlag, "skip_logout_consent": columnFlag,
	"created_at": columnTime, "updated_at": columnTime,
}

// openRows opens the file without changing it or creating files next to it, and
// counts its clients.
func openRows(path string) (*sourceRows, int64, error) {
	closed, err := closedWAL(path)
	if err != nil {
		return nil, 0, err
	}
	query := url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_busy_timeout": {"5000"}}
	if closed {
		query.Set("immutable", "1")
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, 0, err
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
	r := &sourceRows{}
	if r.db, err = sql.Open("sqlite3", dsn); err != nil {
		return nil, 0, err
	}
	r.db.SetMaxOpenConns(1)
	n, err := r.prepare()
	if err != nil {
		r.db.Close()
		return nil, 0, fmt.Errorf("reading %s: %w", path, err)
	}
	return r, n, nil
}

// closedWAL reports whether a file is in WAL mode and has no write-ahead log.
// Then no process has it open, and it can be read without creating one.
func closedWAL(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var header [20]byte
	if _, err := io.ReadFull(f, header[:]); err != nil {
		return false, fmt.Errorf("reading %s: %w", path, err)
	}
	_, err = os.Stat(path + "-wal")
	return header[18] == 2 && os.IsNotExist(err), nil // 2: the format that has a write-ahead log
}

func (r *sourceRows) prepare() (clients int64, err error) {
	ctx := context.Background()
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	err = conn.Raw(func(driver any) error {
		driver.(*sqlite3.SQLiteConn).SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxValue)
		return nil
	})
	conn.Close()
	if err != nil {
		return 0, err
	}
	if _, err := r.db.Exec("PRAGMA trusted_schema = OFF"); err != nil {
		return 0, err
	}
	names, err := r.tableColumns()
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if _, known := columnFor(name); known {
			r.columns = append(r.columns, name)
		}
	}
	if !slices.Contains(r.columns, "id") || !slices.Contains(r.columns, "client_secret") {
		return 0, errors.New("it has no table hydra_client, so it is not a database of Hydra")
	}
	if slices.Contains(names, "nid") {
		if err := r.oneNetwork(); err != nil {
			return 0, err
		}
	}
	return clients, r.db.QueryRow("SELECT count(*) FROM hydra_client").Scan(&clients)
}

func (r *sourceRows) tableColumns() (names []string, err error) {
	rows, err := r.db.Query("SELECT name FROM pragma_table_info('hydra_client')")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// oneNetwork refuses a file of the hosted product with several networks, whose
// client ids can collide.
func (r *sourceRows) oneNetwork() error {
	var networks int
	if err := r.db.QueryRow("SELECT count(DISTINCT nid) FROM hydra_client").Scan(&networks); err != nil {
		return err
	}
	if networks > 1 {
		return fmt.Errorf("it has clients of %d networks: import each network from JSON, into a setup of its own", networks)
	}
	return nil
}

func columnFor(name string) (columnReader, bool) {
	if strings.HasSuffix(name, "_lifespan") && !strings.HasPrefix(name, "password_grant_") {
		return columnSpan, true
	}
	column, known := columnReaders[name]
	return column, known
}

// each calls yield with every client until it returns false, and counts them.
func (r *sourceRows) each(done *atomic.Int64, yield func(sourceClient) bool) error {
	texts := make([]string, len(r.columns))
	for i, name := range r.columns {
		texts[i] = `CAST("` + name + `" AS TEXT)`
	}
	rows, err := r.db.Query("SELECT " + strings.Join(texts, ", ") + " FROM hydra_client ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close()
	into := make([]any, len(texts))
	for rows.Next() {
		values := make([]sql.NullString, len(texts))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		done.Add(1)
		if !yield(sourceClient{row: values, rows: r}) {
			return nil
		}
	}
	return rows.Err()
}

// client makes the client object of a row, and takes the hashes of its secrets.
func (r *sourceRows) client(c *sourceClient) {
	values := c.row
	var faults []fault.Field
	var rotated []string
	raw := append(make([]byte, 0, 2048), '{')
	for i, name := range r.columns {
		text := values[i].String
		switch {
		case !values[i].Valid:
			continue
		case name == "id":
			c.id, name = text, "client_id"
		case name == "client_secret" && text != "":
			c.hashes = []string{text}
		}
		read, _ := columnFor(r.columns[i])
		if read == nil {
			read = columnText
		}
		value, err := read(text)
		if err == nil && name == "rotated_secrets" && value != nil {
			err = json.Unmarshal(value, &rotated)
		}
		if err != nil {
			faults = append(faults, fault.Field{Path: "/" + name, Rule: "import", Message: err.Error()})
		}
		if value == nil || name == "client_secret" || name == "rotated_secrets" {
			continue
		}
		if len(raw) > 1 {
			raw = append(raw, ',')
		}
		raw = append(append(append(append(raw, '"'), name...), '"', ':'), value...)
	}
	c.hashes = append(c.hashes, rotated...)
	c.raw, c.err = append(raw, '}'), fault.Rules(faults)
}

func columnText(text string) (json.RawMessage, error) { return json.Marshal(text) }

// columnList reads a JSON array, or the words between bars of releases before 2.0.
func columnList(text string) (json.RawMessage, error) {
	if text == "" || text == "null" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "[") {
		return json.Marshal(strings.Split(text, "|"))
	}
	var items []string
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		return nil, errors.New("must be a list of strings")
	}
	return json.RawMessage(text), nil
}

func columnJSON(text string) (json.RawMessage, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if !json.Valid([]byte(text)) {
		return nil, errors.New("must be JSON")
	}
	return json.RawMessage(text), nil
}

// columnKeys reads a key set; one without keys is left out.
func columnKeys(text string) (json.RawMessage, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err == nil && len(set.Keys) == 0 {
		return nil, nil
	}
	return columnJSON(text)
}

func columnFlag(text string) (json.RawMessage, error) {
	flag, err := strconv.ParseBool(text)
	if text == "" {
		flag, err = false, nil
	}
	if err != nil {
		return nil, errors.New("must be a boolean")
	}
	return strconv.AppendBool(nil, flag), nil
}

// columnSpan reads nanoseconds.
func columnSpan(text string) (json.RawMessage, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errors.New("must be a number of nanoseconds")
	}
	return json.Marshal(time.Duration(n).String())
}

// columnTime reads an instant in the formats of the SQLite drivers that Hydra
// has used; any other text is left out.
func columnTime(text string) (json.RawMessage, error) {
	text, _, _ = strings.Cut(text, " m=") // Go's monotonic clock
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700 MST",
		"2006-01-02 15:04:05.999999999 -0700 -0700", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(form, text); err == nil {
			return json.Marshal(at.UTC())
		}
	}
	return nil, nil
}
