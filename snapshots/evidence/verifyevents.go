package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/history"
)

// seen is what has been read of an object.
type seen struct {
	object
	count, first, last int64
	previous           string // commitment of its last event
}

// findings are the first of each kind.
type findings struct {
	read, proof, chain, detail, foreign error
	n                                   int64
}

func (f *findings) keep(at *error, format string, args ...any) {
	if *at == nil {
		*at = fmt.Errorf(format, args...)
	}
}

// events reads each event with its proof and says what is found of all.
func (v *verifier) events() {
	v.commits, v.labels = make(map[string]committed), make(map[string]string)
	var f findings
	err := v.files.with(fileEvents, func(events io.Reader) error {
		return v.files.with(fileProofs, func(proofs io.Reader) error {
			return v.eachEvent(newLines(events), newLines(proofs), &f)
		})
	})
	if err != nil {
		v.fail(err.Error())
	}
	for _, c := range []struct {
		err      error
		sentence string
	}{
		{f.read, "each event is in the one form, in the log's order"},
		{f.proof, fmt.Sprintf("each event's envelope is an entry of the log of %d, by its commitment and its path to the root", v.last.Size)},
		{f.chain, "each object's events follow one another with no gap, each naming the one before"},
		{f.detail, "each detail is the one that its event commits to"},
		{f.foreign, "each event is of an object and a time that the manifest names"},
	} {
		v.check(func() (string, error) { return c.sentence, c.err })
	}
}

func (v *verifier) eachEvent(events, proofs *lines, f *findings) error {
	last := int64(-1)
	for {
		var e event
		err := events.next(&e)
		if errors.Is(err, io.EOF) {
			var p inclusion
			if err := proofs.next(&p); err == nil {
				f.keep(&f.proof, "entry %d has a proof in proofs.jsonl, and is not in events.jsonl", p.Index)
			}
			return nil
		}
		if err != nil {
			return err
		}
		f.n++
		if f.n > MaxEvents {
			return fmt.Errorf("more than %d events", MaxEvents)
		}
		env, err := history.DecodeEnvelope([]byte(e.Envelope))
		if err != nil {
			f.keep(&f.read, "entry %d: %v", e.Index, err)
		}
		label := fmt.Sprintf("entry %d (%s %s, its event %d)", e.Index, shown(env.ObjectKind), shown(env.Object), env.Seq)
		if e.Index <= last {
			f.keep(&f.read, "%s stands behind entry %d", label, last)
		}
		last = e.Index
		salt, err := hash32(e.Salt)
		if err != nil {
			f.keep(&f.read, "%s: its salt is %v", label, err)
		}
		sum := history.Commitment(salt[:], []byte(e.Envelope))
		if err := v.proof(proofs, e.Index, sum, f); err != nil {
			f.keep(&f.proof, "%s: %v", label, err)
		}
		v.chain(env, sum, label, f)
		if err := detail(e, env); err != nil {
			f.keep(&f.detail, "%s: %v", label, err)
		}
	}
}

// proof checks the path of an entry to the root.
func (v *verifier) proof(proofs *lines, index int64, sum [32]byte, f *findings) error {
	var p inclusion
	for {
		err := proofs.next(&p)
		if errors.Is(err, io.EOF) {
			return errors.New("it has no proof")
		}
		if err != nil {
			return err
		}
		if p.Index >= index {
			break
		}
		f.keep(&f.proof, "entry %d has a proof in proofs.jsonl, and is not in events.jsonl", p.Index)
		p = inclusion{}
	}
	if p.Index != index {
		return errors.New("it has no proof")
	}
	path, err := hashes(p.Hashes)
	if err != nil {
		return err
	}
	if v.last.Size == 0 {
		return errors.New("there is no checkpoint to prove it by")
	}
	if index < 0 || index >= v.last.Size {
		return errors.New("it is behind the checkpoint")
	}
	if err := tlog.CheckRecord(path, v.last.Size, v.last.Root, index, history.LeafHash(history.PublicEntry(sum))); err != nil {
		return errors.New("it is not what the log has there")
	}
	return nil
}

// chain holds an event against the one before it of its object, and against
// what the manifest says of that.
func (v *verifier) chain(env history.Envelope, sum [32]byte, label string, f *findings) {
	if env.Content != "" {
		if c, ok := v.commits[env.Ref]; ok && c.commitment != env.Content {
			f.keep(&f.chain, "%s commits to another content of snapshot %s than an event before", label, shown(env.Ref))
		} else if !ok {
			v.commits[env.Ref], v.labels[env.Ref] = committed{content{ID: env.Ref}, env.Content}, label
		}
	}
	o := v.objects[env.Object]
	if o == nil {
		f.keep(&f.foreign, "%s is of an object that the manifest does not name", label)
		return
	}
	if o.Kind != env.ObjectKind || o.Owner != env.Org && o.count == 0 || !v.manifest.Filter.holds(env) {
		f.keep(&f.foreign, "%s is not of the kind, owner or time that the manifest names", label)
	}
	switch {
	case o.count == 0 && env.Seq != o.First:
		f.keep(&f.chain, "%s: the first of this object should be its event %d", label, o.First)
	case o.count == 0 && (env.Seq == 1) != (env.Previous == ""):
		f.keep(&f.chain, "%s: it does not name the event before as it should", label)
	case o.count > 0 && env.Seq != o.last+1:
		f.keep(&f.chain, "%s: event %d of the object should stand there", label, o.last+1)
	case o.count > 0 && env.Previous != o.previous:
		f.keep(&f.chain, "%s: it follows another event %d than the one that is here", label, o.last)
	}
	if o.count == 0 {
		o.first = env.Seq
	}
	o.count, o.last, o.previous = o.count+1, env.Seq, hex.EncodeToString(sum[:])
}

