package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/membership"
)

// inviter is implemented by membership.FirstAdministrator.
type inviter interface {
	Invite(ctx context.Context, c membership.Call, email string) (bool, error)
}

type handler struct {
	administrator inviter
	email         string // from the deployment's settings
	client        *http.Client
	now           func() time.Time
	log           *slog.Logger
}

// event is either CloudFormation's, which has a RequestType, or that of a person who invokes the function.
type event struct {
	cfn.Event
	Email string `json:"email"` // instead of the settings' one
}

// result answers an invocation.
type result struct {
	Invited bool `json:"invited"`
}

// margin is how much of the function's time is kept for answering CloudFormation, which would otherwise wait for an
// hour.
const margin = 20 * time.Second

func (h handler) handle(ctx context.Context, e event) (result, error) {
	if e.RequestType != "" {
		return h.resource(ctx, e)
	}
	email := h.email
	if e.Email != "" {
		email = e.Email
	}
	return h.invite(ctx, email)
}

// resource serves the custom resource: creating or updating it invites, deleting it does nothing. It always answers; it
// returns an error only when the answer did not arrive, so that Lambda runs it again.
func (h handler) resource(ctx context.Context, e event) (result, error) {
	var done result
	var err error
	if e.RequestType != cfn.RequestDelete {
		within, cancel := ctx, func() {}
		if end, ok := ctx.Deadline(); ok {
			within, cancel = context.WithDeadline(ctx, end.Add(-margin))
		}
		done, err = h.invite(within, h.email)
		cancel()
	}
	answer := cfn.NewResponse(&e.Event)
	// The id never changes: a new one would make CloudFormation delete the old resource.
	answer.PhysicalResourceID, answer.Status = "first-administrator", cfn.StatusSuccess
	answer.Data = map[string]any{"Invited": done.Invited}
	if err != nil {
		answer.Status, answer.Reason = cfn.StatusFailed, reason(err)
	}
	return done, h.answer(ctx, e.ResponseURL, answer)
}

// invite also turns a panic into an error, because CloudFormation waits for an answer.
func (h handler) invite(ctx context.Context, email string) (done result, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			done, err = result{}, fmt.Errorf("panic: %v", reason)
		}
		if err != nil {
			h.log.Error("first-administrator", "cause", err.Error())
			return
		}
		h.log.Info("first-administrator", "invited", done.Invited)
	}()
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	call := membership.Call{Actor: membership.SystemActor(id), Now: h.now()}
	done.Invited, err = h.administrator.Invite(ctx, call, email)
	return done, err
}

// reason returns what the person who deploys will read.
func reason(err error) string {
	if membership.CodeOf(err) != "" {
		return "The first administrator was not invited: " + err.Error()
	}
	return "The first administrator could not be invited; the function's log says why."
}
