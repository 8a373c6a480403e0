package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// account is how the first staff administrator signs in; LOCAL_DIR/admin.json keeps it.
type account struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// firstAdministrator returns an administrator who can sign in, and an access token for them. On the first start it goes
// the way of a person: it accepts the invitation that the deployment mailed, with a new password.
func firstAdministrator(ctx context.Context, opts options, c clients, mails *messages) (account, string, error) {
	file := opts.file("admin.json")
	admin := account{Username: adminEmail, Password: rand.Text()}
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &admin); err != nil {
			return account{}, "", fmt.Errorf("%s: %w", file, err)
		}
		token, err := signIn(ctx, opts, admin)
		if err == nil {
			return admin, token, nil
		}
		var refused *refusal
		if !errors.As(err, &refused) || refused.status >= http.StatusInternalServerError {
			return account{}, "", err
		}
	} else if err := writeJSON(file, admin); err != nil { // before it is used, so that a crash does not lose it
		return account{}, "", err
	}
	token, err := invitationToken(ctx, c, mails)
	if err != nil {
		return account{}, "", err
	}
	api := apiClient{base: opts.api()}
	if err := api.call(ctx, http.MethodPost, "/invitations/inspect", map[string]any{"token": token}, nil); err != nil {
		return account{}, "", err
	}
	err = api.call(ctx, http.MethodPost, "/invitations/accept", map[string]any{
		"token": token, "password": admin.Password, "firstName": "Alex", "lastName": "Admin",
	}, nil)
	if err != nil {
		return account{}, "", err
	}
	access, err := signIn(ctx, opts, admin)
	return admin, access, err
}

func signIn(ctx context.Context, opts options, who account) (string, error) {
	var answer struct {
		AccessToken string `json:"accessToken"`
	}
	api := apiClient{base: opts.api()}
	err := api.call(ctx, http.MethodPost, "/auth/sign-in", map[string]any{
		"username": who.Username, "password": who.Password, "door": "console",
	}, &answer)
	if err == nil && answer.AccessToken == "" {
		err = errors.New("signing in gave no access token")
	}
	return answer.AccessToken, err
}

// invitationToken waits for the mail that invites the first administrator. If the deployment's own run of
// first-administrator left none, it invokes the function once more.
func invitationToken(ctx context.Context, c clients, mails *messages) (string, error) {
	inFragment := regexp.MustCompile(`https?://\S+#(\S+)`)
	began := time.Now()
	asked := false
	for {
		all, err := mails.list(ctx)
		if err != nil {
			return "", err
		}
		for _, m := range all {
			if len(m.To) != 1 || !strings.EqualFold(m.To[0], adminEmail) {
				continue
			}
			if found := inFragment.FindStringSubmatch(m.Text); found != nil {
				return found[1], nil
			}
		}
		waited := time.Since(began)
		if waited > 3*time.Second && !asked {
			asked = true
			out, err := c.functions.Invoke(ctx, &lambda.InvokeInput{
				FunctionName: aws.String(stackName + "-first-administrator"), Payload: []byte("{}"),
			})
			if err != nil {
				return "", fmt.Errorf("first-administrator: %w", err)
			}
			if out.FunctionError != nil {
				return "", fmt.Errorf("first-administrator: %s", out.Payload)
			}
		}
		// The sweeper, which gives the mail its second chance, runs every minute.
		if waited > 100*time.Second {
			return "", fmt.Errorf("no invitation mail for %s after %s; the functions' output is in cloud.log", adminEmail, waited.Round(time.Second))
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
	}
}
