package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"tenure/snapshots"
	"tenure/snapshots/snapshotstest"
	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var ctx = context.Background()

const origin = "tenure.example/log"

func newKeys(t testing.TB) *history.Keys {
	t.Helper()
	text, err := NewKeyFile(rand.Reader)
	must(t, err)
	keys, err := history.ParseKeys(text)
	must(t, err)
	return keys
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installation is a World with history in north, harbour and south, and what
// signs it.
type installation struct {
	*snapshotstest.World
	log, own       *history.Keys
	exporter       *Exporter
	shop, south    snapshots.EntityID
	southSetup     snapshots.EntityID
	shopSnapshots  []snapshots.SnapshotID
	beforeTheEdits history.Micros
}

func newInstallation(t testing.TB, dsn string) *installation {
	t.Helper()
	return signedWith(t, dsn, newKeys(t), newKeys(t))
}

func signedWith(t testing.TB, dsn string, log, own *history.Keys) *installation {
	t.Helper()
	in := &installation{World: snapshotstest.New(t, dsn, snapshots.Options{}), log: log, own: own}
	publisher, err := history.OpenPublisher(ctx, in.DB, in.Log, history.PublisherOptions{Keys: in.log, Origin: origin})
	must(t, err)
	in.exporter = &Exporter{DB: in.DB, Log: publisher, Keys: in.own, Now: in.Log.Now, Program: "test"}
	in.southSetup = in.NewSetup(in.Admin(in.South), snapshotstest.MinimalSetup("southern secret plan")).Entity.ID
	out, err := in.Store.CreateClient(ctx, in.Admin(in.South), snapshots.NewClient{Module: snapshotstest.Module, Setup: in.southSetup,
		ClientID: "southern-client", Surface: "test"}, snapshotstest.To(snapshotstest.Named("southern")))
	must(t, err)
	in.south = out.Entity.ID
	in.shop = in.NewClient(in.Admin(in.Harbour), "shop", snapshotstest.To(snapshotstest.Named("shop"))).Entity.ID
	in.Tick()
	_, err = publisher.Checkpoint(ctx) // one from before the rest
	must(t, err)
	in.Tick()
	in.beforeTheEdits = in.Log.Now()
	in.Edit(in.Admin(in.North), in.shop, snapshotstest.To(snapshotstest.Named("renamed")))
	in.Tick()
	in.Edit(in.Admin(in.Harbour), in.shop, snapshotstest.To(snapshotstest.Named("third")))
	in.NewClient(in.Admin(in.Harbour), "kiosk", snapshotstest.To(snapshotstest.Named("kiosk")))
	in.shopSnapshots = in.History(in.Admin(in.North), in.shop, true)
	in.Tick()
	return in
}

// bundle makes one, and returns its files.
func (in *installation) bundle(t testing.TB, org tenancy.OrgID, f Filter) map[string]string {
	t.Helper()
	return unpacked(t, in.zip(t, org, f))
}

func (in *installation) zip(t testing.TB, org tenancy.OrgID, f Filter) []byte {
	t.Helper()
	b, err := in.exporter.Choose(ctx, in.Scope(org, tenancy.Auditor), f)
	must(t, err)
	var out bytes.Buffer
	must(t, b.Write(ctx, &out))
	return out.Bytes()
}

func unpacked(t testing.TB, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	files := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(r)
		must(t, err)
		files[f.Name] = string(text)
	}
	return files
}

func packed(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

// alsoVerify is called with each bundle that verify reads, and with the result.
var alsoVerify func(name string, raw []byte, known []string, said string, err error)

// verify says what is found of a bundle, a line a sentence.
func verify(t testing.TB, files map[string]string, known ...string) (string, error) {
	t.Helper()
	keys, err := ParseKeys(known)
	must(t, err)
	raw := packed(t, files)
	f, err := Read(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	var said strings.Builder
	_, err = Verify(f, Options{Known: keys, Say: func(s string) { said.WriteString(s + "\n") }})
	if alsoVerify != nil {
		alsoVerify(t.Name(), raw, known, said.String(), err)
	}
	return said.String(), err
}

// trusted are the keys that an outsider has from elsewhere.
func (in *installation) trusted(t testing.TB) []string {
	t.Helper()
	log, err := in.log.VerifierKeys(origin)
	must(t, err)
	own, err := in.own.VerifierKeys(KeyName(origin))
	must(t, err)
	return append(log, own...)
}

// resign makes the manifest right for the files again and signs it, as an
// operator who holds the evidence key can.
func (in *installation) resign(t testing.TB, files map[string]string, change func(*manifest)) {
	t.Helper()
	var m manifest
	must(t, json.Unmarshal([]byte(files[fileManifest]), &m))
	m.Files = slices.DeleteFunc(m.Files, func(f file) bool { _, ok := files[f.Name]; return !ok })
	for i, f := range m.Files {
		m.Files[i] = fileOf(f.Name, files[f.Name])
	}
	if change != nil {
		change(&m)
	}
	text, err := json.Marshal(m)
	must(t, err)
	in.signAs(t, files, string(text), m.Origin)
}

// sign signs a text as the manifest of this installation's log.
func (in *installation) sign(t testing.TB, files map[string]string, text string) {
	t.Helper()
	in.signAs(t, files, text, origin)
}

func (in *installation) signAs(t testing.TB, files map[string]string, text, origin string) {
	t.Helper()
	signed, err := in.own.SignNote(KeyName(origin), statement(origin, sha256.Sum256([]byte(text))))
	must(t, err)
	files[fileManifest], files[fileSignature] = text, string(signed)
}

// fileOf is the manifest's row of a file.
func fileOf(name, text string) file {
	sum := sha256.Sum256([]byte(text))
	return file{name, hex.EncodeToString(sum[:]), int64(len(text))}
}
