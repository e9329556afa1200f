package document

import (
	"bytes"
	"fmt"
	"strconv"

	"tenure/jwk/strictjson"
)

// Decode reads what Encode wrote, and nothing else: bytes that are JSON but
// not canonical (another order or spelling, an unknown or repeated member, an
// unset one written out, trailing bytes) are an error. So if Decode succeeds,
// Encode of the result gives the same bytes, and stored content never has to
// be re-encoded to be checked. Errors name no content.
func Decode[T Content](data []byte) (*T, error) {
	doc := new(T)
	// One copy backs every string of the document. The object itself is one
	// level more than what it has in it.
	r := strictjson.NewReader(string(data), 1+maxKeySetDepth)
	r.Object()
	if !r.Member() || r.Name() != "v" {
		r.Fail("no number of its form")
	} else if form := r.Number(); form != formOne && form != formTwo {
		r.Fail("another form")
	}
	decodeMembers(r, fieldsOf[T](), doc)
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("decoding %T content: %w", *doc, err)
	}
	// Reading is lenient about spaces, spelling and unset members; such bytes
	// are encoded in another way.
	if !bytes.Equal(appendContent(make([]byte, 0, len(data)+64), doc), data) {
		return nil, fmt.Errorf("decoding %T content: the bytes are not canonical", *doc)
	}
	return doc, nil
}

// decodeMembers reads the rest of an object that r has entered.
func decodeMembers[T any](r *strictjson.Reader, fields []field[T], doc *T) {
	for r.Member() {
		name := r.Name()
		for len(fields) > 0 && fields[0].Name != name {
			fields = fields[1:]
		}
		if len(fields) == 0 {
			r.Fail("unknown, repeated or misplaced member")
			return
		}
		decodeValue(r, fields[0].at(doc))
		fields = fields[1:]
	}
}

// decodeValue knows the kinds that appendMember knows, which a round trip of
// every member shows.
func decodeValue(r *strictjson.Reader, member any) {
	switch m := member.(type) {
	case *string:
		*m = r.Text()
	case *[]string:
		*m = decodeList(r, decodeText)
	case *inheritable:
		*m = decodeList(r, decodeText)
	case *Flag:
		*m = FlagOf(r.Bool())
	case *Lifetime:
		*m = decodeInteger(r)
	case *JWKS:
		*m = JWKS(r.AppendCanonical(make([]byte, 0, 512)))
	case *JSON:
		*m = JSON(r.AppendCanonical(make([]byte, 0, 128)))
	case *[]Localized:
		*m = decodeList(r, func(r *strictjson.Reader, l *Localized) {
			r.Object()
			decodeMembers(r, localizedFields, l)
		})
	case *[]Scope:
		*m = decodeList(r, func(r *strictjson.Reader, scope *Scope) {
			r.Object()
			decodeMembers(r, scopeFields, scope)
		})
	}
}

// decodeList never gives nil, which a list that inherits needs.
func decodeList[E any](r *strictjson.Reader, item func(*strictjson.Reader, *E)) []E {
	list := make([]E, 0, 4) // few have more
	for r.Array(); r.Item(); {
		list = append(list, *new(E))
		item(r, &list[len(list)-1])
	}
	return list
}

func decodeText(r *strictjson.Reader, text *string) { *text = r.Text() }

func decodeInteger(r *strictjson.Reader) Lifetime {
	n, err := strconv.ParseInt(r.Number(), 10, 64)
	if err != nil {
		r.Fail("not a 64-bit integer")
	}
	return &n
}
