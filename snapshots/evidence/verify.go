package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/snapshots/evidence/pages"
	"tenure/tenancy/history"
)

// Failure is what Verify returns of a bundle that does not hold.
type Failure struct {
	Count int    // of checks that failed
	First string // what the first of them found
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%d checks fail; the first: %s", f.Count, f.First)
}

// Options of Verify.
type Options struct {
	// Known are verifier keys that the caller trusts (ParseKeys). Where they have
	// the name of the log or of its evidence they alone count, else the bundle's
	// own are taken, and Verify says so.
	Known []note.Verifier
	// Witnesses are those that must have cosigned the bundle's last checkpoint.
	Witnesses []note.Verifier

	Kept    *history.Checkpoint // that was kept elsewhere; nil for none
	Against *Files              // another bundle of the same log; nil for none
	Say     func(string)        // takes one sentence a check
}

// Verify checks a bundle. It returns a *Failure if a check fails, and what is not
// confirmed though all that is there holds.
func Verify(f *Files, o Options) (open []string, err error) {
	v := &verifier{files: f, known: o.Known, witnesses: o.Witnesses, say: o.Say}
	if o.Against != nil {
		v.entries = make(map[int64]string)
	}
	v.run()
	v.compare(o)
	if v.failure.Count > 0 {
		return v.doubts, &v.failure
	}
	return v.doubts, nil
}

// ParseKeys reads verifier keys as C2SP signed-note spells them.
func ParseKeys(texts []string) ([]note.Verifier, error) {
	list := make([]note.Verifier, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = note.NewVerifier(strings.TrimSpace(text)); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
	}
	return list, nil
}

type verifier struct {
	files     *Files
	known     []note.Verifier
	enclosed  []note.Verifier
	witnesses []note.Verifier
	say       func(string)
	failure   Failure
	doubts    []string // what is not confirmed

	manifest   manifest
	trees      []proved // the last checkpoint's first
	signing    history.SigningKeys
	earlier    []history.Checkpoint
	sure       int64            // entries of the log that a key that was given confirms
	own        bool             // such a key confirms the manifest, or the log that it confirms names the one that does
	entries    map[int64]string // commitments by index; nil where nothing asks for them
	last       history.Checkpoint
	objects    map[string]*seen
	population population           // what each organization has here
	commits    map[string]committed // by snapshot id
	labels     map[string]string    // of the events in commits

	read    []pages.Event // for the pages; none in version 1, which has none that are compared
	gone    map[string]bool
	missing erasures

	withheld int64 // details
}

// check runs one check and says its sentence, if it has one, or what it found.
func (v *verifier) check(fn func() (string, error)) bool {
	sentence, err := fn()
	if err != nil {
		v.fail(err.Error())
		return false
	}
	if sentence != "" {
		v.say("holds: " + sentence)
	}
	return true
}

func (v *verifier) fail(sentence string) {
	if v.failure.Count++; v.failure.Count == 1 {
		v.failure.First = sentence
	}
	v.say("FAILS: " + sentence)
}

func (v *verifier) run() {
	if !v.check(v.readManifest) {
		return
	}
	v.check(v.keys)
	there := v.checkpoint()
	if there {
		v.optional(fileLogKeys, v.readLogKeys)
		v.optional(fileEarlier, v.readEarlier)
		there = v.check(v.lastSigned)
		v.witnessed(v.witnesses)
	}
	v.check(v.signature)
	v.check(v.digests)
	if there {
		v.check(v.grew)
		v.sinceSize()
	}
	sound := v.events()
	v.check(v.counts)
	if m := v.manifest.Filter; there && len(m.Clients) == 0 && m.From == "" && m.To == "" {
		v.optional(fileCounts, v.counted)
	}
	if v.check(v.snapshots) {
		v.check(v.erased)
		if sound { // from wrong events there are only wrong pages
			v.check(v.pages)
		}
	}
	for _, name := range []string{v.manifest.Origin, KeyName(v.manifest.Origin)} {
		switch {
		case name == v.manifest.Origin && v.confirmed(name), name != v.manifest.Origin && v.own:
		case v.confirmed(name):
			v.unconfirmed("the manifest is signed by no key that was given, but by one that the part of the log names that none confirms")
		default:
			v.unconfirmed(fmt.Sprintf("no key of %s was given, and the bundle's own was taken; name the one you trust with --key", shown(name)))
		}
	}
}