// holds reports whether an event is one that the filter lets in.
func (f filter) holds(env history.Envelope) bool {
	if len(f.Clients) > 0 && !slices.Contains(f.Clients, env.Object) {
		return false
	}
	at := env.RecordedAt.Time()
	from, err := time.Parse(time.RFC3339Nano, f.From)
	if f.From != "" && (err != nil || at.Before(from)) {
		return false
	}
	to, err := time.Parse(time.RFC3339Nano, f.To)
	return f.To == "" || err == nil && at.Before(to)
}

func detail(e event, env history.Envelope) error {
	switch {
	case e.Detail == nil && env.Detail == "" && e.DetailGone == "":
	case e.Detail == nil && env.Detail != "" && (e.DetailGone == gone || e.DetailGone == withheld):
	case e.Detail == nil:
		return errors.New("its detail is missing")
	default:
		salt, err := hash32(e.DetailSalt)
		if err != nil {
			return fmt.Errorf("the salt of its detail is %w", err)
		}
		if sum := history.Commitment(salt[:], []byte(*e.Detail)); hex.EncodeToString(sum[:]) != env.Detail {
			return errors.New("its detail is another")
		}
	}
	return nil
}

// counts holds what was read against the manifest's numbers.
func (v *verifier) counts() (string, error) {
	m := v.manifest
	var events int64
	for _, o := range m.Objects {
		s := v.objects[o.ID]
		events += s.count
		label := fmt.Sprintf("%s %s", shown(o.Kind), shown(o.ID))
		switch {
		case s.count != o.Count || s.first != o.First || s.last != o.Last:
			return "", fmt.Errorf("%s: the manifest names its events %d to %d, here are %d, from %d to %d", label, o.First, o.Last, s.count, s.first, s.last)
		case o.Count != o.Last-o.First+1 || o.Last > o.Total:
			return "", fmt.Errorf("%s: the manifest contradicts itself: events %d to %d, %d of them, of %d", label, o.First, o.Last, o.Count, o.Total)
		case m.Filter.From == "" && o.First != 1:
			return "", fmt.Errorf("%s: its events begin with the %d., though no time was asked for", label, o.First)
		case m.Filter.To == "" && o.Last != o.Total:
			return "", fmt.Errorf("%s: its events end with the %d. of %d, though no time was asked for", label, o.Last, o.Total)
		}
	}
	switch {
	case events != m.Events:
		return "", fmt.Errorf("the manifest names %d events, here are %d", m.Events, events)
	case m.WholeLog && events != m.LogSize:
		return "", fmt.Errorf("the manifest says that this is the whole log of %d entries, here are %d", m.LogSize, events)
	}
	return fmt.Sprintf("%d events of %d objects, as many as the manifest names", events, len(m.Objects)), nil
}

// snapshots holds each content against the commitment in its event.
func (v *verifier) snapshots() (string, error) {
	var held, erased int64
	err := v.files.with(fileSnapshots, func(r io.Reader) error {
		list := newLines(r)
		for {
			var c content
			err := list.next(&c)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			want, ok := v.commits[c.ID]
			if !ok {
				return fmt.Errorf("snapshot %s: no event here commits to it, or it is repeated", shown(c.ID))
			}
			delete(v.commits, c.ID)
			if c.Erased {
				erased++
				continue
			}
			held++
			if err := v.content(c, want.commitment); err != nil {
				return fmt.Errorf("snapshot %s of %s: %w", c.ID, v.labels[c.ID], err)
			}
		}
	})
	if err != nil {
		return "", err
	}
	missing := make([]string, 0, len(v.commits))
	for id := range v.commits {
		missing = append(missing, id)
	}
	if len(missing) > 0 {
		id := slices.Min(missing)
		return "", fmt.Errorf("snapshot %s of %s is not in snapshots.jsonl", shown(id), v.labels[id])
	}
	if held+erased != v.manifest.Snapshots || erased != v.manifest.Erased {
		return "", fmt.Errorf("the manifest names %d snapshots, %d of them erased; here are %d and %d", v.manifest.Snapshots, v.manifest.Erased, held+erased, erased)
	}
	return fmt.Sprintf("the content of %d snapshots is what their events commit to; that of %d is erased", held, erased), nil
}

func (v *verifier) content(c content, want string) error {
	salt, err := hash32(c.Salt)
	if err != nil {
		return fmt.Errorf("its salt is %w", err)
	}
	h := sha256.New()
	h.Write(salt[:])
	if err := v.files.with(dirSnapshots+c.ID+".json", func(r io.Reader) error {
		_, err := io.Copy(h, r)
		return err
	}); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return errors.New("its content is not the one that the event commits to")
	}
	return nil
}
