// Command pictures makes users' pictures from uploads.
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
	"clientele/shared/files"
	"clientele/shared/membership"
	"clientele/shared/picture"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.Bucket)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	avatars := membership.Avatars{
		Store:   store.New(dynamo.New(cfg), s.Table),
		Files:   files.Avatars{Bucket: files.New(cfg, s.Bucket, time.Now)},
		Squares: picture.Squares,
		NewID:   func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	lambda.Start(handler{avatars: avatars, now: time.Now, log: telemetry.NewLogger(os.Stderr)}.handle)
}
