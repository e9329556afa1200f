package bench

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenure/cmd/tenure/exit"
	"tenure/cmd/tenure/node"
	"tenure/snapshots"
	"tenure/tenancy"
)

// state describes a seeded database, so that later runs can use it. It is in the folder
// of a run, with the keys of the seeded installation.
type state struct {
	dir string

	Root          tenancy.OrgID      `json:"root"`
	Module        string             `json:"module"`
	Setup         snapshots.EntityID `json:"setup"`
	Organizations int                `json:"organizations"`
	Clients       int                `json:"clients"`
	// Keys of the root by role, further keys of readers, and the registration access token
	// of client 0.
	Reader  string   `json:"reader_key"`
	Admin   string   `json:"admin_key"`
	Finance []string `json:"open_finance_reader_keys"`
	Token   string   `json:"registration_access_token"`

	entities []byte // 16 bytes a client: its entity id
}

const (
	stateFile    = "bench.json"
	entitiesFile = "bench-entities"
	idBytes      = 16
)

// readState reads the state of an earlier run; an empty one if there was none.
func readState(dir string) (*state, error) {
	s := &state{dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err == nil {
		s.entities, err = os.ReadFile(filepath.Join(dir, entitiesFile))
	}
	if err == nil && len(s.entities) < s.Clients*idBytes {
		err = errors.New("it names fewer clients than it should")
	}
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("%s is not the folder of an earlier run: %w", dir, err))
	}
	s.entities = s.entities[:s.Clients*idBytes]
	return s, nil
}

// write makes the state what the next run finds; from is the first client that is new
// since the last time. Keys are readable by their owner only. A run that ends in between
// leaves the state of before, with entity ids too many.
func (s *state) write(from int) error {
	f, err := os.OpenFile(filepath.Join(s.dir, entitiesFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(s.entities[from*idBytes:], int64(from*idBytes))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return node.ReplaceFile(filepath.Join(s.dir, stateFile), append(raw, '\n'))
}

// entity is the entity id of a seeded client.
func (s *state) entity(i int) string {
	return hex.EncodeToString(s.entities[i*idBytes : (i+1)*idBytes])
}

// The first clients are those that single rows ask for; the rest differ in nothing that
// a row depends on but the key set of one in ten.
const (
	ownClient     = iota // with a registration access token
	financeClient        // registered by Open Finance
	secretClient         // with a secret that can be shown again
	deepClient           // owned by the lowest organization
	shallowClient        // owned by an organization one below the root
	firstPlain
)

// Shapes of the seeded installation.
const (
	chainEvery = 10  // of so many clients one has a key set with a certificate chain
	perOwner   = 100 // clients with one owner label
	nameKinds  = 200
)

func hasChain(i int) bool { return i >= firstPlain && i%chainEvery == 0 }

func clientID(i int) string { return fmt.Sprintf("client-%07d", i) }

// owners is the number of owner labels that the seeded clients have in full.
func (s *state) owners() int { return max(1, s.Clients/perOwner) }

func ownerLabel(n int) string { return fmt.Sprintf("owner-%d", n) }
