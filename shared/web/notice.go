package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// Notice is a sentence on top of a page or a form.
type Notice struct {
	Kind  string // success, info, warning, error
	Title Phrase // optional
	Text  Phrase
}

// Role tells assistive technology how urgent the notice is.
func (n Notice) Role() string {
	if n.Kind == "error" || n.Kind == "warning" {
		return "alert"
	}
	return "status"
}

const noticeCookie = "__Host-notice"

// noticeLimit is far above what a notice needs; browsers keep 4 KB.
const noticeLimit = 1 << 10

type keptNotice struct {
	Kind string   `json:"n"`
	Key  string   `json:"k"`
	Args []string `json:"a,omitempty"`
}

// Notify keeps a notice for the page after a redirect. The cookie holds a catalogue key that starts with "notice." and
// text arguments, never the sentence, so nobody can make a page say what is not in the catalogue. kind is success,
// info, warning or error.
func Notify(w http.ResponseWriter, kind, key string, args ...string) {
	kept := keptNotice{Kind: kind, Key: key}
	for _, arg := range args {
		if runes := []rune(arg); len(runes) > 100 {
			arg = string(runes[:99]) + "…"
		}
		kept.Args = append(kept.Args, arg)
	}
	raw, err := json.Marshal(kept)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(raw)) > noticeLimit {
		return // a notice is a courtesy; the change that it reports has happened
	}
	setNotice(w, base64.RawURLEncoding.EncodeToString(raw), 60)
}

func setNotice(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: noticeCookie, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// takeNotice reads the kept notice and deletes it.
func takeNotice(w http.ResponseWriter, r *http.Request, c *catalogue) *Notice {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	setNotice(w, "", -1)
	if len(cookie.Value) > noticeLimit {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil
	}
	var kept keptNotice
	if json.Unmarshal(raw, &kept) != nil || !strings.HasPrefix(kept.Key, "notice.") {
		return nil
	}
	switch kept.Kind {
	case "success", "info", "warning", "error":
	default:
		return nil
	}
	args := make([]any, len(kept.Args))
	for i, arg := range kept.Args {
		args[i] = arg
	}
	if _, known := c.lookup(kept.Key, args); !known {
		return nil
	}
	return &Notice{Kind: kept.Kind, Text: Text(kept.Key, args...)}
}
