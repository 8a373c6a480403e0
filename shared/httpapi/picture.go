package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// PictureParameters reads what the address of a user's picture takes: size, the version v that the address was made
// for, and the version that the caller has already (If-None-Match), "" for none.
func PictureParameters(r *http.Request) (size int, asked, have string, err error) {
	values, err := Query(r, "size", "v")
	if err != nil {
		return 0, "", "", err
	}
	size = membership.AvatarLarge
	if values.Has("size") {
		if size, err = strconv.Atoi(values.Get("size")); err != nil || !slices.Contains(membership.AvatarSizes(), size) {
			return 0, "", "", membership.InvalidField("size", "invalid_choice", "This is none of the possible values.")
		}
	}
	have = strings.Trim(strings.TrimPrefix(strings.TrimSpace(r.Header.Get("If-None-Match")), "W/"), `"`)
	return size, values.Get("v"), have, nil
}

// RespondPicture answers with a picture, or with 304 when the caller has it already. An address that names the version
// always has the same picture, so a browser need not ask again; every other address is asked for each time. No cache
// between us and the browser may keep it: the next reader may be somebody who must not see it.
func RespondPicture(w http.ResponseWriter, a membership.Avatar, asked string) {
	h := w.Header()
	h.Set("ETag", `"`+a.Version+`"`)
	h.Set("Cache-Control", "private, no-cache")
	if asked == a.Version {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	guard(h)
	if a.JPEG == nil {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "image/jpeg")
	// Opened on its own it is a picture and nothing else, whatever a browser thinks of it.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(a.JPEG) // fails when the caller has gone: there is nobody to tell
}
