package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
)

// golden has every member filled, and in its texts what JSON encoders differ in.
var golden = Envelope{Version: 1, Kind: "client.changed", ObjectKind: "client", Object: "0a", Seq: 3, Previous: "ff00",
	Ref: "\"\\/", Org: "<&>", Actor: "anonymous:\u2028\u2029", ActingOrg: "\b\f\n\r\t\x01\x7f", Surface: "é€😀", Reason: "\uFFFD",
	RecordedAt: 1764590400123456, Effective: -1, Content: "cc", Detail: "dd"}

// These bytes are hashed and stored for ever: when this fails after a change
// of the toolchain, the encoder must change back, not the test.
const goldenBytes = `{"v":1,"kind":"client.changed","object_kind":"client","object":"0a","seq":3,"previous":"ff00",` +
	`"ref":"\"\\/","org":"<&>","actor":"anonymous:\u2028\u2029","acting_org":"\b\f\n\r\t\u0001` + "\x7f" + `","surface":"é€😀",` +
	`"reason":"` + "\uFFFD" + `","recorded_at":1764590400123456,"effective_at":-1,"content":"cc","detail":"dd"}`

// golden2 is of version 2, which names rows.
var golden2 = func() Envelope {
	e := golden
	e.Version = 2
	e.Rows = []BoundRow{{"entity", []string{"0a"}, "01ff"}, {"org_version", []string{"<&>", "3"}, "02"}}
	e.Tables = []BoundTable{{"api_key", 7, "03"}}
	return e
}()

var goldenBytes2 = strings.TrimSuffix(strings.Replace(goldenBytes, `"v":1`, `"v":2`, 1), "}") +
	`,"rows":[["entity",["0a"],"01ff"],["org_version",["<&>","3"],"02"]],"tables":[["api_key",7,"03"]]}`

func TestEnvelopeBytes(t *testing.T) {
	for _, c := range []struct {
		envelope Envelope
		bytes    string
	}{{golden, goldenBytes}, {golden2, goldenBytes2}} {
		if got := string(c.envelope.encode()); got != c.bytes {
			t.Errorf("encoded\n%s, want\n%s", got, c.bytes)
		}
		got, err := DecodeEnvelope([]byte(c.bytes))
		if err != nil || !reflect.DeepEqual(got, c.envelope) {
			t.Errorf("decoded %+v (%v), want %+v", got, err, c.envelope)
		}
	}
}

func TestDecodeEnvelopeRefuses(t *testing.T) {
	for _, c := range []struct{ name, data, err string }{
		{"nothing", "", "EOF"},
		{"another type", "[]", "cannot unmarshal"},
		{"cut", goldenBytes[:len(goldenBytes)-1], "EOF"},
		{"more behind it", goldenBytes + "{}", "one form"},
		{"a line feed behind it", goldenBytes + "\n", "one form"},
		{"space", strings.Replace(goldenBytes, ",", ", ", 1), "one form"},
		{"said twice", strings.Replace(goldenBytes, `"v":1`, `"actor":"key:another","v":1`, 1), "one form"},
		{"other case", strings.Replace(goldenBytes, `"actor"`, `"Actor"`, 1), "one form"},
		{"other order", strings.Replace(goldenBytes, `"v":1,"kind":"client.changed"`, `"kind":"client.changed","v":1`, 1), "one form"},
		{"member missing", strings.Replace(goldenBytes, `"ref":"\"\\/",`, ``, 1), "one form"},
		{"null", strings.Replace(goldenBytes, `"detail":"dd"`, `"detail":null`, 1), "one form"},
		{"needless escape", strings.Replace(goldenBytes, "é", `\u00e9`, 1), "one form"},
		{"broken UTF-8", strings.Replace(goldenBytes, "\uFFFD", "\xff", 1), "one form"},
		{"unknown member", strings.Replace(goldenBytes, `"v":1`, `"v":1,"x":1`, 1), "unknown field"},
		{"other version", strings.Replace(goldenBytes, `"v":1`, `"v":3`, 1), "version 3"},
		{"rows in version 1", strings.Replace(goldenBytes2, `"v":2`, `"v":1`, 1), "names no rows"},
		{"no rows, said", strings.Replace(goldenBytes, `"dd"}`, `"dd","rows":[]}`, 1), "one form"},
		{"a row of two", strings.Replace(goldenBytes2, `,"01ff"]`, `]`, 1), "2 parts"},
		{"a row of four", strings.Replace(goldenBytes2, `"01ff"]`, `"01ff",""]`, 1), "4 parts"},
		{"a table of four", strings.Replace(goldenBytes2, `"03"]`, `"03",0]`, 1), "4 parts"},
		{"no version", `{}`, "version 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.data == goldenBytes {
				t.Fatal("the case changes nothing")
			}
			if _, err := DecodeEnvelope([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want one that says %q", err, c.err)
			}
		})
	}
}

