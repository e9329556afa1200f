package evidence

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/db"
	"tenure/tenancy/fault"
	"tenure/tenancy/history"
)

// logKeys writes log-keys.jsonl: every event below the checkpoint that brought or ended
// a signing key, whoever the bundle is for.
func (b *Bundle) logKeys(ctx context.Context, w io.Writer) error {
	var out bytes.Buffer
	err := b.exporter.DB.View(ctx, func(c *db.Conn) error {
		indexes, err := history.KeyEvents(c, b.last.Size)
		if err != nil {
			return err
		}
		stored, err := history.ReadStored(c, indexes)
		if err != nil {
			return err
		}
		for _, s := range stored {
			env, err := history.DecodeEnvelope(s.Envelope)
			if err == nil {
				err = b.signing.Add(s.Index, env.Kind, s.Detail)
			}
			var line keyEvent
			if err == nil {
				line, err = b.proved(c, s)
			}
			if err == nil {
				err = writeLine(&out, line)
			}
			if err != nil {
				return fmt.Errorf("log entry %d: %w", s.Index, err)
			}
		}
		return nil
	})
	if err == nil {
		_, err = w.Write(out.Bytes())
	}
	return err
}

// earlierCheckpoints writes the newest checkpoint of each key of the log that has not
// signed the last: with it whoever trusts that key knows how far it goes.
func (b *Bundle) earlierCheckpoints(ctx context.Context, z *zip.Writer) error {
	var list []history.Checkpoint
	var lines []earlier
	err := b.exporter.DB.View(ctx, func(c *db.Conn) error {
		tiles := history.NewTiles(c)
		for _, k := range b.signing.Of(history.SignsLog) {
			if b.last.SignedBy(k.Public) {
				continue
			}
			most := b.last.Size
			if k.Retired >= 0 {
				most = k.Retired
			}
			found, err := history.NewestSignedBy(c, b.last.Origin, most, k.Public)
			if fault.Is(err, fault.NotFound) || err == nil && slices.ContainsFunc(list, func(o history.Checkpoint) bool { return o.Size == found.Size }) {
				continue
			}
			var path tlog.TreeProof
			if err == nil {
				path, err = tiles.Consistency(found.Size, b.last.Size)
			}
			if err == nil && found.Size > 0 {
				err = tlog.CheckTree(path, b.last.Size, b.last.Root, found.Size, found.Root)
			}
			if err != nil {
				return err
			}
			list, lines = append(list, found), append(lines, earlier{string(found.Note), hexes(path)})
		}
		return nil
	})
	if err != nil || len(lines) == 0 {
		return err
	}
	return b.add(z, fileEarlier, func(w io.Writer) error {
		for _, l := range lines {
			if err := writeLine(w, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// keys writes the public keys that verify the bundle: those that sign now, and those
// that the log names, as they may have signed an earlier checkpoint.
func (b *Bundle) keys(_ context.Context, w io.Writer) error {
	log, err := b.exporter.Log.VerifierKeys(b.last.Origin)
	if err != nil {
		return err
	}
	for _, k := range b.signing.Of(history.SignsLog) {
		key, err := k.VerifierKey(b.last.Origin)
		if err != nil {
			return err
		}
		if !slices.Contains(log, key) {
			log = append(log, key)
		}
	}
	own, err := b.exporter.Keys.VerifierKeys(KeyName(b.last.Origin))
	for _, key := range append(log, own...) {
		fmt.Fprintln(w, key)
	}
	return err
}

// signers are the keys of evidence that are not retired.
func (b *Bundle) signers() (*history.Keys, error) {
	keys := b.exporter.Keys.Unretired(history.SignsEvidence, b.signing)
	if keys == nil {
		return nil, fault.New(fault.Unavailable, "", "every evidence key of this server is retired")
	}
	return keys, nil
}

// readLogKeys reads log-keys.jsonl, the events about signing keys, and checks each
// against the tree of checkpoints/last. Older bundles have no such file.
func (v *verifier) readLogKeys() (string, error) {
	n, previous := int64(0), ""
	err := v.files.with(fileLogKeys, func(r io.Reader) error {
		return eachLine(r, func(_ int, k keyEvent) error {
			n++
			env, sum, err := v.alone(k, history.KeysID)
			if err == nil && (env.Seq != n || env.Previous != previous) {
				err = errors.New("it does not follow the event before it")
			}
			if err == nil {
				err = v.signing.Add(k.Index, env.Kind, []byte(*k.Detail))
			}
			if err != nil {
				return fmt.Errorf("entry %d: %w", k.Index, err)
			}
			previous = sum
			return nil
		})
	})
	if n == 0 {
		return "", err
	}
	return fmt.Sprintf("%d events of the log say which keys sign it and its evidence", n), err
}

// alone checks an event of an object of the log that stands with its proof, and returns
// its commitment.
func (v *verifier) alone(k keyEvent, objects ...string) (env history.Envelope, sum string, err error) {
	if env, err = history.DecodeEnvelope([]byte(k.Envelope)); err != nil {
		return env, "", err
	}
	switch {
	case env.ObjectKind != history.ObjectLog || !slices.Contains(objects, env.Object):
		return env, "", fmt.Errorf("it is not about %s", strings.Join(objects, " or "))
	case k.Detail == nil:
		return env, "", errors.New("its detail is missing")
	}
	salt, err := hash32(k.Salt)
	if err != nil {
		return env, "", fmt.Errorf("its salt is %w", err)
	}
	if err := detail(k.event, env); err != nil {
		return env, "", err
	}
	path, err := hashes(k.Hashes)
	if err != nil {
		return env, "", err
	}
	commitment := history.Commitment(salt[:], []byte(k.Envelope))
	return env, hex.EncodeToString(commitment[:]), v.included(path, k.Index, commitment)
}

// readEarlier reads checkpoints/earlier.jsonl and checks that the last tree begins with
// each. Who signed them is for whoever looks for a key.
func (v *verifier) readEarlier() (string, error) {
	err := v.files.with(fileEarlier, func(r io.Reader) error {
		return eachLine(r, func(line int, e earlier) error {
			path, err := hashes(e.Hashes)
			if err != nil {
				return err
			}
			c, err := history.ReadCheckpoint([]byte(e.Checkpoint))
			switch {
			case err != nil:
			case c.Origin != v.manifest.Origin:
				err = fmt.Errorf("it is of the log %s", shown(c.Origin))
			case len(v.earlier) == history.MaxSigningKeys || c.Size > v.last.Size:
				err = fmt.Errorf("%d entries, or so many checkpoints, are too many", c.Size)
			case c.Size > 0:
				err = tlog.CheckTree(path, v.last.Size, v.last.Root, c.Size, c.Root)
			}
			if err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			v.earlier = append(v.earlier, c)
			v.trees = append(v.trees, proved{c.Size, c.Root})
			return nil
		})
	})
	return fmt.Sprintf("the log of %d entries begins with each of %d earlier ones that other keys have signed", v.last.Size, len(v.earlier)), err
}

// endorsed are the verifiers of the keys of a use that the log says may sign a tree of a
// size, and a sentence of each.
func (v *verifier) endorsed(use, name string, size int64) (list []note.Verifier, since []string) {
	for _, k := range v.signing.Of(use) {
		text, err := k.VerifierKey(name)
		if err != nil || !k.Endorsed(size) {
			continue
		}
		if one, err := note.NewVerifier(text); err == nil {
			list, since = append(list, one), append(since, fmt.Sprintf("%s (entry %d)", text, k.Added))
		}
	}
	return list, since
}

// given are the verifiers of a name that the caller trusts, for a tree of a size: a key
// that the log says was retired before does not count there.
func (v *verifier) given(use, name string, size int64) (list []note.Verifier) {
	for _, k := range v.known {
		if k.Name() != name || slices.ContainsFunc(list, func(o note.Verifier) bool { return o.KeyHash() == k.KeyHash() }) {
			continue
		}
		retired := slices.ContainsFunc(v.signing.Of(use), func(s history.SigningKey) bool {
			text, err := s.VerifierKey(name)
			if err != nil || s.Retired < 0 || size <= s.Retired {
				return false
			}
			same, err := note.NewVerifier(text)
			return err == nil && same.KeyHash() == k.KeyHash()
		})
		if !retired {
			list = append(list, k)
		}
	}
	return list
}

// signedBy reports whether one of the verifiers has signed a note; a signature that is
// said to be of one and is wrong is an error.
func signedBy(text []byte, list []note.Verifier) (bool, error) {
	_, err := note.Open(text, note.VerifierList(list...))
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

// lastSigned checks who signed checkpoints/last, and that it is the one that the manifest
// names. With keys that were given it says how far they go: they may have signed an earlier
// tree only.
func (v *verifier) lastSigned() (string, error) {
	sentence, err := v.signedUpTo()
	switch {
	case err != nil:
		return "", fmt.Errorf("%s, %w", fileLast, err)
	case v.last.Size != v.manifest.LogSize || hex.EncodeToString(v.last.Root[:]) != v.manifest.LogRoot:
		return "", fmt.Errorf("checkpoints/last is not the checkpoint that the manifest names")
	}
	return sentence, nil
}

func (v *verifier) signedUpTo() (string, error) {
	origin, size := v.manifest.Origin, v.last.Size
	if !v.confirmed(origin) {
		verifiers, from := v.verifiers(origin)
		if _, err := history.OpenCheckpoint(v.last.Note, verifiers); err != nil {
			return "", fmt.Errorf("%s: %w", from, err)
		}
		return fmt.Sprintf("the checkpoint of %d entries is signed by %s, verified %s", size, origin, from), nil
	}
	const from = "with the key that was given"
	given := v.given(history.SignsLog, origin, size)
	_, err := history.OpenCheckpoint(v.last.Note, note.VerifierList(given...))
	var unknown *note.UnverifiedNoteError
	if err == nil {
		v.sure = size
		return fmt.Sprintf("the checkpoint of %d entries is signed by %s, verified %s", size, origin, from), nil
	}
	if !errors.As(err, &unknown) {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	if first, err := v.first(); err == nil { // else grew says so
		v.earlier = append(v.earlier, first)
	}
	for _, c := range v.earlier {
		ok, err := signedBy(c.Note, v.given(history.SignsLog, origin, c.Size))
		if err != nil {
			return "", fmt.Errorf("%s: the checkpoint of %d entries: %w", from, c.Size, err)
		}
		if ok {
			v.sure = max(v.sure, c.Size)
		}
	}
	others, since := v.endorsed(history.SignsLog, origin, size)
	if ok, err := signedBy(v.last.Note, others); err != nil || !ok || v.sure == 0 {
		return "", fmt.Errorf("%s: %w", from, cmp.Or(err, error(unknown)))
	}
	v.unconfirmed(fmt.Sprintf("the key that was given has signed the log of %d entries; the %d behind them are signed by a key that was not given. "+
		"The log names %v: name it with --key once you have confirmed it", v.sure, size-v.sure, since))
	return fmt.Sprintf("the log of %d entries is signed by %s, verified %s, and this log of %d begins with it", v.sure, origin, from, size), nil
}

// firstSigned checks who signed checkpoints/first: a key that was given, or one that the
// log names for its size. That it is the beginning of the last is proved anyhow.
func (v *verifier) firstSigned(c history.Checkpoint) error {
	if !v.confirmed(v.manifest.Origin) {
		verifiers, from := v.verifiers(v.manifest.Origin)
		if _, err := history.OpenCheckpoint(c.Note, verifiers); err != nil {
			return fmt.Errorf("%s, %s: %w", fileFirst, from, err)
		}
		return nil
	}
	ok, err := signedBy(c.Note, v.given(history.SignsLog, v.manifest.Origin, c.Size))
	if err == nil && !ok {
		named, _ := v.endorsed(history.SignsLog, v.manifest.Origin, c.Size)
		ok, err = signedBy(c.Note, named)
	}
	if err == nil && !ok {
		err = errors.New("it is signed neither by a key that was given nor by one that the log names for its size")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", fileFirst, err)
	}
	return nil
}

// manifestSigned verifies the note that signs the manifest: with keys that were given,
// with those that the log names as far as the log is confirmed, or with the bundle's own.
func (v *verifier) manifestSigned(signed []byte) (*note.Note, string, error) {
	name := KeyName(v.manifest.Origin)
	given := v.given(history.SignsEvidence, name, v.manifest.LogSize)
	if len(given) > 0 {
		n, err := note.Open(signed, note.VerifierList(given...))
		var unknown *note.UnverifiedNoteError
		if err == nil || !errors.As(err, &unknown) {
			v.own = err == nil
			return n, "with the key that was given", err
		}
	}
	named, since := v.endorsed(history.SignsEvidence, name, v.manifest.LogSize)
	if v.sure > 0 && len(named) > 0 {
		n, err := note.Open(signed, note.VerifierList(named...))
		if err == nil {
			v.own = v.sure == v.manifest.LogSize
			return n, fmt.Sprintf("with a key that the log names: %v", since), nil
		}
	}
	if v.confirmed(name) {
		return nil, "with the key that was given", errors.New("it has not signed it")
	}
	verifiers, from := v.verifiers(name)
	n, err := note.Open(signed, verifiers)
	return n, from, err
}
