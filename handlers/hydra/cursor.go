package hydra

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"io"
	"time"

	"tenure/snapshots"
	"tenure/tenancy/history"
)

const (
	cursorLife    = history.Micros(time.Hour / time.Microsecond)
	maxCursorText = 4096
)

// cursors makes page tokens: the client_id at which a page ended, encrypted, for one
// setup and an hour. A caller learns nothing from a token.
type cursors struct {
	seals  cipher.AEAD
	random io.Reader
	now    func() history.Micros
}

func newCursors(key [32]byte, random io.Reader, now func() history.Micros) *cursors {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has a length that AES takes
	}
	seals, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM takes
	}
	return &cursors{seals, random, now}
}

// seal makes the token of the page after a client_id.
func (k *cursors) seal(setup snapshots.EntityID, after string) string {
	token := make([]byte, k.seals.NonceSize(), 64+len(after))
	if _, err := io.ReadFull(k.random, token); err != nil {
		panic("no randomness: " + err.Error())
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(k.now()+cursorLife))
	plain = append(plain, after...)
	return base64.URLEncoding.EncodeToString(k.seals.Seal(token, token, plain, []byte(setup)))
}

// open reads a token. ok is false unless a node of this installation made it for
// the setup less than an hour ago.
func (k *cursors) open(setup snapshots.EntityID, token string) (after string, ok bool) {
	if len(token) > maxCursorText {
		return "", false
	}
	raw, err := base64.URLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < k.seals.NonceSize() {
		return "", false
	}
	nonce, sealed := raw[:k.seals.NonceSize()], raw[k.seals.NonceSize():]
	plain, err := k.seals.Open(nil, nonce, sealed, []byte(setup))
	if err != nil || len(plain) < 8 || history.Micros(binary.BigEndian.Uint64(plain)) <= k.now() {
		return "", false
	}
	return string(plain[8:]), true
}
