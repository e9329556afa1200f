package evidence

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"tenure/tenancy/history"
	"tenure/tenancy/history/counts"
)

// population is what the bundle's events say an organization has: of each object the index
// of its first event that belongs to it.
type population map[string]map[string]int64

func (p population) add(env history.Envelope, index int64) {
	objects := p[env.Org]
	if objects == nil {
		objects = make(map[string]int64)
		p[env.Org] = objects
	}
	if first, ok := objects[env.Object]; !ok || index < first {
		objects[env.Object] = index
	}
}

// at are an organization's objects below a size of the log.
func (p population) at(org string, size int64) counts.Organization {
	var objects counts.Objects
	for _, id := range slices.Sorted(maps.Keys(p[org])) {
		if p[org][id] < size {
			objects.Add(id)
		}
	}
	return objects.Of(org)
}

// aCount is an event that counts, with what the bundle has of its tree.
type aCount struct {
	index  int64
	detail counts.Detail
	root   tlog.Hash
	all    bool // of all organizations, not of the bundle's
	list   []counts.Organization
	leaves []countLine
}

// counted checks that the bundle has the objects that the log counted. A bundle of some
// clients or of some time has no counts.
func (v *verifier) counted() (string, error) {
	list, err := v.readCounts()
	if err != nil {
		return "", err
	}
	var objects, complete int64
	var at int64
	for _, k := range list {
		if err := v.sameCount(k); err != nil {
			return "", err
		}
		if !k.all && k.detail.Size >= at {
			at, objects, complete = k.detail.Size, 0, int64(len(k.list))
			for _, o := range k.list {
				objects += o.Objects
			}
		}
	}
	if complete == 0 {
		v.unconfirmed("the log has no count of these organizations: nothing says that no object was left out")
		return "", nil
	}
	return fmt.Sprintf("%d objects of %d organizations are here, as many and the same as the log counted at %d entries", objects, complete, at), nil
}

func (v *verifier) readCounts() (list []*aCount, err error) {
	err = v.files.with(fileCounts, func(r io.Reader) error {
		return eachLine(r, func(line int, l countLine) error {
			switch {
			case l.Event != nil && l.Count == nil && l.Organization == "":
				k, err := v.count(*l.Event)
				if err != nil {
					return fmt.Errorf("entry %d: %w", l.Event.Index, err)
				}
				list = append(list, k)
			case l.Event == nil && l.Count != nil && len(list) > 0 && list[len(list)-1].index == *l.Count:
				k := list[len(list)-1]
				digest, err := hash32(l.Digest)
				if err != nil || len(k.list) > 0 && k.list[len(k.list)-1].ID >= l.Organization {
					return fmt.Errorf("line %d is not in its form, or its place", line)
				}
				k.list = append(k.list, counts.Organization{ID: l.Organization, Objects: l.Objects, Digest: digest})
				k.leaves = append(k.leaves, l)
			default:
				return fmt.Errorf("line %d is of no count", line)
			}
			return nil
		})
	})
	if err == nil && len(list) > 2 {
		err = fmt.Errorf("%d counts", len(list))
	}
	return list, err
}

func (v *verifier) count(e keyEvent) (*aCount, error) {
	under := v.manifest.Organization
	if v.manifest.Filter.Organization != "" {
		under = v.manifest.Filter.Organization
	}
	env, _, err := v.alone(e, counts.Object(""), counts.Object(under))
	if err != nil {
		return nil, err
	}
	k := &aCount{index: e.Index, all: env.Object == counts.Object("")}
	if k.detail, k.root, err = counts.ParseDetail([]byte(*e.Detail)); err == nil && k.detail.Size > e.Index {
		err = errors.New("it counts entries that come after it")
	}
	return k, err
}

// sameCount compares a count with the bundle's events, and its lines with its root.
func (v *verifier) sameCount(k *aCount) error {
	there := make(map[string]bool)
	for _, o := range k.list {
		there[o.ID] = true
		switch have := v.population.at(o.ID, k.detail.Size); {
		case have.Objects < o.Objects:
			return fmt.Errorf("the organization %s had %d objects at %d entries of the log (entry %d), here are %d: %d are missing",
				shown(o.ID), o.Objects, k.detail.Size, k.index, have.Objects, o.Objects-have.Objects)
		case have != o:
			return fmt.Errorf("the organization %s had other objects at %d entries of the log (entry %d) than are here", shown(o.ID), k.detail.Size, k.index)
		}
	}
	for _, org := range slices.Sorted(maps.Keys(v.population)) {
		if !there[org] && v.population.at(org, k.detail.Size).Objects > 0 {
			return fmt.Errorf("the organization %s is not in the count of entry %d, and has objects here", shown(org), k.index)
		}
	}
	if int64(len(k.list)) == k.detail.Organizations {
		tree, err := counts.NewTree(k.list)
		if err != nil {
			return err
		}
		if root, err := tree.Root(); err != nil || root != k.root {
			return fmt.Errorf("the organizations are not those of the count of entry %d", k.index)
		}
		return nil
	}
	if !k.all {
		return fmt.Errorf("%d organizations were counted by entry %d, here are %d", k.detail.Organizations, k.index, len(k.list))
	}
	for i, o := range k.list {
		path, err := hashes(k.leaves[i].Path)
		if err == nil && k.leaves[i].Leaf == nil {
			err = errors.New("it has no place")
		}
		if err == nil {
			err = tlog.CheckRecord(path, k.detail.Organizations, k.root, *k.leaves[i].Leaf, o.Leaf())
		}
		if err != nil {
			return fmt.Errorf("the organization %s is not in the count of entry %d as it is here: %w", shown(o.ID), k.index, err)
		}
	}
	return nil
}
