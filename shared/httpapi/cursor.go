package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"clientele/shared/membership"
)

// Cursors seals and opens the cursors of lists: opaque texts that say where a page starts. A cursor is signed together
// with its tenant and query, so it can be neither made up nor used for another list. It is signed, not encrypted: a
// position holds nothing that the page before did not show.
type Cursors struct{ key []byte }

// NewCursors returns the Cursors of a 32-byte key that is used for nothing else.
func NewCursors(key []byte) Cursors { return Cursors{key: key} }

// A cursor is base64url of: version (1 byte), direction (1 byte), position, MAC (16 bytes: nobody guesses 128 bits
// online).
const (
	cursorVersion = 1
	cursorHead    = 2
	cursorMAC     = 16
	maxCursor     = 2048 // characters; the longest sort keys need some 600
)

var errCursor = membership.InvalidField("cursor", "invalid_cursor", "This cursor is not one of this list. Start again without it.")

// Fingerprint joins the tenant and the parts of the query into one text, such that different parts give different
// texts.
func Fingerprint(parts ...string) string {
	var text []byte
	for _, p := range parts {
		text = binary.AppendUvarint(text, uint64(len(p)))
		text = append(text, p...)
	}
	return string(text)
}

// Page returns the page to ask the store for, from a list's parameters. Errors: Invalid for the field cursor.
func (c Cursors) Page(fingerprint string, list List) (membership.PageRequest, error) {
	request := membership.PageRequest{Limit: list.Limit}
	if list.Cursor == "" {
		return request, nil
	}
	var err error
	request.Position, request.Backward, err = c.open(fingerprint, list.Cursor)
	return request, err
}

// Next returns the cursor of the page after one, nil when the store's position is "".
func (c Cursors) Next(fingerprint, position string) *string {
	return c.seal(fingerprint, position, false)
}

// Prev is Next for the page before.
func (c Cursors) Prev(fingerprint, position string) *string {
	return c.seal(fingerprint, position, true)
}

func (c Cursors) seal(fingerprint, position string, backward bool) *string {
	if position == "" {
		return nil
	}
	text := []byte{cursorVersion, 0}
	if backward {
		text[1] = 1
	}
	text = append(text, position...)
	cursor := base64.RawURLEncoding.EncodeToString(append(text, c.mac(fingerprint, text)...))
	return &cursor
}

func (c Cursors) open(fingerprint, cursor string) (position string, backward bool, err error) {
	if len(cursor) > maxCursor {
		return "", false, errCursor
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) < cursorHead+cursorMAC {
		return "", false, errCursor
	}
	text, mac := sealed[:len(sealed)-cursorMAC], sealed[len(sealed)-cursorMAC:]
	if !hmac.Equal(mac, c.mac(fingerprint, text)) || text[0] != cursorVersion || text[1] > 1 {
		return "", false, errCursor
	}
	return string(text[cursorHead:]), text[1] == 1, nil
}

func (c Cursors) mac(fingerprint string, text []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(Fingerprint("cursor", fingerprint)))
	h.Write(text)
	return h.Sum(nil)[:cursorMAC]
}
