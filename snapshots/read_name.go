package snapshots

// Name says which entity a read is about. It is made by ByRef, ByEntity,
// ByClientID, Anywhere and Registered; the zero Name names nothing.
type Name struct {
	how       naming
	ref       Ref // what is empty in it was not named
	clientID  string
	preferred EntityID
}

// ByRef names an entity the way a path does. An empty module is any.
func ByRef(ref Ref) Name { return Name{how: byRef, ref: ref} }

// ByEntity names an entity by its id alone.
func ByEntity(id EntityID) Name { return Name{how: byEntity, ref: Ref{Entity: id}} }

// ByClientID names the client that has a client_id in a setup at the instant
// asked for, whichever incarnation that is. An empty module is any.
func ByClientID(module string, setup EntityID, clientID string) Name {
	return Name{how: byClientID, ref: Ref{Module: module, Setup: setup}, clientID: clientID}
}

// Anywhere names the client that has a client_id in any setup. If several have
// one, the preferred setup's is meant.
func Anywhere(clientID string, preferred EntityID) Name {
	return Name{how: anywhere, clientID: clientID, preferred: preferred}
}

// Within narrows Anywhere to one setup. An empty module is any, an empty setup
// narrows nothing.
func (n Name) Within(module string, setup EntityID) Name {
	if setup != "" {
		n.how, n.ref = within, Ref{Module: module, Setup: setup}
	}
	return n
}

// Registered names the client that has a client_id in a setup, the way its own
// registration URI does: one outside the subtree is Forbidden, not unknown, also
// to those who may not use the setup.
func Registered(module string, setup EntityID, clientID string) Name {
	return Name{how: registered, ref: Ref{Module: module, Setup: setup}, clientID: clientID}
}

// naming is one way to name an entity.
type naming uint8

const (
	byNothing naming = iota
	byRef
	byEntity
	byClientID
	anywhere
	within
	registered
)

// manner is what a way of naming means for the answer.
type manner struct {
	setup   bool // the caller named the setup, so the fault says that the setup is unknown
	outside bool // a client outside the subtree is Forbidden, not unknown
	ended   bool // single snapshots of a deleted entity can still be read
}

var manners = [...]manner{
	byNothing:  {},
	byRef:      {setup: true},
	byEntity:   {ended: true},
	byClientID: {setup: true},
	anywhere:   {outside: true},
	within:     {setup: true, outside: true},
	registered: {outside: true},
}

func (n Name) manner() manner { return manners[n.how] }
