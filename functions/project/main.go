// Command project keeps search rows and counters of users in step with their records, from the table's stream.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
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
	lambda.Start(handler{directory: store.New(dynamo.New(cfg), s.Table), now: time.Now, log: telemetry.NewLogger(os.Stderr)}.handle)
}
