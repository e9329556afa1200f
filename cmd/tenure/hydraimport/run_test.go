package hydraimport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

// importFixture is a file of testdata/import.
func importFixture(name string) string {
	return filepath.Join("..", "..", "..", "testdata", "import", name)
}

// imports runs the import and returns its report.
func imports(t *testing.T, path string, f Options) (string, error) {
	t.Helper()
	if f.Format == "" {
		f.Format = "text"
	}
	var out bytes.Buffer
	err := Run(&out, io.Discard, path, f)
	return out.String(), err
}

func mustImport(t *testing.T, path string, f Options) string {
	t.Helper()
	out, err := imports(t, path, f)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// wants fails the test where a report lacks one of the lines.
func wants(t *testing.T, report string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !slices.Contains(strings.Split(report, "\n"), line) {
			t.Errorf("no line %q in\n%s", line, report)
		}
	}
}

// imported is an installation that clients were imported into.
type imported struct {
	*node.Node
	t *testing.T
}

func openImported(t *testing.T, database string) imported {
	t.Helper()
	n, err := node.Open(context.Background(), node.Config{Database: database, Log: zerolog.Nop()})
	must(t, err)
	return imported{n, t}
}

func (i imported) setup() snapshots.EntityID {
	return snapshots.EntityID(i.Tenancy.DefaultSetup(i.Tenancy.Root()))
}

func (i imported) client(id string) snapshots.Resolved[document.Client] {
	i.t.Helper()
	found, err := snapshots.Resolve[document.Client](context.Background(), i.Snapshots, i.Tenancy.Operator("test"), snapshots.ByClientID("", i.setup(), id), snapshots.Instant{})
	if err != nil {
		i.t.Fatalf("%s: %v", id, err)
	}
	return found
}

func (i imported) authenticates(id, method, secret string) bool {
	_, err := i.Snapshots.VerifySecret(context.Background(), i.setup(), id, method, secret)
	return err == nil
}

// done closes the installation once it is found sound.
func (i imported) done() {
	i.t.Helper()
	problems, err := snapshots.Check(context.Background(), i.DB)
	if err != nil || len(problems) > 0 {
		i.t.Errorf("%v %v", problems, err)
	}
	must(i.t, i.Close())
}

// logSize is how many changes a database has seen.
func logSize(t *testing.T, database string) int64 {
	t.Helper()
	n := openImported(t, database)
	defer n.Close()
	return n.Log.Size()
}

// contents are the hashes of all files of a folder.
func contents(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	found := map[string][32]byte{}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		found[e.Name()] = sha256.Sum256(raw)
	}
	return found
}

func TestImportOfAList(t *testing.T) {
	dir := t.TempDir()
	f := Options{Database: filepath.Join(dir, "tenure.db")}
	rehearsal := f
	rehearsal.DryRun = true

	out := mustImport(t, importFixture("list.json"), rehearsal)
	wants(t, out, "created    signer", "created    billing/night run ü", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused; nothing was written")
	if left := contents(t, dir); len(left) > 0 {
		t.Errorf("the rehearsal left %v", left)
	}

	out = mustImport(t, importFixture("list.json"), f)
	wants(t, out, "created    shop  (its secret is not in the file: rotate one in)", "created    kiosk", "5 clients: 5 created, 0 updated, 0 unchanged, 0 refused")
	if !regexp.MustCompile(`(?m)^first administrator's API key, shown this once: tenure_\S+$`).MatchString(out) || strings.Contains(out, "kept-in-clear-1") {
		t.Error(out)
	}
	n := openImported(t, f.Database)
	shop := n.client("shop")
	if want := time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC); !shop.ValidFrom.Time().Equal(want) || !shop.Imported || shop.Entity.Surface != "hydra" {
		t.Errorf("%+v", shop.Version)
	}
	if c := shop.Content; c.OwnerLabel != "team-a" || len(c.RedirectURIs) != 2 || !slices.Equal(c.Scopes, []string{"openid", "offline_access", "orders:read"}) {
		t.Errorf("%+v", c)
	}
	if c := n.client("signer").Content; !strings.Contains(string(c.JWKS), "signer-1") || c.TokenEndpointAuthSigningAlg != "ES256" {
		t.Errorf("%+v", c)
	}
	portal := n.client("portal").Content
	if portal.FreeMetadata != `{"limits":{"daily":[1,2.50]},"tier":"gold"}` || *portal.Lifespans.DeviceAuthorizationAccessToken != int64(90*time.Minute+500*time.Millisecond) ||
		*portal.Lifespans.JWTBearerAccessToken != -int64(time.Millisecond) || portal.SkipLogoutConsent != document.True {
		t.Errorf("%+v", portal)
	}
	if future := n.client("billing/night run ü"); future.ValidFrom.Time().After(time.Now()) || !future.Imported {
		t.Errorf("%+v", future.Version)
	}
	if !n.authenticates("billing/night run ü", "client_secret_basic", "kept-in-clear-1") || n.authenticates("billing/night run ü", "client_secret_basic", "kept-in-clear-2") {
		t.Error("its secret does not hold, or another one does")
	}
	n.done()

	size := logSize(t, f.Database)
	again := mustImport(t, importFixture("list.json"), f)
	wants(t, again, "unchanged  shop", "unchanged  billing/night run ü", "5 clients: 0 created, 0 updated, 5 unchanged, 0 refused")
	if now := logSize(t, f.Database); now != size {
		t.Errorf("importing the same again made %d changes", now-size)
	}
}

