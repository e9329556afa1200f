package hydraimport

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"tenure/cmd/tenure/exit"
	"tenure/handlers/ory"
	"tenure/tenancy/fault"
)

// Limits of what is read. Hydra has none, so these are far above what people
// have. The stored form of a client has at most half a megabyte.
const (
	maxFile   = 8 << 30
	maxValue  = 8 << 20 // one JSON value or one row; more ends the import
	maxClient = 1 << 20
)

// sourceClient is one client in a file.
type sourceClient struct {
	number int // in the file, from 1
	id     string
	body   *ory.Client // nil if err is not
	hashes []string    // of its secrets, newest first; only from SQLite
	err    error       // why it cannot be imported

	raw   []byte           // its JSON object, or
	row   []sql.NullString // its columns
	rows  *sourceRows
	begun func() // says that nothing is left but to wait; nil for nobody to tell
}

// weight is the number of bytes that it has in the file.
func (c *sourceClient) weight() int64 {
	n := len(c.raw)
	for i := range c.row {
		n += len(c.row[i].String)
	}
	return int64(n)
}

// decode makes the client of what the file has.
func (c *sourceClient) decode() {
	if c.rows != nil {
		c.rows.client(c)
	}
	if c.err == nil {
		c.read(c.raw)
	}
	c.raw, c.row = nil, nil
}

// waits says that others may be worked out meanwhile.
func (c *sourceClient) waits() {
	if c.begun != nil {
		c.begun()
	}
}

// sourceFile reads the clients of a file, one after another.
type sourceFile struct {
	sqlite  bool
	partial bool // the file is one page of a longer list; known at the end
	file    *os.File
	in      *bufio.Reader
	size    int64 // in bytes, or rows of a database; 0 if unknown
	read    atomic.Int64
	count   int
	rows    *sourceRows
}

var sqliteMagic = []byte("SQLite format 3\x00")

// openFile opens path, or standard input for "-", and detects its format.
func openFile(path string) (*sourceFile, error) {
	h := &sourceFile{file: os.Stdin}
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		h.file = file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			h.size = info.Size()
		}
	}
	if h.size > maxFile {
		h.close()
		return nil, fmt.Errorf("%s must not be larger than %d bytes", path, int64(maxFile))
	}
	h.in = bufio.NewReaderSize(h.file, 1<<16)
	start, err := h.in.Peek(len(sqliteMagic))
	switch {
	case bytes.Equal(start, sqliteMagic) && path == "-":
		err = errors.New("a SQLite file cannot be read from standard input")
	case bytes.Equal(start, sqliteMagic):
		h.sqlite = true
		h.rows, h.size, err = openRows(path)
	case errors.Is(err, io.EOF):
		err = nil
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *sourceFile) close() error {
	if h.rows != nil {
		h.rows.db.Close()
	}
	return h.file.Close()
}

// share is how much of the file was read, from 0 to 1; negative if unknown.
func (h *sourceFile) share() float64 {
	if h.size == 0 {
		return -1
	}
	return float64(h.read.Load()) / float64(h.size)
}

// each calls yield with every client until it returns false; none is decoded. After
// an error nothing more can be read.
func (h *sourceFile) each(yield func(sourceClient) bool) error {
	number := func(c sourceClient) bool {
		h.count++
		c.number = h.count
		return yield(c)
	}
	if h.sqlite {
		return h.rows.each(&h.read, number)
	}
	j := &jsonReader{file: h, yield: func(raw []byte) bool { return number(sourceClient{raw: raw}) }}
	j.dec = json.NewDecoder(j)
	err := j.values()
	if err != nil {
		err = fmt.Errorf("cannot read the file after client %d: %w", h.count, err)
	}
	return err
}

// read decodes the client object.
func (c *sourceClient) read(raw []byte) {
	if len(raw) > maxClient {
		c.err = invalid("", "the client must not have more than %d bytes", maxClient)
		return
	}
	body, err := ory.Decode(raw)
	if err != nil {
		c.err = c.memberError(raw, err)
		return
	}
	c.body, c.id = body, body.ClientID
	if c.id == "" {
		c.err = invalid("/client_id", "is required")
	}
}

// memberError finds the member that cannot be decoded, and the client's id.
func (c *sourceClient) memberError(raw []byte, err error) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return err
	}
	for name, value := range members {
		alone, bad := json.Marshal(map[string]json.RawMessage{name: value})
		if bad != nil {
			continue
		}
		if one, bad := ory.Decode(alone); bad != nil {
			err = invalid("/"+name, "%s", strings.TrimPrefix(exit.Message(bad), "Unable to decode the request body: "))
		} else if one.ClientID != "" {
			c.id = one.ClientID
		}
	}
	return err
}

// invalid is the reason why a client is refused; path is a JSON pointer.
func invalid(path, format string, args ...any) error {
	return fault.At(path, "import", format, args...)
}

// jsonReader reads the values of a JSON file: lists of clients, answers of the
// command-line tool with an items member, and single clients.
type jsonReader struct {
	file  *sourceFile
	dec   *json.Decoder
	yield func(raw []byte) bool
	done  bool
}

// Read feeds the decoder, which has one value in memory at a time.
func (j *jsonReader) Read(p []byte) (int, error) {
	read := j.file.read.Load()
	switch {
	case read-j.dec.InputOffset() > maxValue:
		return 0, fmt.Errorf("a value must not have more than %d bytes", maxValue)
	case read > maxFile:
		return 0, fmt.Errorf("the file must not have more than %d bytes", int64(maxFile))
	}
	n, err := j.file.in.Read(p)
	j.file.read.Add(int64(n))
	return n, err
}

func (j *jsonReader) values() error {
	if mark, err := j.file.in.Peek(3); err == nil && string(mark) == "\ufeff" {
		j.file.in.Discard(3)
	}
	for !j.done {
		start, err := j.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch start {
		case json.Delim('['):
			err = j.list()
		case json.Delim('{'):
			err = j.object()
		default:
			err = errors.New("it must be a client or a list of clients")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list reads the clients after an opening bracket.
func (j *jsonReader) list() error {
	for j.dec.More() {
		var raw json.RawMessage
		if err := j.dec.Decode(&raw); err != nil {
			return err
		}
		if !j.yield(raw) {
			j.done = true
			return nil
		}
	}
	_, err := j.dec.Token()
	return err
}

// object reads what follows an opening brace: a client, or a page of a list,
// whose items are read one by one.
func (j *jsonReader) object() error {
	members, page := map[string]json.RawMessage{}, false
	for j.dec.More() {
		name, err := j.dec.Token()
		if err != nil {
			return err
		}
		if name == "items" {
			page = true
			if err := j.items(); err != nil || j.done {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := j.dec.Decode(&value); err != nil {
			return err
		}
		members[fmt.Sprint(name)] = value
	}
	if _, err := j.dec.Token(); err != nil {
		return err
	}
	if page {
		j.file.partial = string(members["is_last_page"]) == "false"
		return nil
	}
	raw, err := json.Marshal(members)
	if err == nil && !j.yield(raw) {
		j.done = true
	}
	return err
}

func (j *jsonReader) items() error {
	start, err := j.dec.Token()
	switch {
	case err != nil:
		return err
	case start == nil: // how some programs write an empty list
		return nil
	case start != json.Delim('['):
		return errors.New("items must be a list")
	}
	return j.list()
}
