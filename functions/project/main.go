// Command project keeps users' search rows and counters in step with their records, from the table's stream, and has
// new jobs started at once.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.RunJobs)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	runJob := func(ctx context.Context, ref membership.JobRef) error {
		return awsclient.Later(ctx, cfg, s.RunJobs, map[string]string{"customerId": ref.CustomerID, "jobId": ref.ID})
	}
	lambda.Start(handler{directory: store.New(dynamo.New(cfg), s.Table), runJob: runJob, now: time.Now, log: telemetry.NewLogger(os.Stderr)}.handle)
}