// TestImportLeavesWhatWasDeleted: a client that was deleted here does not come
// back, nor does its secret.
func TestImportLeavesWhatWasDeleted(t *testing.T) {
	f := Options{Database: filepath.Join(t.TempDir(), "tenure.db")}
	mustImport(t, importFixture("list.json"), f)
	n := openImported(t, f.Database)
	const id = "billing/night run ü"
	e := n.client(id).Entity
	must(t, snapshots.Delete[document.Client](context.Background(), n.Snapshots, n.Tenancy.Operator("test"),
		snapshots.Ref{Module: e.Module, Setup: e.Setup, Entity: e.ID}, nil))
	n.done()
	out := mustImport(t, importFixture("list.json"), f)
	wants(t, out, "unchanged  "+id+"  (deleted here, and stays deleted)", "5 clients: 0 created, 0 updated, 5 unchanged, 0 refused")
	n = openImported(t, f.Database)
	if n.authenticates(id, "client_secret_basic", "kept-in-clear-1") {
		t.Error("its secret holds again")
	}
	n.done()
}

// TestRehearsalOnADatabase: what would become of each client, and no byte of
// any file is another one after it.
func TestRehearsalOnADatabase(t *testing.T) {
	dir := t.TempDir()
	f := Options{Database: filepath.Join(dir, "tenure.db")}
	mustImport(t, importFixture("list.json"), f)
	changed := filepath.Join(t.TempDir(), "changed.json")
	must(t, os.WriteFile(changed, []byte(`[{"client_id":"kiosk","token_endpoint_auth_method":"none","client_name":"Kiosk 2"},
		{"client_id":"new"},{"client_id":"billing/night run ü","client_secret":"another-one-here"}]`), 0o600))
	before := contents(t, dir)
	rehearsal := f
	rehearsal.DryRun = true
	out := mustImport(t, changed, rehearsal)
	wants(t, out, "updated    billing/night run ü  client_name, grant_types, scopes, client_secret",
		"3 clients: 1 created, 2 updated, 0 unchanged, 0 refused; nothing was written")
	if after := contents(t, dir); !maps.Equal(before, after) {
		t.Errorf("files changed: %v, were %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}

	wants(t, mustImport(t, changed, f), "created    new  (its secret is not in the file: rotate one in)", "3 clients: 1 created, 2 updated, 0 unchanged, 0 refused")
	n := openImported(t, f.Database)
	if c := n.client("kiosk"); c.Content.ClientName != "Kiosk 2" || c.Imported || c.Base == "" {
		t.Errorf("%+v", c.Version)
	}
	if !n.authenticates("billing/night run ü", "client_secret_basic", "another-one-here") || n.authenticates("billing/night run ü", "client_secret_basic", "kept-in-clear-1") {
		t.Error("the secret was not replaced")
	}
	n.done()
	wants(t, mustImport(t, changed, f), "3 clients: 0 created, 0 updated, 3 unchanged, 0 refused")
}

func TestImportGoesOnAfterARefusedClient(t *testing.T) {
	database := filepath.Join(t.TempDir(), "tenure.db")
	out, err := imports(t, importFixture("refused.jsonl"), Options{Database: database})
	if code, _ := exit.Code(err); code != exit.Failure || err.Error() != "8 of 10 clients were refused" {
		t.Errorf("%v", err)
	}
	wants(t, out, "refused    bad-uris",
		"           /redirect_uris/1: an address has no spaces, control characters, or characters that cannot be seen",
		"           /redirect_uris/2: a redirect URI must not have a fragment (#)",
		"refused    bad-key",
		"refused    (client 4 in the file)", "           /client_id: is required",
		"refused    good-1", "           /client_id: another client in the file has the same client_id",
		`refused    "bad-\x1b[31mid"`, "refused    bad-secret",
		"refused    bad-span", `           /authorization_code_grant_access_token_lifespan: time: unknown unit "d" in duration "1d"`,
		"refused    bad-type", "           /redirect_uris: json: cannot unmarshal string into Go struct field Client.redirect_uris of type sqlxx.StringSliceJSONFormat",
		"10 clients: 2 created, 0 updated, 0 unchanged, 8 refused")
	if strings.Contains(out, "\x1b") || strings.Contains(out, "tiny5") || strings.Contains(out, "c2VjcmV0LXNlY3JldA") || !strings.Contains(out, "/jwks/keys/0") {
		t.Error(out)
	}
	n := openImported(t, database)
	n.client("good-1")
	n.client("good-2")
	n.done()
}

func TestImportReportsForPrograms(t *testing.T) {
	f := Options{Database: filepath.Join(t.TempDir(), "tenure.db"), Format: "json"}
	out, err := imports(t, importFixture("refused.jsonl"), f)
	if code, _ := exit.Code(err); code != exit.Failure {
		t.Errorf("%v", err)
	}
	var report struct {
		Clients []result
		sums
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := (sums{Total: 10, Created: 2, Refused: 8}); report.sums != want || len(report.Clients) != 10 {
		t.Errorf("%+v", report.sums)
	}
	for i, c := range report.Clients {
		if c.Number != i+1 || (c.Result == resultRefused) != (len(c.Faults) > 0) {
			t.Errorf("%+v", c)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.json")
	must(t, os.WriteFile(empty, []byte(`{"items":null,"is_last_page":true}`), 0o600))
	if out := mustImport(t, empty, f); json.Unmarshal([]byte(out), &report) != nil || len(report.Clients) != 0 || report.Total != 0 {
		t.Error(out)
	}
}

func TestFormsOfAnImportFile(t *testing.T) {
	for _, c := range []struct {
		name, file, says string
		clients          int
	}{
		{"array", ` [{"client_id":"a"},{"client_id":"b"}] `, "", 2},
		{"one client", `{"client_name":"x","client_id":"a","metadata":{"items":[1]}}`, "", 1},
		{"lines", "{\"client_id\":\"a\"}\n{\"client_id\":\"b\"}\r\n\n{\"client_id\":\"c\"}", "", 3},
		{"pages, members sorted", `{"is_last_page":false,"items":[{"client_id":"a"}],"next_page_token":"x"}{"is_last_page":true,"items":[{"client_id":"b"}]}`, "", 2},
		{"one page of more", `{"items":[{"client_id":"a"}],"next_page_token":"x","is_last_page":false}`, "import the other pages, too", 1},
		{"byte order mark", "\ufeff[{\"client_id\":\"a\"}]", "", 1},
		{"empty", "", "", 0},
		{"no JSON", "client_id: a", "cannot read the file after client 0", 0},
		{"cut", `[{"client_id":"a"},{"client_id":`, "after client 1", 1},
		{"text", `"a"`, "must be a client or a list of clients", 0},
		{"items of another kind", `{"items":{"client_id":"a"}}`, "items must be a list", 0},
		{"client of another kind", `[7,{"client_id":"a"}]`, "cannot unmarshal number", 1},
		{"large client", `[{"client_id":"big","client_name":"` + strings.Repeat("x", maxClient) + `"},{"client_id":"a"}]`, "must not have more than 1048576 bytes", 1},
		{"larger than anything", `[{"client_id":"a"},{"client_id":"` + strings.Repeat("x", maxValue+1<<20), "a value must not have more than 8388608 bytes", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clients")
			must(t, os.WriteFile(path, []byte(c.file), 0o600))
			out, err := imports(t, path, Options{Database: filepath.Join(t.TempDir(), "tenure.db"), DryRun: true})
			all := fmt.Sprint(out, err)
			if !strings.Contains(all, c.says) || !strings.Contains(out, fmt.Sprintf(" %d created", c.clients)) {
				t.Errorf("want %d created and %q: %s", c.clients, c.says, all)
			}
		})
	}
}

func TestImportIntoASetupForAnOwner(t *testing.T) {
	f := Options{Database: filepath.Join(t.TempDir(), "tenure.db")}
	n := openImported(t, f.Database)
	ctx := context.Background()
	_, err := n.Bootstrap(ctx, "acme")
	must(t, err)
	operator := n.Tenancy.Operator("test")
	for _, name := range []string{"acme-north", "acme-south"} {
		_, err := n.Tenancy.CreateOrganization(ctx, operator, n.Tenancy.Root(), name)
		must(t, err)
	}
	second, err := n.Snapshots.CreateSetup(ctx, operator, snapshots.DefaultModule, snapshots.Change[document.Setup]{
		Apply: func(*document.Setup, *document.Setup) (*document.Setup, error) { return node.DefaultSetup(), nil }})
	must(t, err)
	must(t, n.Close())

	f.Setup, f.Owner = string(second.Entity.ID), "acme-north"
	mustImport(t, importFixture("list.json"), f)
	n = openImported(t, f.Database)
	found, err := snapshots.Resolve[document.Client](ctx, n.Snapshots, n.Tenancy.Operator("test"), snapshots.ByClientID("", second.Entity.ID, "shop"), snapshots.Instant{})
	must(t, err)
	orgs, err := n.Tenancy.Organizations(n.Tenancy.Operator("test"))
	must(t, err)
	if i := slices.IndexFunc(orgs, func(o tenancy.Organization) bool { return o.Name == "acme-north" }); found.Entity.Owner != orgs[i].ID {
		t.Errorf("%+v", found.Entity)
	}
	n.done()

	f.Owner = "acme-south"
	out, err := imports(t, importFixture("list.json"), f)
	if err == nil {
		t.Error("clients of another owner were taken")
	}
	wants(t, out, "           /owner: the client belongs to another organization than --owner", "5 clients: 0 created, 0 updated, 0 unchanged, 5 refused")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
