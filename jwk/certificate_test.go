package jwk

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
)

// goldenFolders are the folders of kind ("x509" or "jwk") to test with: the project's own examples
// always, the shared corpus of other projects' files when it lies beside the repository.
func goldenFolders(t *testing.T, kind string, test func(t *testing.T, folder string)) {
	t.Helper()
	t.Run("own", func(t *testing.T) { test(t, filepath.Join("..", "testdata", kind, "own")) })
	t.Run("corpus", func(t *testing.T) {
		folder := filepath.Join("..", "..", "shared", kind, "corpus")
		if _, err := os.Stat(folder); err != nil {
			t.Skipf("the shared %s corpus is not beside this repository", kind)
		}
		test(t, folder)
	})
}

type manifestEntry struct {
	Name   string
	JDK    string
	Result string
}

func readManifest(t *testing.T, folder string) []manifestEntry {
	t.Helper()
	var entries []manifestEntry
	if err := json.Unmarshal(readFile(t, folder, "MANIFEST.json"), &entries); err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatalf("%s lists nothing", folder)
	}
	return entries
}

func readFile(t testing.TB, elements ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("invalid JSON: %v\n%.300s", err, data)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Fatal("more than one JSON value")
	}
	return value
}

// difference describes the first place where two decoded documents differ, numbers compared by
// value; "" when there is none.
func difference(path string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: got %.200v, want an object", path, got)
		}
		names := map[string]bool{}
		for name := range want {
			names[name] = true
		}
		for name := range object {
			names[name] = true
		}
		sorted := make([]string, 0, len(names))
		for name := range names {
			sorted = append(sorted, name)
		}
		sort.Strings(sorted)
		for _, name := range sorted {
			_, here := object[name]
			if _, there := want[name]; here != there {
				return fmt.Sprintf("%s/%s: present %v, want %v", path, name, here, there)
			}
			if d := difference(path+"/"+name, object[name], want[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s: got %.200v, want %.200v", path, got, want)
		}
		for i := range want {
			if d := difference(fmt.Sprintf("%s/%d", path, i), list[i], want[i]); d != "" {
				return d
			}
		}
		return ""
	case json.Number:
		number, ok := got.(json.Number)
		if ok && number != want {
			a, parsedA := new(big.Rat).SetString(number.String())
			b, parsedB := new(big.Rat).SetString(want.String())
			ok = parsedA && parsedB && a.Cmp(b) == 0
		}
		if !ok {
			return fmt.Sprintf("%s: got %v, want %v", path, got, want)
		}
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s: got %.300q, want %.300q", path, got, want)
	}
	return ""
}

func hasError(value any) bool {
	object, _ := value.(map[string]any)
	failure, _ := object["error"].(map[string]any)
	message, _ := failure["message"].(string)
	return message != ""
}

func TestAppendCertificateGolden(t *testing.T) {
	goldenFolders(t, "x509", func(t *testing.T, folder string) {
		for _, entry := range readManifest(t, folder) {
			t.Run(entry.Name, func(t *testing.T) {
				text := readFile(t, folder, entry.Name+".pem")
				want := decode(t, readFile(t, folder, entry.Name+".json"))
				block, _ := pem.Decode(text)
				if block == nil {
					t.Fatal("no PEM block")
				}
				for form, data := range map[string][]byte{"PEM": text, "DER": block.Bytes} {
					output := AppendCertificate([]byte("x"), data)
					if output[0] != 'x' {
						t.Fatal("the prefix is gone")
					}
					got := decode(t, output[1:])
					if entry.JDK != "ok" {
						if !hasError(got) {
							t.Errorf("%s: rendered, want an error entry: %v", form, want)
						}
						continue
					}
					if d := difference("", got, want); d != "" {
						t.Errorf("%s: %s", form, d)
					}
					if count := len(got.(map[string]any)); count != 25 {
						t.Errorf("%s: %d members", form, count)
					}
				}
				certificate, err := ParseCertificate(block.Bytes)
				if (err == nil) != (entry.JDK == "ok") {
					t.Errorf("ParseCertificate: %v, reference: %s", err, entry.JDK)
				}
				if err == nil {
					compareExported(t, certificate, want.(map[string]any))
				}
			})
		}
	})
}

// compareExported holds what ParseCertificate gives against the view of the same certificate.
func compareExported(t *testing.T, c *Certificate, view map[string]any) {
	t.Helper()
	name := func(member string) any { return view[member].(map[string]any)["name"] }
	if c.Subject != name("subjectX500Principal") || c.Issuer != name("issuerX500Principal") {
		t.Errorf("names %q, %q", c.Subject, c.Issuer)
	}
	if c.SerialNumber.String() != view["serialNumber"].(json.Number).String() {
		t.Errorf("serial number %v", c.SerialNumber)
	}
	const layout = "2006-01-02T15:04:05.000Z"
	if c.NotBefore.Format(layout) != view["notBefore"] || c.NotAfter.Format(layout) != view["notAfter"] {
		t.Errorf("validity %v to %v", c.NotBefore, c.NotAfter)
	}
}

// ownCertificate is the DER of one of the project's examples.
func ownCertificate(t testing.TB, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(readFile(t, "..", "testdata", "x509", "own", name+".pem"))
	if block == nil {
		t.Fatal("no PEM block")
	}
	return block.Bytes
}

