package evidence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

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
func (v *verifier) events() (sound bool) {
	sound = true
	v.commits, v.labels = make(map[string]committed), make(map[string]string)
	var f findings
	var wrong error // of either file, which it names
	err := v.files.with(fileEvents, func(events io.Reader) error {
		return v.files.with(fileProofs, func(proofs io.Reader) error {
			wrong = v.eachEvent(newLines(events), newLines(proofs), &f)
			return nil
		})
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		v.fail(err.Error())
		sound = false
	}
	for _, c := range []struct {
		err      error
		sentence string
	}{
		{f.read, "each event is in the one form, in the log's order"},
		{f.proof, fmt.Sprintf("each event's envelope is an entry of the log of %d, by its commitment and its path to the root", v.last.Size)},
		{f.chain, v.manifest.followed()},
		{f.detail, "each detail is the one that its event commits to"},
		{f.foreign, "each event is of an object and a time that the manifest names, and was recorded before the bundle was made"},
	} {
		sound = v.check(func() (string, error) { return c.sentence, c.err }) && sound
	}
	return sound
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
			return fmt.Errorf("%s: %w", fileEvents, err)
		}
		f.n++
		if f.n > MaxEvents {
			return fmt.Errorf("%s: more than %d events", fileEvents, MaxEvents)
		}
		env, err := history.DecodeEnvelope([]byte(e.Envelope))
		if err != nil {
			f.keep(&f.read, "entry %d: %v", e.Index, err)
		}
		label := labelOf(e.Index, env)
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
		if v.entries != nil {
			v.entries[e.Index] = hex.EncodeToString(sum[:])
		}
		v.chain(env, e.Index, sum, label, f)
		if err := detail(e, env); err != nil {
			f.keep(&f.detail, "%s: %v", label, err)
		}
		if e.DetailGone == withheld {
			v.withheld++
		}
		if e.DetailGone == gone {
			v.missing.missing = append(v.missing.missing, missing{env.Object, label + ": its detail", e.Index})
		}
		v.missing.event(env, e.Index)
		if o := v.objects[env.Object]; o == nil || o.Part == "" { // of an owner outside, which is counted elsewhere
			v.population.add(env, e.Index)
		}
		if v.manifest.Version > versionOld {
			v.read = append(v.read, e.forPages(env, hex.EncodeToString(sum[:])))
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
	return v.included(path, index, sum)
}

// included checks the path of an entry to the root of the last checkpoint.
func (v *verifier) included(path []tlog.Hash, index int64, sum [32]byte) error {
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
func (v *verifier) chain(env history.Envelope, index int64, sum [32]byte, label string, f *findings) {
	if env.Content != "" {
		if c, ok := v.commits[env.Ref]; ok && c.commitment != env.Content {
			f.keep(&f.chain, "%s commits to another content of snapshot %s than an event before", label, shown(env.Ref))
		} else if !ok {
			v.commits[env.Ref], v.labels[env.Ref] = committed{content{ID: env.Ref, Index: index}, env.Content, env.Object}, label
		}
	}
	o := v.objects[env.Object]
	if o == nil {
		f.keep(&f.foreign, "%s is of an object that the manifest does not name", label)
		return
	}
	if o.Kind != env.ObjectKind || o.Owner != env.Org && o.count == 0 || !v.manifest.holds(&o.object, &env) {
		f.keep(&f.foreign, "%s is not of the kind, owner or time that the manifest names", label)
	}
	if made := v.manifest.made(); env.RecordedAt.Time().After(made) {
		f.keep(&f.foreign, "%s was recorded after %s, when the bundle was made", label, shown(v.manifest.MadeAt))
	}
	switch {
	case o.count == 0 && env.Seq != o.First:
		f.keep(&f.chain, "%s: the first of this object should be its event %d", label, o.First)
	case o.Part != "":
		if err := o.gap(&env); err != nil {
			f.keep(&f.chain, "%s: %w", label, err)
		}
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

func detail(e event, env history.Envelope) error {
	switch {
	case e.Detail != nil && e.DetailGone != "":
		return errors.New("its detail is here and said not to be")
	case e.Detail == nil && env.Detail == "" && e.DetailGone == "":
	case e.DetailGone == withheld && env.ObjectKind != history.ObjectOrganization:
		return errors.New("its detail is withheld, and only those of organizations can be")
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

// labelOf names an event in a sentence.
func labelOf(index int64, env history.Envelope) string {
	return fmt.Sprintf("entry %d (%s %s, its event %d)", index, shown(env.ObjectKind), shown(env.Object), env.Seq)
}
