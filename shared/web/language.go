package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// languageCookie keeps the choice made in the footer. It says nothing about the person, so it is neither secret nor
// bound to a session.
const languageCookie = "lang"

// Languages returns the languages of pages, in the order of the switch.
func Languages() []string { return []string{"en", "de"} }

type languageKey struct{}

// WithLanguage suggests the language of a page whose reader is known without being signed in (from an invitation, for
// example). A choice made in the footer wins.
func WithLanguage(r *http.Request, language string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), languageKey{}, language))
}

// Language returns the language of the answer to r: that of the signed-in person, else the choice made in the footer,
// else the page's suggestion, else the browser's preference, else the deployment's.
func (p *Pages) Language(r *http.Request) string {
	if chosen := switched(r); chosen != "" {
		return chosen
	}
	if v := visitor(r); v != nil && supported(v.Language) != "" {
		return supported(v.Language)
	}
	if cookie, err := r.Cookie(languageCookie); err == nil && supported(cookie.Value) != "" {
		return supported(cookie.Value)
	}
	if hint, _ := r.Context().Value(languageKey{}).(string); supported(hint) != "" {
		return supported(hint)
	}
	if wish := wished(r.Header.Values("Accept-Language")); wish != "" {
		return wish
	}
	if fallback := supported(p.site.DefaultLanguage); fallback != "" {
		return fallback
	}
	return "en"
}

// switched returns the language just chosen in the footer of a page that was itself the answer to a POST (see
// WithAgain).
func switched(r *http.Request) string {
	if r.Method != http.MethodPost || r.URL.Path == languagePath {
		return ""
	}
	return supported(r.PostFormValue("switch-language"))
}

// supported reduces a tag such as de-AT to a language of pages, or "".
func supported(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	for _, language := range Languages() {
		if primary == language {
			return language
		}
	}
	return ""
}

// wished reads Accept-Language. golang.org/x/text/language could do it, but costs more at every cold start than two
// languages are worth.
func wished(headers []string) string {
	best, bestQuality := "", 0.0
	for _, part := range strings.Split(strings.Join(headers, ","), ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		quality := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			parsed, err := strconv.ParseFloat(value, 64)
			if err != nil {
				continue
			}
			quality = parsed
		}
		if language := supported(tag); language != "" && quality > bestQuality {
			best, bestQuality = language, quality
		}
	}
	return best
}

const languagePath = "/language"

// SwitchLanguage answers POST /language, the switch in the footer. For a signed-in person, Site.SaveLanguage stores the
// choice.
func (p *Pages) SwitchLanguage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
		if language := supported(r.PostFormValue("language")); language != "" {
			keepLanguage(w, language)
			if visitor(r) != nil && p.site.SaveLanguage != nil {
				if err := p.site.SaveLanguage(r, language); err != nil {
					p.Failed(w, r, err)
					return
				}
			}
		}
		http.Redirect(w, r, LocalPath(r.PostFormValue("back")), http.StatusSeeOther) //nolint:gosec // LocalPath
	})
}

func keepLanguage(w http.ResponseWriter, language string) {
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: language, Path: "/", MaxAge: 365 * 24 * 60 * 60,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// LocalPath returns the path, with its query, if it stays on this door, else "/": what a form or a query says about
// where to go next is never trusted.
func LocalPath(path string) string {
	target, err := url.Parse(path)
	if err != nil || target.IsAbs() || target.Host != "" || target.User != nil ||
		!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return (&url.URL{Path: target.Path, RawPath: target.RawPath, RawQuery: target.RawQuery}).String()
}