// optional runs the check of a file that a bundle may lack.
func (v *verifier) optional(name string, fn func() (string, error)) {
	if _, ok := v.files.sizes[name]; ok {
		v.check(fn)
	}
}

// confirmed reports whether a key that was given has the name.
func (v *verifier) confirmed(name string) bool {
	return slices.ContainsFunc(v.known, func(k note.Verifier) bool { return k.Name() == name })
}

func (v *verifier) readManifest() (string, error) {
	text, err := v.files.small(fileManifest, maxManifest)
	if err != nil {
		return "", err
	}
	m := &v.manifest
	if err := decode(text, m); err != nil {
		return "", fmt.Errorf("manifest.json: %w", err)
	}
	if m.Version < versionOld || m.Version > version {
		return "", fmt.Errorf("manifest.json: version %d is not one that this program knows", m.Version)
	}
	if err := m.asked(); err != nil {
		return "", fmt.Errorf("manifest.json: %w", err)
	}
	v.population = make(population)
	v.objects = make(map[string]*seen, len(m.Objects))
	for _, o := range m.Objects {
		if _, twice := v.objects[o.ID]; twice {
			return "", fmt.Errorf("manifest.json: %s %s is repeated", shown(o.Kind), shown(o.ID))
		}
		if err := m.parted(&o); err != nil {
			return "", fmt.Errorf("manifest.json: %w", err)
		}
		v.objects[o.ID] = &seen{object: o}
	}
	return fmt.Sprintf("the manifest, of %d events of %d objects, made %s by %s for organization %s", m.Events, len(m.Objects),
		shown(m.MadeAt), shown(m.MadeBy), shown(m.Organization)), nil
}

func (v *verifier) keys() (string, error) {
	for _, k := range v.known {
		if k.Name() != v.manifest.Origin && k.Name() != KeyName(v.manifest.Origin) {
			return "", fmt.Errorf("the key %s that was given is not of this bundle, which is of the log %s", k.Name(), shown(v.manifest.Origin))
		}
	}
	text, err := v.files.small(fileKeys, maxSmall)
	if err != nil {
		return "", err
	}
	if v.enclosed, err = ParseKeys(strings.Fields(string(text))); err != nil {
		return "", fmt.Errorf("keys.txt: %w", err)
	}
	return fmt.Sprintf("%d keys are given, %d are enclosed", len(v.known), len(v.enclosed)), nil
}

// verifiers are the keys of a name, and where they are from.
func (v *verifier) verifiers(name string) (note.Verifiers, string) {
	for i, from := range [][]note.Verifier{v.known, v.enclosed} {
		var list []note.Verifier
		seen := make(map[uint32]bool)
		for _, k := range from {
			if k.Name() == name && !seen[k.KeyHash()] {
				list, seen[k.KeyHash()] = append(list, k), true
			}
		}
		if len(list) > 0 {
			return note.VerifierList(list...), []string{"with the key that was given",
				"with the bundle's own key, which proves nothing until it is compared with one from elsewhere"}[i]
		}
	}
	return note.VerifierList(), "with no key"
}

func (v *verifier) signature() (string, error) {
	text, err := v.files.small(fileManifest, maxManifest)
	if err != nil {
		return "", err
	}
	signed, err := v.files.small(fileSignature, history.MaxNote)
	if err != nil {
		return "", err
	}
	name := KeyName(v.manifest.Origin)
	n, from, err := v.manifestSigned(signed)
	if err != nil {
		return "", fmt.Errorf("manifest.sig, %s: %w", from, err)
	}
	if n.Text != statement(v.manifest.Origin, sha256.Sum256(text)) {
		return "", fmt.Errorf("manifest.sig is the signature of another manifest")
	}
	return fmt.Sprintf("the manifest is signed by %s, verified %s", name, from), nil
}

