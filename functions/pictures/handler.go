package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/files"
	"clientele/shared/membership"
)

// avatars is implemented by membership.Avatars.
type avatars interface {
	Finish(ctx context.Context, c membership.Call, ref membership.AvatarRef) (membership.AvatarStatus, error)
}

type handler struct {
	avatars avatars
	now     func() time.Time
	log     *slog.Logger
}

// detail is the part that we read of S3's event "Object Created". EventBridge has the key as it is, not escaped as in
// S3's own notifications.
type detail struct {
	Object struct {
		Key  string `json:"key"`
		Size int64  `json:"size"`
	} `json:"object"`
}

// handle makes pictures from an upload. After an error come further tries, and then the queue of events set aside
// (template.yaml); a file that is not a picture is not an error.
func (h handler) handle(ctx context.Context, event events.EventBridgeEvent) error {
	var created detail
	if err := json.Unmarshal(event.Detail, &created); err != nil {
		return fmt.Errorf("an event without its detail: %w", err)
	}
	ref, ok := files.AvatarUploadOf(created.Object.Key)
	if !ok { // the rule lets none through
		h.log.Warn("pictures", "outcome", "no upload of ours")
		return nil
	}
	status, err := h.avatars.Finish(ctx, membership.Call{Actor: membership.SystemActor(requestID(ctx)), Now: h.now()}, ref)
	h.log.Info("pictures", "customer", ref.CustomerID, "user", ref.UserID, "upload", ref.UploadID, "bytes", created.Object.Size, "outcome", outcome(status, err))
	if err != nil {
		return fmt.Errorf("picture of upload %s: %w", ref.UploadID, err)
	}
	return nil
}

func outcome(status membership.AvatarStatus, err error) string {
	switch {
	case err != nil:
		return "failed"
	case status == "":
		return "not wanted"
	}
	return string(status)
}

func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
