package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tenure/tenancy/history"
)

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

// skew is how far the clocks of two servers may have been apart when a bundle
// of version 1 was made: it had the time of the server that made it.
const skew = time.Minute

// made is the latest time at which an event of the bundle can have been recorded.
func (m *manifest) made() time.Time {
	made, _ := time.Parse(time.RFC3339Nano, m.MadeAt) // asked checked it
	if m.Version == versionOld {
		made = made.Add(skew)
	}
	return made
}

// asked checks what the manifest says was asked for: it promises no more than
// is there.
func (m *manifest) asked() error {
	instants := make(map[string]time.Time)
	for name, text := range map[string]string{"made_at": m.MadeAt, "filter.from": m.Filter.From, "filter.to": m.Filter.To} {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil && (text != "" || name == "made_at") {
			return fmt.Errorf("%s is no instant", name)
		}
		instants[name] = at
	}
	if m.Version > versionOld && instants["filter.to"].After(instants["made_at"]) {
		return fmt.Errorf("filter.to promises events up to %s, but the bundle was made %s", shown(m.Filter.To), shown(m.MadeAt))
	}
	if len(m.Filter.Clients) > MaxClients {
		return fmt.Errorf("filter.clients names more than %d clients", MaxClients)
	}
	timed := m.Filter.From != "" || m.Filter.To != ""
	for i, id := range m.Filter.Clients {
		if slices.Contains(m.Filter.Clients[:i], id) {
			return fmt.Errorf("filter.clients: %s is repeated", shown(id))
		}
		there := slices.ContainsFunc(m.Objects, func(o object) bool { return o.ID == id && o.Kind == history.ObjectClient })
		if !there && (m.Version > versionOld || !timed) { // in version 1 a client without events in the time was left out
			return fmt.Errorf("filter.clients names the client %s, which is not among the objects", shown(id))
		}
	}
	return nil
}

// erased checks that what is missing was erased as the log says.
func (v *verifier) erased() (string, error) {
	open := func(id string) bool { o := v.objects[id]; return o != nil && o.Last < o.Total }
	if err := v.missing.unsaid(open); err != nil {
		return "", err
	}
	return fmt.Sprintf("each of %d contents and details that are erased has the event that says so", len(v.missing.missing)), nil
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
		case o.Part != "" && !o.sums():
			return "", fmt.Errorf("%s: the manifest contradicts itself: %d events of those from %d to %d, of %d", label, o.Count, o.First, o.Last, o.Total)
		case o.Part != "":
			// what is between its events is not here
		case o.Count == 0 && o.First == 0 && o.Last == 0 && o.Total > 0 && (m.Filter.From != "" || m.Filter.To != ""):
			// nothing happened to it in the time that was asked for
		case o.Count < 1 || o.Count != o.Last-o.First+1 || o.Last > o.Total:
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
	case v.withheld != m.Withheld:
		return "", fmt.Errorf("the manifest names %d details that are withheld, here are %d", m.Withheld, v.withheld)
	case m.WholeLog && events != m.LogSize:
		return "", fmt.Errorf("the manifest says that this is the whole log of %d entries, here are %d", m.LogSize, events)
	}
	return fmt.Sprintf("%d events of %d objects, as many as the manifest names%s", events, len(m.Objects), m.inPart()), nil
}

// snapshots holds each content against the commitment in its event.
func (v *verifier) snapshots() (string, error) {
	var held, erased int64
	v.gone = make(map[string]bool)
	files := make(map[string]bool)
	err := v.files.with(fileSnapshots, func(r io.Reader) error {
		return eachLine(r, func(_ int, c content) error {
			want, ok := v.commits[c.ID]
			if !ok {
				return fmt.Errorf("snapshot %s: no event here commits to it, or it is repeated", shown(c.ID))
			}
			delete(v.commits, c.ID)
			if c.Index != want.Index {
				return fmt.Errorf("snapshot %s of %s: it says that its first event is entry %d", c.ID, v.labels[c.ID], c.Index)
			}
			if c.Erased {
				erased++
				v.gone[c.ID] = true
				v.missing.missing = append(v.missing.missing, missing{want.object, fmt.Sprintf("snapshot %s of %s", c.ID, v.labels[c.ID]), want.Index})
				return nil
			}
			held++
			files[dirSnapshots+c.ID+".json"] = true
			if err := v.content(c, want.commitment); err != nil {
				return fmt.Errorf("snapshot %s of %s: %w", c.ID, v.labels[c.ID], err)
			}
			return nil
		})
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
	for _, name := range v.files.names() {
		if strings.HasPrefix(name, dirSnapshots) && !files[name] {
			return "", fmt.Errorf("the file %s is the content of no event here, or said to be erased", name)
		}
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