// digests holds every file against the manifest.
func (v *verifier) digests() (string, error) {
	listed := make(map[string]bool, len(v.manifest.Files))
	for _, want := range v.manifest.Files {
		if listed[want.Name] {
			return "", fmt.Errorf("manifest.json: the file %s is repeated", shown(want.Name))
		}
		listed[want.Name] = true
		digest := sha256.New()
		var size int64
		if err := v.files.with(want.Name, func(r io.Reader) (err error) {
			size, err = io.Copy(digest, r)
			return err
		}); err != nil {
			return "", err
		}
		if size != want.Size || hex.EncodeToString(digest.Sum(nil)) != want.SHA256 {
			return "", fmt.Errorf("%s is not the file that the manifest names", want.Name)
		}
	}
	if v.files.foreign != "" {
		return "", fmt.Errorf("the file %s does not belong to a bundle, or is repeated", shown(v.files.foreign))
	}
	for _, name := range v.files.names() {
		if !listed[name] && name != fileManifest && name != fileSignature {
			return "", fmt.Errorf("the file %s is not in the manifest", shown(name))
		}
	}
	return fmt.Sprintf("%d files are those that the manifest names, and there is no other", len(listed)), nil
}

// readCheckpoint reads a checkpoint of the bundle's log. Who signed it is looked at later.
func (v *verifier) readCheckpoint(name string) (history.Checkpoint, error) {
	text, err := v.files.small(name, history.MaxNote)
	if err != nil {
		return history.Checkpoint{}, err
	}
	c, err := history.ReadCheckpoint(text)
	if err == nil && c.Origin != v.manifest.Origin {
		err = fmt.Errorf("it is of the log %s", shown(c.Origin))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return c, err
}

// checkpoint reads checkpoints/last.
func (v *verifier) checkpoint() bool {
	return v.check(func() (_ string, err error) {
		if v.last, err = v.readCheckpoint(fileLast); err == nil {
			v.trees = []proved{{v.last.Size, v.last.Root}}
		}
		return "", err
	})
}

// grew checks that the last checkpoint's tree begins with the first's, and who signed that.
func (v *verifier) grew() (string, error) {
	first, err := v.first()
	if err != nil {
		return "", err
	}
	if err := v.firstSigned(first); err != nil {
		return "", err
	}
	v.trees = append(v.trees, proved{first.Size, first.Root})
	return fmt.Sprintf("the log of %d entries begins with that of %d", v.last.Size, first.Size), nil
}

// first reads checkpoints/first and the proof that the last checkpoint's tree begins with it.
func (v *verifier) first() (history.Checkpoint, error) {
	first, err := v.readCheckpoint(fileFirst)
	if err != nil {
		return first, err
	}
	text, err := v.files.small(fileConsistency, maxSmall)
	if err != nil {
		return first, err
	}
	var proof consistency
	if err := decode(text, &proof); err != nil {
		return first, fmt.Errorf("%s: %w", fileConsistency, err)
	}
	path, err := hashes(proof.Hashes)
	if err != nil {
		return first, fmt.Errorf("%s: %w", fileConsistency, err)
	}
	switch {
	case first.Size > v.last.Size:
		err = fmt.Errorf("it has %d entries, the last has %d", first.Size, v.last.Size)
	case proof.First != first.Size || proof.Last != v.last.Size:
		err = fmt.Errorf("the proof is from %d to %d entries", proof.First, proof.Last)
	case first.Size > 0:
		err = tlog.CheckTree(path, v.last.Size, v.last.Root, first.Size, first.Root)
	}
	if err != nil {
		err = fmt.Errorf("the last checkpoint does not go on from checkpoints/first: %w", err)
	}
	return first, err
}
