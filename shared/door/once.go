package door

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// onceField is the hidden field that tells a form sent twice from two forms with the same content.
const onceField = "once"

// Once returns a value for the hidden field "once" of the forms on one page.
func (d *Door) Once() string { return d.NewID() }

// Send is Call for a form that changes something. If this very form was sent and carried out before, the call says so
// (Done), as Idempotency-Key does for callers of the API.
func (d *Door) Send(r *http.Request, form *web.Form) (membership.Call, error) {
	c := d.Call(r)
	c.Key = onceKey(r, form, c.Actor.UserID)
	if c.Key == nil {
		return c, nil
	}
	marker, err := d.Markers.Marker(r.Context(), *c.Key)
	if err != nil {
		return c, err
	}
	if marker != nil {
		c.Done = marker.IDs
	}
	return c, nil
}

// Sent reads the form of a request that changes something, and returns it with its Send.
func (d *Door) Sent(w http.ResponseWriter, r *http.Request) (*web.Form, membership.Call, error) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		return nil, membership.Call{}, err
	}
	call, err := d.Send(r, form)
	return form, call, err
}

// onceKey names one sending of a form. The name includes what was typed: going back and typing something else makes
// another form.
func onceKey(r *http.Request, form *web.Form, actorID string) *membership.IdempotencyKey {
	once, err := httpapi.ID(form.Value(onceField))
	if err != nil {
		return nil
	}
	sum := sha256.Sum256([]byte(r.PostForm.Encode()))
	hash := hex.EncodeToString(sum[:])
	return &membership.IdempotencyKey{ActorID: actorID, Route: r.Method + " " + r.URL.Path, Key: once + "-" + hash[:16], BodyHash: hash}
}
