package web

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode is the JSON of v as answers have it: on one line without a line feed,
// and without the escapes that are for HTML.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
