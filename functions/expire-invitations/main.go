// Command expire-invitations runs the clean-up of invitations and registrations every minute.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	invitations := membership.Invitations{Store: table, NewID: newID, Language: s.DefaultLanguage} // the clean-up makes no links
	expiry := membership.Expiry{Store: table, Invitations: invitations, NewID: newID, Language: s.DefaultLanguage}
	lambda.Start(handler{expiry: expiry, now: time.Now, metrics: os.Stdout, log: telemetry.NewLogger(os.Stderr)}.handle)
}
