package actor

import (
	"context"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"clientele/shared/membership"
)

// maxToken is the longest access token in bytes; Cognito's have some 1,100.
const maxToken = 4096

// token is what a verified access token says.
type token struct {
	userID     string
	door       membership.Door
	signedInAt time.Time // of the sign-in, also after a refresh
	family     string    // origin_jti
}

// claims are the claims of Cognito's access tokens that are checked.
type claims struct {
	jwt.RegisteredClaims
	TokenUse  string           `json:"token_use"`
	ClientID  string           `json:"client_id"`
	Username  string           `json:"username"`
	AuthTime  *jwt.NumericDate `json:"auth_time"`
	OriginJTI string           `json:"origin_jti"`
}

type verifier struct {
	parser *jwt.Parser
	keys   *keys
	doors  map[string]membership.Door // by client id
}

func newVerifier(pool Pool, web Web, now func() time.Time) *verifier {
	v := &verifier{
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
			jwt.WithIssuer("https://cognito-idp."+pool.Region+".amazonaws.com/"+pool.ID),
			jwt.WithExpirationRequired(),
			jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(now),
		),
		keys:  newKeys(pool.Endpoint+"/"+pool.ID+"/.well-known/jwks.json", web, now),
		doors: map[string]membership.Door{pool.PortalClientID: membership.PortalDoor, pool.ConsoleClientID: membership.ConsoleDoor},
	}
	delete(v.doors, "")
	return v
}

// verify checks signature, issuer, times, use and client of an access token.
// Errors: ErrSignedOut; ErrOverloaded when the public keys cannot be read.
func (v *verifier) verify(ctx context.Context, text string) (token, error) {
	if text == "" || len(text) > maxToken {
		return token{}, membership.ErrSignedOut
	}
	var c claims
	var noKeys error
	_, err := v.parser.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if kid == "" {
			return nil, jwt.ErrTokenUnverifiable
		}
		key, err := v.keys.key(ctx, kid)
		noKeys = err
		if key == nil {
			return nil, jwt.ErrTokenUnverifiable
		}
		return key, nil
	})
	if noKeys != nil {
		return token{}, noKeys
	}
	door, known := v.doors[c.ClientID]
	if err != nil || !known || c.TokenUse != "access" || c.Username == "" || c.IssuedAt == nil {
		return token{}, membership.ErrSignedOut
	}
	t := token{userID: c.Username, door: door, signedInAt: c.IssuedAt.Time, family: c.OriginJTI}
	if c.AuthTime != nil && c.AuthTime.Before(t.signedInAt) {
		t.signedInAt = c.AuthTime.Time // a refreshed token is as old as its sign-in
	}
	return t, nil
}
