package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// PictureParameters reads what the address of a user's picture takes: size, the version v that the address was made for,
// and the version that the caller has already (If-None-Match), "" for none.
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

// RespondPicture answers with a picture, or with 304 where the caller has it. An address that names the version never
// changes its picture, so that a browser need not ask again; every other one is asked for each time. No cache between us
// and the browser keeps it: the next one may be somebody who must not see it.
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
	// Opened by itself it is a picture and nothing else, whatever a browser thinks of it.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(a.JPEG) // the caller has gone; nobody is left to tell
}
