package migrate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// forms are SHA-256 digests of a fixed corpus in each form of bytes that
// commitments and leaves are computed over, by the form's name and number.
// Whoever changes such bytes, a member more included, gives the form a new
// number, so that programs of before refuse it by its number; the old one stays
// here and stays readable.
var forms = map[string]string{
	"client 1":          "0c1907affd2b276c7bd0f78c66029093ffb2ceb9d1eca28df9a2a5bbc43dac79",
	"client 2":          "1a3250d55179afb1af9dacaf229e04c7b83a57fe5e6438b3af29fbcbac46c21f",
	"setup 1":           "63bf697bc457439f01af07adc581cc4392d3d93c0a343972b6ec81757851b124",
	"resource server 1": "266007f0d67e1b924e0c78ef3a0f888c2311d4b726a5004ac66e82406ee9784d",
	"envelope 1":        "76e52b850c9b606df850201eb87783d6442710858663dfe047a1ff61c2e802ca",
	"envelope 2":        "27d8fa9b97b71c822df2a6431f9b2c10ea0fe75dcc3626f73b35370e34e95980",
	"entry 1":           "2a0a52e8525fbf80d4de35740ee8f52e212ad6343a40dd5d3ee74ed8c7f0ddc2",
}

var number = regexp.MustCompile(`^(?:\{"v":|v)([0-9]+)`)

// TestFormsHaveANewNumberForEachChange compares the corpus with what is fixed.
func TestFormsHaveANewNumberForEachChange(t *testing.T) {
	client, setup, server := documenttest.Stored()
	envelopes, before, entries := logForms(t)
	two := document.Encode(&client)
	later := bytes.Index(two, []byte(`,"tls_client_auth_san_dns":`)) // the first member that form 1 has not
	one, err := document.Decode[document.Client](fmt.Appendf(nil, `{"v":1%s}`, two[len(`{"v":2`):later]))
	if err != nil {
		t.Fatal(err)
	}
	for name, corpus := range map[string][][]byte{
		"client":          {document.Encode(&document.Client{}), document.Encode(one)},
		"client, later":   {two, document.Encode(&document.Client{VPFormatsSupported: "{}"})},
		"setup":           {document.Encode(&document.Setup{}), document.Encode(&setup)},
		"resource server": {document.Encode(&document.ResourceServer{}), document.Encode(&server)},
		"envelope":        before,
		"envelope, later": envelopes,
		"entry":           entries,
	} {
		m := number.FindSubmatch(corpus[0])
		if m == nil {
			t.Errorf("%s: %.40q does not begin with the number of its form", name, corpus[0])
			continue
		}
		name, _, _ = strings.Cut(name, ",")
		form := fmt.Sprintf("%s %s", name, m[1])
		sum := sha256.Sum256(bytes.Join(corpus, []byte{'\n'}))
		if got := hex.EncodeToString(sum[:]); got != forms[form] {
			t.Errorf("the bytes of form %q have changed: give the form a new number, beside this one; the digest is %s", form, got)
		}
	}
}

// logForms are the envelopes of some events, as today and in form 1, and the public
// entries of the latter, with salts and instants that are always the same.
func logForms(t *testing.T) (envelopes, before, entries [][]byte) {
	t.Helper()
	d := dbtest.Open(t, dbtest.SQLite(t), db.Options{})
	l := history.New(func() time.Time { return time.UnixMicro(1767225600123456) }, bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 100)))
	if err := l.Load(bg, d); err != nil {
		t.Fatal(err)
	}
	for _, events := range [][]history.Event{
		{{Kind: "client.published", ObjectKind: "client", Object: "a", Ref: "r", Org: "o", Actor: "key:k", ActingOrg: "p", Surface: "api",
			Reason: "Grüße \"<&>\" \u2028 \\ \x01", Effective: 1767225600123, Commitment: bytes.Repeat([]byte{0xab}, 32), Detail: []byte(`{"a":1}`)}},
		{{Kind: "client.changed", ObjectKind: "client", Object: "a", Actor: "anonymous:192.0.2.1"}, {Kind: "key.created", ObjectKind: "key", Object: "k", Effective: -1}},
	} {
		if err := d.Write(bg, func(tx *db.Tx) error {
			for _, e := range events {
				history.Record(tx, e)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	commitments := map[string]string{} // of form 1 by those of today
	if err := d.View(bg, func(c *db.Conn) error {
		return c.Each(func(scan func(...any) error) error {
			var envelope string
			var salt, commitment []byte
			err := scan(&envelope, &salt, &commitment)
			envelopes = append(envelopes, []byte(envelope))
			one := strings.Replace(envelope, `{"v":2`, `{"v":1`, 1)
			if rows := strings.Index(one, `,"rows":`); rows > 0 {
				one = one[:rows] + "}"
			}
			for is, was := range commitments {
				one = strings.Replace(one, is, was, 1)
			}
			sum := history.Commitment(salt, []byte(one))
			commitments[hex.EncodeToString(commitment)] = hex.EncodeToString(sum[:])
			before = append(before, []byte(one))
			entry := history.PublicEntry(sum)
			leaf := history.LeafHash(entry)
			entries = append(entries, append(entry, leaf[:]...))
			return err
		}, "SELECT envelope, salt, commitment FROM log_event ORDER BY idx")
	}); err != nil {
		t.Fatal(err)
	}
	return envelopes, before, entries
}
