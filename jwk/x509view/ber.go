package x509view

import (
	"encoding/base64"
	"errors"
	"strings"
)

// maxIndefiniteDepth bounds the nesting inside an indefinite-length element: the rewriting recurses.
const maxIndefiniteDepth = 64

var (
	errIndefinitePrimitive = errors.New("an indefinite length on a primitive element")
	errIndefiniteDepth     = errors.New("an indefinite-length encoding nested too deeply")
	errNotCertificate      = errors.New("neither DER nor PEM")
)

// rewriteDefinite appends the element b starts with, every length inside it definite and shortest
// (X.690 section 8.1.3), and returns what follows the element.
func rewriteDefinite(dst, b []byte, depth int) (out, rest []byte, err error) {
	switch {
	case depth > maxIndefiniteDepth:
		return nil, nil, errIndefiniteDepth
	case len(b) < 2:
		return nil, nil, errTooShort
	case b[0]&0x1f == 0x1f:
		return nil, nil, errHighTag
	}
	tag, constructed := b[0], b[0]&bitConstructed != 0
	if b[1] == 0x80 {
		if !constructed {
			return nil, nil, errIndefinitePrimitive
		}
		var content []byte
		for b = b[2:]; ; {
			if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
				return appendElement(dst, tag, content), b[2:], nil
			}
			if content, b, err = rewriteDefinite(content, b, depth+1); err != nil {
				return nil, nil, err
			}
		}
	}
	header, length, err := definiteLength(b)
	if err != nil {
		return nil, nil, err
	}
	content, rest := b[header:header+length], b[header+length:]
	if constructed {
		var inner []byte
		for remaining := content; len(remaining) > 0; {
			if inner, remaining, err = rewriteDefinite(inner, remaining, depth+1); err != nil {
				return nil, nil, err
			}
		}
		content = inner
	}
	return appendElement(dst, tag, content), rest, nil
}

// certificateElement finds the certificate in data: DER as it stands, or the first PEM block
// (RFC 7468) of any label. Whatever follows is ignored.
func certificateElement(data []byte) (element, error) {
	if len(data) == 0 {
		return element{}, errTooShort
	}
	r := reader(data)
	if data[0] != tagSequence {
		der, err := decodePEM(data)
		if err != nil {
			return element{}, err
		}
		r = der
	}
	return r.expect(tagSequence)
}

// decodePEM returns the content of the first block whose header starts a line.
func decodePEM(data []byte) ([]byte, error) {
	const dashes = "-----"
	block := "\n" + strings.ReplaceAll(string(data), "\r", "\n")
	start := strings.Index(block, "\n"+dashes)
	if start < 0 {
		return nil, errNotCertificate
	}
	header, text, _ := strings.Cut(block[start+1:], "\n")
	label, opened := strings.CutPrefix(header, dashes+"BEGIN ")
	label, closed := strings.CutSuffix(label, dashes)
	text, footer, found := strings.Cut(text, "-")
	footer, _, _ = strings.Cut(footer, "\n")
	if !opened || !closed || !found || strings.TrimRight(footer, " \t") != dashes[1:]+"END "+label+dashes {
		return nil, errNotCertificate
	}
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, errNotCertificate
	}
	return der, nil
}
