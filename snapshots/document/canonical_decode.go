package document

import (
	"bytes"
	"fmt"
	"strconv"
)

// Decode reads what Encode wrote, and nothing else: bytes that are JSON but
// not canonical (another order or spelling, an unknown or repeated member, an
// unset one written out, trailing bytes) are an error. So if Decode succeeds,
// Encode of the result gives the same bytes, and stored content never has to
// be re-encoded to be checked. Errors name no content.
func Decode[T Content](data []byte) (*T, error) {
	doc := new(T)
	// One copy backs every string of the document.
	s := scanner{in: string(data), depth: maxKeySetDepth}
	s.expect(contentStart)
	decodeMembers(&s, fieldsOf[T](), doc, false)
	if s.err != nil {
		return nil, fmt.Errorf("decoding %T content: %w", *doc, s.err)
	}
	// The scanner may be lenient where it is simpler to be: whatever it read
	// too kindly is encoded in another way.
	if !bytes.Equal(appendContent(make([]byte, 0, len(data)+64), doc), data) {
		return nil, fmt.Errorf("decoding %T content: the bytes are not canonical", *doc)
	}
	return doc, nil
}

// decodeMembers reads the rest of an object, its closing brace included. first
// tells that no member stands before.
func decodeMembers[T any](s *scanner, fields []field[T], doc *T, first bool) {
	for ; !s.take("}"); first = false {
		if !first {
			s.expect(",")
		}
		name := s.text()
		s.expect(":")
		for len(fields) > 0 && fields[0].Name != name {
			fields = fields[1:]
		}
		if len(fields) == 0 {
			s.fail("unknown, repeated or misplaced member")
		}
		if s.err != nil {
			return
		}
		decodeValue(s, fields[0].at(doc))
		fields = fields[1:]
	}
}

// decodeValue knows the kinds that appendMember knows, which a round trip of
// every member shows.
func decodeValue(s *scanner, member any) {
	switch m := member.(type) {
	case *string:
		*m = s.text()
	case *[]string:
		*m = decodeList(s, decodeText)
	case *inheritable:
		*m = decodeList(s, decodeText)
	case *Flag:
		*m = FlagOf(s.take("true"))
		if *m == False {
			s.expect("false")
		}
	case *Lifetime:
		*m = decodeInteger(s)
	case *JWKS:
		*m = JWKS(s.value(make([]byte, 0, 512)))
	case *JSON:
		*m = JSON(s.value(make([]byte, 0, 128)))
	case *[]Localized:
		*m = decodeList(s, func(s *scanner, l *Localized) {
			s.expect("{")
			decodeMembers(s, localizedFields, l, true)
		})
	case *[]Scope:
		*m = decodeList(s, func(s *scanner, scope *Scope) {
			s.expect("{")
			decodeMembers(s, scopeFields, scope, true)
		})
	}
}

// decodeList never gives nil, which a list that inherits needs.
func decodeList[E any](s *scanner, item func(*scanner, *E)) []E {
	list := make([]E, 0, 4) // few have more
	s.expect("[")
	for s.err == nil && !s.take("]") {
		if len(list) > 0 {
			s.expect(",")
		}
		list = append(list, *new(E))
		item(s, &list[len(list)-1])
	}
	return list
}

func decodeText(s *scanner, text *string) { *text = s.text() }

func decodeInteger(s *scanner) Lifetime {
	n, err := strconv.ParseInt(s.number(), 10, 64)
	if err != nil {
		s.fail("not a 64-bit integer")
	}
	return &n
}
