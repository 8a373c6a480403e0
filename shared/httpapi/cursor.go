package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"clientele/shared/membership"
)

// Cursors seals and opens the cursors of lists: opaque texts that say where a page starts. A cursor is signed together
// with the tenant and the query it belongs to, so it can be neither made up nor carried over to another list.
// It is signed, not encrypted: a position holds nothing that the page before it did not show.
type Cursors struct{ key []byte }

// NewCursors takes a key of 32 bytes that is used for nothing else.
func NewCursors(key []byte) Cursors { return Cursors{key: key} }

// Position is where a page starts.
type Position struct {
	Backward bool   // the page before this place, not the one after it
	Key      []byte // the store's own
}

// A cursor is base64url of: version (1 byte), direction (1 byte), key, MAC (16 bytes: 128 bits are not guessed online).
const (
	cursorVersion = 1
	cursorHead    = 2
	cursorMAC     = 16
	maxCursor     = 2048 // characters; the longest sort keys make some 600
)

var errCursor = membership.InvalidField("cursor", "invalid_cursor", "This cursor is not one of this list. Start again without it.")

// Fingerprint makes one text of the tenant and the query's parts such that different parts give different texts.
func Fingerprint(parts ...string) string {
	var text []byte
	for _, p := range parts {
		text = binary.AppendUvarint(text, uint64(len(p)))
		text = append(text, p...)
	}
	return string(text)
}

// Seal returns the cursor for a position in the list with this fingerprint.
func (c Cursors) Seal(fingerprint string, p Position) string {
	text := []byte{cursorVersion, 0}
	if p.Backward {
		text[1] = 1
	}
	text = append(text, p.Key...)
	return base64.RawURLEncoding.EncodeToString(append(text, c.mac(fingerprint, text)...))
}

// Open returns the position in a cursor, or an Invalid error for the field cursor.
func (c Cursors) Open(fingerprint, cursor string) (Position, error) {
	if len(cursor) > maxCursor {
		return Position{}, errCursor
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) < cursorHead+cursorMAC {
		return Position{}, errCursor
	}
	text, mac := sealed[:len(sealed)-cursorMAC], sealed[len(sealed)-cursorMAC:]
	if !hmac.Equal(mac, c.mac(fingerprint, text)) || text[0] != cursorVersion || text[1] > 1 {
		return Position{}, errCursor
	}
	return Position{Backward: text[1] == 1, Key: text[cursorHead:]}, nil
}

func (c Cursors) mac(fingerprint string, text []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(Fingerprint("cursor", fingerprint)))
	h.Write(text)
	return h.Sum(nil)[:cursorMAC]
}
