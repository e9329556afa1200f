package evidence

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// lines reads a file of JSON lines, each of at most maxLine bytes.
type lines struct {
	scanner *bufio.Scanner
	n       int
}

func newLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &lines{scanner: s}
}

// next reads a line into v; io.EOF behind the last.
func (l *lines) next(v any) error {
	if !l.scanner.Scan() {
		if err := l.scanner.Err(); err != nil {
			return fmt.Errorf("line %d: %w", l.n+1, err)
		}
		return io.EOF
	}
	l.n++
	if err := decode(l.scanner.Bytes(), v); err != nil {
		return fmt.Errorf("line %d: %w", l.n, err)
	}
	return nil
}

// eachLine calls fn with each line of a file, and its number from 1.
func eachLine[T any](r io.Reader, fn func(n int, v T) error) error {
	for list := newLines(r); ; {
		var v T
		err := list.next(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = fn(list.n, v)
		}
		if err != nil {
			return err
		}
	}
}

// decode reads a JSON text. A member that is repeated, also in other letters, is
// an error: two programs could read two things.
func decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return err
	}
	type object struct {
		names map[string]bool // nil for an array
		value bool            // the next token is a member's value
	}
	var open []object
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if in := len(open) - 1; in >= 0 && open[in].names != nil {
			if name, ok := token.(string); ok && !open[in].value {
				folded := strings.ToLower(strings.ToUpper(name))
				if open[in].names[folded] {
					return fmt.Errorf("the member %s is repeated", shown(name))
				}
				open[in].names[folded], open[in].value = true, true
				continue
			}
			open[in].value = false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{names: make(map[string]bool)})
		case json.Delim('['):
			open = append(open, object{})
		}
	}
}

var errHash = errors.New("not 32 bytes in hex")

// hash32 reads 32 bytes in lower-case hex.
func hash32(text string) (h tlog.Hash, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(h) || hex.EncodeToString(raw) != text {
		return h, errHash
	}
	return tlog.Hash(raw), nil
}

// hashes reads a proof, which has no more than 64 hashes on each side.
func hashes(texts []string) ([]tlog.Hash, error) {
	if len(texts) > 128 {
		return nil, errors.New("a proof of more than 128 hashes")
	}
	list := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = hash32(text); err != nil {
			return nil, err
		}
	}
	return list, nil
}
