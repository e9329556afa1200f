package main

import (
	"bytes"
	"encoding/json"
	"os"
)

// write writes everything but the answers indented, and an answer a line.
func (w *world) write(path string) error {
	answers := w.Answers
	w.Answers = nil
	defer func() { w.Answers = answers }()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(w); err != nil {
		return err
	}
	lines := []byte("\"Answers\": [")
	for i, a := range answers {
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(a); err != nil {
			return err
		}
		if i > 0 {
			lines = append(lines, ',')
		}
		lines = append(append(lines, '\n'), bytes.TrimSpace(line.Bytes())...)
	}
	raw := bytes.Replace(out.Bytes(), []byte(`"Answers": null`), append(lines, "\n]"...), 1)
	return os.WriteFile(path, raw, 0o644)
}
