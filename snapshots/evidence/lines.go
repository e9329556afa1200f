package evidence

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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
	if err := json.Unmarshal(l.scanner.Bytes(), v); err != nil {
		return fmt.Errorf("line %d: %w", l.n, err)
	}
	return nil
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
