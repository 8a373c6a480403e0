// Package embeds writes the code with which other sites show our forms: to register and to sign in, as a plain form that
// has the site's own style, or as a frame with the portal's (docs/decisions/030).
package embeds