// requireRendering renders data and returns the decoded view.
func requireRendering(t *testing.T, data []byte) map[string]any {
	t.Helper()
	object, ok := decode(t, AppendCertificate(nil, data)).(map[string]any)
	if !ok || !hasError(object) && len(object) != 25 {
		t.Fatalf("%d members, no error", len(object))
	}
	return object
}

func TestTruncatedCertificate(t *testing.T) {
	der := ownCertificate(t, "151-made-san-all-types")
	for length := range len(der) {
		if !hasError(requireRendering(t, der[:length])) {
			t.Fatalf("%d of %d octets rendered", length, len(der))
		}
	}
	if hasError(requireRendering(t, der)) {
		t.Fatal("the whole certificate does not render")
	}
}

// TestFlippedCertificate changes each octet in turn: whatever comes of it, it renders.
func TestFlippedCertificate(t *testing.T) {
	for _, name := range []string{"151-made-san-all-types", "161-made-sig-pss-sha384"} {
		der := ownCertificate(t, name)
		for i := range der {
			for _, mask := range []byte{0x01, 0x20, 0x80, 0xff} {
				flipped := slices.Clone(der)
				flipped[i] ^= mask
				requireRendering(t, flipped)
			}
		}
	}
}

// indefinite encodes e and everything constructed in it with indefinite lengths.
func indefinite(t *testing.T, dst []byte, e element) []byte {
	t.Helper()
	if e.tag&bitConstructed == 0 {
		return append(dst, e.raw...)
	}
	dst = append(dst, e.tag, 0x80)
	for r := reader(e.body); len(r) > 0; {
		inner, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		dst = indefinite(t, dst, inner)
	}
	return append(dst, 0, 0)
}

func TestIndefiniteLengths(t *testing.T) {
	der := ownCertificate(t, "151-made-san-all-types")
	outer, err := single(der)
	if err != nil {
		t.Fatal(err)
	}
	rewritten := append(indefinite(t, nil, outer), "trailing"...)
	if d := difference("", decode(t, AppendCertificate(nil, rewritten)), decode(t, AppendCertificate(nil, der))); d != "" {
		t.Error(d)
	}
	for _, depth := range []int{maxIndefiniteDepth - 1, 100_000} {
		nested := append(bytes.Repeat([]byte{0x30, 0x80}, depth), make([]byte, 2*depth)...)
		if !hasError(requireRendering(t, nested)) {
			t.Errorf("nesting of %d rendered", depth)
		}
	}
	if !hasError(requireRendering(t, bytes.Repeat([]byte{0x30, 0x80}, 100_000))) {
		t.Error("unended nesting rendered")
	}
}

func TestHugeCertificate(t *testing.T) {
	huge := make([]byte, 10<<20)
	for i, data := range [][]byte{
		huge,
		appendElement(nil, tagSequence, huge),
		bytes.Repeat([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, len(huge)/6),
		bytes.Repeat([]byte("-----BEGIN CERTIFICATE-----\n"), len(huge)/28),
	} {
		if !hasError(requireRendering(t, data)) {
			t.Errorf("case %d rendered", i)
		}
	}
}

func TestPEMForms(t *testing.T) {
	der := ownCertificate(t, "164-made-v1-absent-version")
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for name, test := range map[string]struct {
		data string
		want bool
	}{
		"plain":              {text, true},
		"after text":         {"Subject: x\n" + text, true},
		"carriage returns":   {strings.ReplaceAll(text, "\n", "\r\n"), true},
		"another label":      {strings.ReplaceAll(text, "CERTIFICATE", "TRUST"), true},
		"without last line":  {strings.TrimSuffix(text, "\n"), true},
		"two blocks":         {text + text, true},
		"labels differ":      {strings.Replace(text, "END CERTIFICATE", "END X", 1), false},
		"no end":             {text[:len(text)/2], false},
		"not base64":         {strings.Replace(text, "MI", "M*", 1), false},
		"inside a line":      {"x" + text, false},
		"empty":              {"", false},
		"header only":        {"-----BEGIN CERTIFICATE-----", false},
		"PEM inside of PEM":  {string(pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte(text)})), false},
		"der after one zero": {"\x00" + string(der), false},
	} {
		if _, err := ParseCertificate([]byte(test.data)); (err == nil) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCertificate(f *testing.F) {
	for _, name := range []string{"151-made-san-all-types", "161-made-sig-pss-sha384", "159-made-sig-ecdsa-specified",
		"136-made-dn-string-types", "166-made-v2-unique-ids", "147-made-key-sect233k1"} {
		f.Add(ownCertificate(f, name))
	}
	f.Add([]byte{0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0})
	f.Add([]byte("-----BEGIN X-----\nMAA=\n-----END X-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		output := AppendCertificate(nil, data)
		if !json.Valid(output) {
			t.Fatalf("invalid JSON: %s", output)
		}
		view := requireRendering(t, data)
		if c, err := ParseCertificate(data); (err == nil) == hasError(view) {
			t.Fatalf("ParseCertificate: %v, view has an error: %v", err, hasError(view))
		} else if err == nil {
			compareExported(t, c, view)
		}
	})
}
