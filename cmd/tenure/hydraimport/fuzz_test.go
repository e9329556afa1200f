package hydraimport

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzColumns: whatever a column holds becomes JSON or an error.
func FuzzColumns(f *testing.F) {
	for _, seed := range []string{"", "null", "a|b", "[]", `["a"]`, "[1]", `{"keys":[]}`, `{"keys":[{"kty":"RSA"}]}`, "1", "t", "-1", "9223372036854775807",
		"2024-07-29T15:51:28.071Z", "2024-07-29 15:51:28.071 +0000 UTC m=+0.1", "9999-12-31 23:59:59.999999999 -0700 MST", "\xff"} {
		f.Add(seed)
	}
	readers := []columnReader{columnText, columnSpan}
	for _, name := range slices.Sorted(maps.Keys(columnReaders)) {
		if read := columnReaders[name]; read != nil {
			readers = append(readers, read)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, read := range readers {
			if raw, err := read(text); err == nil && raw != nil && !json.Valid(raw) {
				t.Errorf("column reader %d makes %q of %q", i, raw, text)
			}
		}
	})
}

// FuzzFile: a file is read to its end or to an error, and its clients are counted.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "[]", "{}", `[{"client_id":"a"}]`, `{"items":[{"client_id":"a"}],"is_last_page":false}`, `{"items":null}`,
		"\ufeff{\"client_id\":\"a\"}\n{\"client_id\":\"b\",\"client_secret\":\"$2a$10$\"}", `[{"client_id":"a"},{"client_id":`, "SQLite format 3\x00", "nul", `{"a":1`} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "clients.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := openFile(path)
		if err != nil {
			return
		}
		defer file.close()
		n := 0
		err = file.each(func(c sourceClient) bool {
			n++
			if c.number != n {
				t.Errorf("client %d is number %d", n, c.number)
			}
			return true
		})
		if err == nil && !file.sqlite && n == 0 && json.Valid(data) && data[0] == '[' && len(data) > 2 {
			var items []json.RawMessage
			if json.Unmarshal(data, &items) == nil && len(items) > 0 {
				t.Errorf("no client of %q", data)
			}
		}
	})
}