// What decodes is encoded to the same bytes.
func FuzzDecodeEnvelope(f *testing.F) {
	f.Add([]byte(goldenBytes))
	f.Add(Envelope{Version: 1}.encode())
	f.Add(Envelope{Version: 1, RecordedAt: math.MaxInt64, Effective: math.MinInt64, Seq: -1}.encode())
	f.Add([]byte(goldenBytes2))
	f.Add([]byte(goldenBytes + " "))
	f.Add([]byte(`{"v":1e0}`))
	f.Add([]byte(`{"V":1,"v":1,"kind":"\ud800"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEnvelope(data)
		if err != nil {
			return
		}
		if again := e.encode(); !bytes.Equal(again, data) {
			t.Fatalf("%q decodes, and encodes as %q", data, again)
		}
	})
}

// Whatever texts an event has, what is recorded of it decodes to the same.
func TestRecordedEventsDecode(t *testing.T) {
	l := New(nil, nil)
	if err := quick.Check(func(kind, objectKind, object, ref, org, actor, acting, surface, reason, detail []byte, seq, at, effective int64) bool {
		e := Event{Kind(kind), string(objectKind), string(object), string(ref), string(org), string(actor), string(acting),
			string(surface), string(reason), Millis(effective), nil, detail}.clean()
		row, err := l.row(nil, queued{recorded: recorded{e, Micros(at)}}, chain{seq, nil}, 0)
		if err != nil {
			t.Error(err)
		}
		env, err := DecodeEnvelope([]byte(row.Envelope))
		if err != nil {
			t.Errorf("%q: %v", row.Envelope, err)
		}
		return env.Object == row.ObjectID && env.Ref == row.Ref && env.Org == row.OrgID && env.Actor == row.Actor &&
			env.Kind == row.Kind && env.Reason == e.Reason && env.RecordedAt == Micros(at) && !strings.Contains(row.Envelope+string(row.detail), "\x00")
	}, nil); err != nil {
		t.Error(err)
	}
}

func TestPublicEntry(t *testing.T) {
	var c [32]byte
	for i := range c {
		c[i] = byte(0xf0 + i)
	}
	const want = "v1\nf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n"
	if got := string(PublicEntry(c)); got != want {
		t.Errorf("public entry %q, want %q", got, want)
	}
	leaf := LeafHash([]byte(want))
	if sum := sha256.Sum256([]byte("\x00" + want)); leaf != sum {
		t.Errorf("leaf hash %x, want RFC 6962's %x", leaf, sum)
	}
	commitment := Commitment([]byte("salt"), []byte("data"))
	if sum := sha256.Sum256([]byte("saltdata")); commitment != sum {
		t.Errorf("commitment %x, want %x", commitment, sum)
	}
}

// row makes of known salts and a known event known bytes.
func TestStoredForm(t *testing.T) {
	salts := make([]byte, 64)
	for i := range salts {
		salts[i] = byte(i)
	}
	e := event("0a")
	e.Detail = []byte(`{"more":1}`)
	row, err := New(nil, bytes.NewReader(salts)).row(nil, queued{recorded: recorded{e, noon}}, chain{4, []byte{0xab, 0xcd}}, 77)
	if err != nil {
		t.Fatal(err)
	}
	detail := sha256.Sum256(append(salts[32:64:64], `{"more":1}`...))
	want := fmt.Sprintf(`{"v":2,"kind":"client.changed","object_kind":"client","object":"0a","seq":5,"previous":"abcd","ref":"ref of 0a",`+
		`"org":"org of 0a","actor":"key:0a","acting_org":"acting","surface":"api","reason":"because","recorded_at":%d,"effective_at":%d,`+
		`"content":"%s","detail":"%x"}`, noon, noon/1000+5, strings.Repeat("63", 32), detail)
	if row.Envelope != want {
		t.Errorf("envelope\n%s, want\n%s", row.Envelope, want)
	}
	commitment := sha256.Sum256(append(salts[:32:32], want...))
	leaf := sha256.Sum256([]byte("\x00v1\n" + hex.EncodeToString(commitment[:]) + "\n"))
	if !bytes.Equal(row.Salt, salts[:32]) || !bytes.Equal(row.Commitment, commitment[:]) || !bytes.Equal(row.LeafHash, leaf[:]) {
		t.Errorf("salt %x, commitment %x, leaf %x; want %x, %x, %x", row.Salt, row.Commitment, row.LeafHash, salts[:32], commitment, leaf)
	}
	if row.Idx != 77 || row.ObjectSeq != 5 || row.RecordedAt != int64(noon) {
		t.Errorf("row %+v", row)
	}
}

func TestInstants(t *testing.T) {
	if got := noon.Time().Format("2006-01-02T15:04:05.000000Z07:00"); got != "2025-12-01T12:00:00.123456Z" {
		t.Errorf("noon is %s", got)
	}
	if m := noon.Millis(); m != 1_764_590_400_123 || m.Micros() != 1_764_590_400_123_000 || !m.Time().Equal(m.Micros().Time()) {
		t.Errorf("noon is %d ms", m)
	}
}
