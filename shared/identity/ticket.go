package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// What is sealed, and how long it holds. A refresh token ends when Cognito says so (template.yaml: RefreshTokenValidity);
// a challenge lives as long as Cognito's session (AuthSessionValidity: 5).
const (
	refreshSeal       = "refresh"
	challengeSeal     = "challenge"
	challengeLifetime = 5 * time.Minute
	maxSealed         = 8192 // bytes; Cognito's own part has some 2,000
)

// seal is <door>.<user id>.<unix seconds>.<family>.<mac>.<Cognito's part>. The mac covers all of it and the purpose.
type seal struct {
	purpose string
	door    membership.Door
	userID  string
	at      time.Time
	family  string // "" for challenges
	inner   string
}

func (s seal) head() string {
	return string(s.door) + "." + s.userID + "." + strconv.FormatInt(s.at.Unix(), 10) + "." + s.family
}

func (s seal) mac(key []byte) []byte {
	h := hmac.New(sha256.New, key)
	// Cognito's secret hash starts with an id, never with this.
	h.Write([]byte("clientele/" + s.purpose + "\x00" + s.head() + "\x00" + s.inner))
	return h.Sum(nil)
}

func (p *Pool) close(ctx context.Context, c *appClient, s seal) (string, error) {
	key, err := p.secret(ctx, c)
	if err != nil {
		return "", err
	}
	return s.head() + "." + base64.RawURLEncoding.EncodeToString(s.mac(key)) + "." + s.inner, nil
}

// open returns what is in a sealed text; ok is false if we did not seal it.
func (p *Pool) open(ctx context.Context, purpose, text string) (s seal, ok bool, err error) {
	parts := strings.SplitN(text, ".", 6)
	if len(parts) != 6 || len(text) > maxSealed || parts[1] == "" {
		return seal{}, false, nil
	}
	unix, errAt := strconv.ParseInt(parts[2], 10, 64)
	mac, errMAC := base64.RawURLEncoding.Strict().DecodeString(parts[4])
	s = seal{purpose: purpose, door: membership.Door(parts[0]), userID: parts[1], at: time.Unix(unix, 0).UTC(), family: parts[3], inner: parts[5]}
	c, errDoor := p.clientOf(s.door)
	if errAt != nil || errMAC != nil || errDoor != nil {
		return seal{}, false, nil
	}
	key, err := p.secret(ctx, c)
	if err != nil {
		return seal{}, false, err
	}
	return s, hmac.Equal(mac, s.mac(key)), nil
}

func (p *Pool) sealTicket(ctx context.Context, c *appClient, door membership.Door, userID, access, refresh string) (string, error) {
	at, family, err := origin(access)
	if err != nil {
		return "", err
	}
	return p.close(ctx, c, seal{refreshSeal, door, userID, at, family, refresh})
}

// Ticket says whose a refresh token from a sign-in is. Errors: ErrSignedOut, ErrOverloaded.
func (p *Pool) Ticket(ctx context.Context, refresh string) (membership.Ticket, error) {
	s, err := p.openTicket(ctx, refresh)
	if err != nil {
		return membership.Ticket{}, err
	}
	return membership.Ticket{Door: s.door, UserID: s.userID, SignedInAt: s.at, Family: s.family, Refresh: refresh}, nil
}

func (p *Pool) openTicket(ctx context.Context, refresh string) (seal, error) {
	s, ok, err := p.open(ctx, refreshSeal, refresh)
	if err == nil && !ok {
		err = membership.ErrSignedOut
	}
	return s, err
}

func (p *Pool) sealChallenge(ctx context.Context, c *appClient, door membership.Door, userID, session string) (string, error) {
	return p.close(ctx, c, seal{challengeSeal, door, userID, p.now(), "", session})
}

// Challenge says whose sign-in waits for its second factor in this session; only the code is left to fill in.
// Errors: ErrChallengeOver, ErrOverloaded.
func (p *Pool) Challenge(ctx context.Context, session string) (membership.Challenge, error) {
	s, err := p.openChallenge(ctx, session)
	if err != nil {
		return membership.Challenge{}, err
	}
	return membership.Challenge{UserID: s.userID, Door: s.door, Session: session}, nil
}

func (p *Pool) openChallenge(ctx context.Context, session string) (seal, error) {
	s, ok, err := p.open(ctx, challengeSeal, session)
	if err == nil && (!ok || !p.now().Before(s.at.Add(challengeLifetime))) {
		err = membership.ErrChallengeOver
	}
	return s, err
}

// origin returns when and in which family of tokens an access token's sign-in was. The token comes from Cognito itself,
// so its signature is not checked.
func origin(access string) (at time.Time, family string, err error) {
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		return time.Time{}, "", fmt.Errorf("the access token has %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, "", fmt.Errorf("the access token's claims: %w", err)
	}
	var claims struct {
		AuthTime  int64  `json:"auth_time"`
		OriginJTI string `json:"origin_jti"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return time.Time{}, "", fmt.Errorf("the access token's claims: %w", err)
	}
	if claims.AuthTime == 0 || strings.Contains(claims.OriginJTI, ".") {
		return time.Time{}, "", fmt.Errorf("the access token does not say when its sign-in was")
	}
	return time.Unix(claims.AuthTime, 0).UTC(), claims.OriginJTI, nil
}
