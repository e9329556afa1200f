package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestForgedLogKeys: the events of the signing keys are entries of the log; one that is left
// out, added or changed is found, also with the manifest signed again.
func TestForgedLogKeys(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	by := in.Admin(in.Root).Event(history.Event{Org: string(in.Root)})
	must(t, in.log.Endorse(ctx, in.DB, history.SignsLog, origin, false, by))
	must(t, in.own.Endorse(ctx, in.DB, history.SignsEvidence, KeyName(origin), false, by))
	must(t, newKeys(t).Endorse(ctx, in.DB, history.SignsEvidence, KeyName(origin), true, by))
	in.Tick()
	whole := in.bundle(t, in.Harbour, Filter{})
	trusted := in.trusted(t)
	said, err := verify(t, whole, trusted[0])
	if err != nil || strings.Contains(said, "not confirmed") || !strings.Contains(said, "with a key that the log names") {
		t.Errorf("the key of the log is enough, as the log names that of evidence: %v\n%s", err, said)
	}
	said, err = verify(t, whole, trusted[1])
	if err != nil || !strings.Contains(said, "not confirmed: no key of "+origin) {
		t.Errorf("with the evidence key alone: %v\n%s", err, said)
	}
	lines := strings.SplitAfter(whole[fileLogKeys], "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines", len(lines)-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"one left out":   {lines[0] + lines[2], "it does not follow the event before it"},
		"the first gone": {lines[1] + lines[2], "it does not follow the event before it"},
		"one twice":      {whole[fileLogKeys] + lines[2], "it does not follow the event before it"},
		"another detail": {strings.Replace(whole[fileLogKeys], `\"use\":\"log\"`, `\"use\":\"evidence\"`, 1), "its detail is another"},
		"another key":    {strings.Replace(whole[fileLogKeys], `\"kind\":\"log.key-added\"`, `\"kind\":\"log.key-retired\"`, 1), "it is not what the log has there"},
		"another event": {func() string {
			var e keyEvent
			must(t, json.Unmarshal([]byte(strings.Split(whole[fileEvents], "\n")[0]), &e.event))
			text, err := json.Marshal(e)
			must(t, err)
			return string(text) + "\n"
		}(), "it is not about log-keys"},
	} {
		f := copied(whole)
		f[fileLogKeys] = c.text
		in.resign(t, f, nil)
		said, err := verify(t, f, trusted...)
		found(t, name, c.want, said, err)
	}
}

// TestRetiredKeysSignNothing: what a retired key signs behind its end counts for nobody, and a
// server that has no other signs nothing.
func TestRetiredKeysSignNothing(t *testing.T) {
	in := newInstallation(t, dbtest.SQLite(t))
	by := in.Admin(in.Root).Event(history.Event{Org: string(in.Root)})
	next := newKeys(t)
	must(t, in.log.Endorse(ctx, in.DB, history.SignsLog, origin, false, by))
	must(t, next.Endorse(ctx, in.DB, history.SignsLog, origin, true, by))
	must(t, next.Endorse(ctx, in.DB, history.SignsLog, origin, true, by)) // once only
	in.Tick()
	before := in.bundle(t, in.North, Filter{})
	if n := strings.Count(before[fileLogKeys], "\n"); n != 2 {
		t.Errorf("%d events of keys", n)
	}
	public := publicOf(t, in.trusted(t)[0])
	if done, err := history.Retire(ctx, in.DB, history.SignsLog, origin, public, by); err != nil || !done {
		t.Fatal(done, err)
	}
	in.Tick()
	in.Tick() // the bundle has signed some microseconds ahead of the clock
	if _, err := in.exporter.Log.Checkpoint(ctx); err == nil || !strings.Contains(err.Error(), "is retired") {
		t.Errorf("a retired key signs: %v", err)
	}
	nextPublic, err := next.VerifierKeys(origin)
	must(t, err)
	last := publicOf(t, nextPublic[0])
	if _, err := history.Retire(ctx, in.DB, history.SignsLog, origin, last, by); err == nil || !strings.Contains(err.Error(), "the last key") {
		t.Errorf("the last key is retired: %v", err)
	}
	if err := newKeys(t).Endorse(ctx, in.DB, history.SignsLog, origin, false, by); err == nil || !strings.Contains(err.Error(), "no event of the log names") {
		t.Errorf("a file of strange keys: %v", err)
	}
	if err := in.log.Endorse(ctx, in.DB, history.SignsLog, origin, false, by); err == nil {
		t.Error("a file of retired keys is taken")
	}
}

// publicOf is the public part of a verifier key.
func publicOf(t *testing.T, verifierKey string) ed25519.PublicKey {
	t.Helper()
	_, rest, _ := strings.Cut(verifierKey, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	must(t, err)
	return raw[1:]
}
